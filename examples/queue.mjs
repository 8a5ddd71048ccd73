// Workers that share jobs: `node examples/queue.mjs`, in several terminals.
import { Grid } from 'shoal';

const grid = await Grid.join({ cluster: process.argv[2] ?? 'shop' });
const jobs = grid.queue('jobs', { capacity: 1_000 });

await jobs.push({ resize: 'cat.jpg', from: grid.self.address });
for await (const job of jobs) console.log(`${grid.self.address} does`, job);

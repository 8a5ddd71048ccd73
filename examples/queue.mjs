// Workers that share jobs: `node examples/queue.mjs 7400`, and the same with other ports.
import { Grid } from 'shoal';

const [port = '7400', seed = '127.0.0.1:7400'] = process.argv.slice(2);
const grid = await Grid.join({ listen: { port: Number(port) }, seeds: [seed] });
const jobs = grid.queue('jobs', { capacity: 1_000 });

await jobs.push({ resize: 'cat.jpg', from: grid.self.address });
for await (const job of jobs) console.log(`${grid.self.address} does`, job);

// A process that is a member: `node examples/embedded.mjs`, in several terminals.
import { Grid } from 'shoal';

const grid = await Grid.join({ cluster: process.argv[2] ?? 'shop' });
const visits = grid.map('visits');

console.log(`visit ${await visits.increment('total')}`);
await visits.set(`visitor at ${grid.self.address}`, { since: new Date() });
for await (const [key, value] of visits) console.log(key, value);

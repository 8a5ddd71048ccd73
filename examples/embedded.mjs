// A process that is a member: `node examples/embedded.mjs 7400`, and the same with other ports.
import { Grid } from 'shoal';

const [port = '7400', seed = '127.0.0.1:7400'] = process.argv.slice(2);
const grid = await Grid.join({ listen: { port: Number(port) }, seeds: [seed] });
const visits = grid.map('visits');

console.log(`visit ${await visits.increment('total')}`);
await visits.set(`visitor at ${grid.self.address}`, { since: new Date() });
for await (const [key, value] of visits) console.log(key, value);

// A process that is a member: `node examples/embedded.mjs [port]`, and the same with another port.
import { Grid } from 'shoal';

const port = Number(process.argv[2] ?? 7400);
const grid = await Grid.join({ listen: { port }, seeds: port === 0 ? [] : ['127.0.0.1:7400'] });
const visits = grid.map('visits');
console.log(`visit ${await visits.increment('front page')} at ${grid.self.address}`);

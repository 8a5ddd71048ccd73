// Everybody hears everything, in one order: `node examples/topic.mjs 7400`, and with other ports.
import { Grid } from 'shoal';

const [port = '7400', seed = '127.0.0.1:7400'] = process.argv.slice(2);
const grid = await Grid.join({ listen: { port: Number(port) }, seeds: [seed] });
const news = grid.topic('news');

await news.subscribe((story, { sequence }) => console.log(sequence, story), { from: 'earliest' });
await news.publish(`${grid.self.address} is here`);

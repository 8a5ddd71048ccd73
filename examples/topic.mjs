// Everybody hears everything, in one order: `node examples/topic.mjs`, in several terminals.
import { Grid } from 'shoal';

const grid = await Grid.join({ cluster: process.argv[2] ?? 'shop' });
const news = grid.topic('news');

await news.subscribe((story, { sequence }) => console.log(sequence, story), { from: 'earliest' });
await news.publish(`${grid.self.address} is here`);

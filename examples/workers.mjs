// Workers of one machine that share what they know: `node examples/workers.mjs`.
import cluster from 'node:cluster';
import { Grid } from 'shoal';

if (cluster.isPrimary) {
  for (let count = 0; count < 4; count++) cluster.fork();
  // The workers hand over and leave, and this process ends when the last of them has.
  const pass = (signal) =>
    Object.values(cluster.workers).map(({ process }) => process.kill(signal));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, pass);
} else {
  const grid = await Grid.join({ cluster: process.argv[2] ?? 'shop' });
  const visit = await grid.map('visits').increment('total');
  console.log(`worker ${cluster.worker.id} at ${grid.self.address}: visit ${visit}`);
}

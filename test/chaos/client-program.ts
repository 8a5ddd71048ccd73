/** One light client of a run as a process: connects, and calls what the run says. */
import type { ToCalled } from './called-messages.ts';
import { Obedience } from './called-program.ts';
import { connectWatched } from './client.ts';
import type { ClientConfig, FromClient } from './client-messages.ts';
import { GatewaySpotter } from './gateway-spotter.ts';

const { urls, ...options } = JSON.parse(process.argv[2] ?? '{}') as ClientConfig;

// Whoever started it is gone.
process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => {});

const spotter = new GatewaySpotter((address) => tell({ tell: 'gateway', address }));
const grid = await connectWatched(urls, options, spotter);
const obedience = new Obedience(grid, tell);
process.on('message', (message: ToCalled) => {
  // What is thrown here is a bug, and ends the process with a trace in its log.
  void obedience.obey(message);
});
void grid.closed.then(() => tell({ tell: 'closed' }));
tell({ tell: 'ready' });

function tell(message: FromClient): void {
  process.send?.(message);
}

/**
 * A member's process of the migration bench: joins, fills, watches its event loop, and tells when each of its
 * partitions stops and begins to serve.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { silentLogger } from '../../src/base/logger.ts';
import type { Grid } from '../../src/grid.ts';
import { Grid as GridEntry } from '../../src/index.ts';
import { LatenessWatch } from '../compare/lateness.ts';
import { ownMs } from './cores.ts';
import { watchHandovers } from './handovers.ts';
import { type FromMember, mapName, type ToMember, textOf } from './protocol.ts';

const batch = 1_000;

const [name = 'member'] = process.argv.slice(2);
const handovers = watchHandovers();
let watch: LatenessWatch | undefined;
let grid: Grid;

async function join(seeds: readonly string[]): Promise<void> {
  grid = await GridEntry.join({ name, seeds, listen: { port: 0 }, logger: silentLogger });
  let copiesLeft = 0;
  grid.events.subscribe((event) => {
    if (event.type === 'partition-moved') tell({ kind: 'moved' });
    if (event.type !== 'migration-progress') return;
    copiesLeft = event.left;
    tell({ kind: 'progress', made: event.made, left: copiesLeft });
  });
  tell({ kind: 'ready', address: grid.self.address });
}

async function obey(message: ToMember): Promise<void> {
  switch (message.kind) {
    case 'join':
      await join(message.seeds);
      return;
    case 'fill':
      await fill(message.from, message.to);
      await grid.safe({ timeout: '60s' });
      break;
    case 'watch':
      handovers.clear();
      watch = new LatenessWatch();
      break;
    case 'report':
      tell({
        kind: 'report',
        handovers: handovers.take(),
        lateness: watch?.end(),
        cpuMs: ownMs(),
      });
      return;
    case 'leave':
      await grid.leave({ timeout: '60s' });
      process.exit(0);
  }
  tell({ kind: 'done' });
}

async function fill(from: number, to: number): Promise<void> {
  const map = grid.map<string, string>(mapName);
  for (let first = from; first < to; first += batch) {
    const count = Math.min(batch, to - first);
    await map.setMany(
      Array.from({ length: count }, (_, at) => [`key ${first + at}`, textOf(first + at)]),
    );
    await pause(0);
  }
}

function tell(message: FromMember): void {
  process.send?.(message);
}

process.on('disconnect', () => process.exit(1));
process.on('message', (message: ToMember) => {
  obey(message).catch((error: unknown) => tell({ kind: 'failed', why: String(error) }));
});
tell({ kind: 'loaded' });

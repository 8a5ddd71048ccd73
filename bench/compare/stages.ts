/** What runs beside the drivers while cells are compared; it ends with the cells. */
import type { Cell, StageName } from './cells.ts';
import type { Listener, Pace, Stage } from './rounds.ts';
import { runRounds } from './rounds.ts';
import {
  type BareProcess,
  type Running,
  safe,
  startBarePair,
  startBareStore,
  startMember,
  startRedis,
} from './systems.ts';

interface OpenStage extends Stage {
  readonly running: readonly Running[];
}

const nothing: OpenStage = { addresses: { redisPort: 0, members: [] }, pids: [], running: [] };

async function openStage(name: StageName): Promise<OpenStage> {
  if (name === 'alone') return nothing;
  const redis = await startRedis();
  const members = [await startMember()];
  const running: Running[] = [redis, ...members];
  const bare: BareProcess[] = [];
  if (name === 'backup') {
    const seeds = members.map(({ address }) => address);
    running.push(await startRedis({ replicaOf: redis.port }));
    const second = await startMember(seeds);
    members.push(second);
    running.push(second);
    await safe(members);
    bare.push(...(await startBarePair()));
  } else bare.push(await startBareStore());
  running.push(...bare);
  const addresses = {
    redisPort: redis.port,
    redisSocket: redis.socket,
    members: members.map(({ address }) => address),
    bare: bare.map(({ path }) => path),
  };
  return { addresses, running, pids: running.flatMap(({ pids }) => pids) };
}

/** The cells of each stage together. */
export async function runCells(
  cells: readonly Cell[],
  pace: Pace,
  listener: Listener,
): Promise<void> {
  for (const name of new Set(cells.map(({ stage }) => stage))) {
    const stage = await openStage(name);
    const own = cells.filter((cell) => cell.stage === name);
    await runRounds(stage, own, pace, listener);
    await Promise.all(stage.running.map((each) => each.end()));
  }
}

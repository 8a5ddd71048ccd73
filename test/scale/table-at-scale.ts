/**
 * What the partition table and its log weigh: a simulated grid of so many members and partitions, and one that
 * joins it. Bytes are those of the frames that members really send; times are of the world, with 0.2 to 0.7 ms for
 * each message; what a step costs the processor is measured beside it, on the state that the join left.
 */
import { defaultLimits } from '../../src/base/limits.ts';
import { partitionIdOf } from '../../src/base/partition-id.ts';
import { decodeState, encodeState } from '../../src/partition/meta-codec.ts';
import { MetaMachine } from '../../src/partition/meta-machine.ts';
import type { MetaState } from '../../src/partition/meta-state.ts';
import { plan } from '../../src/partition/placement.ts';
import { Codec } from '../../src/wire/codec.ts';
import type { Message } from '../../src/wire/messages.ts';
import { GridWorld } from '../simulation/grid-world.ts';

export interface TableFigures {
  readonly members: number;
  readonly partitions: number;
  /** The whole table, as a newcomer gets it. */
  readonly tableBytes: number;
  /** From its start until it serves, and until every copy is where it belongs. */
  readonly upMs: number;
  readonly levelMs: number;
  /** Copies that moved to it. */
  readonly moves: number;
  /** What came to the newcomer of table and log until then, and to each other member on average. */
  readonly newcomerBytes: number;
  readonly otherBytes: number;
  /** What the leader sent of table and log. */
  readonly leaderBytes: number;
  readonly entries: number;
  /** To take a snapshot in, to apply one command, to plan. */
  readonly loadMs: number;
  readonly applyMs: number;
  readonly planMs: number;
}

const settleMs = 600_000;

export function measureTable(members: number, partitions: number): TableFigures {
  const grid = new GridWorld(
    1,
    { members, lite: 0, partitions, backups: 1, zones: 0, clients: [], limits: defaultLimits },
    { quality: { latencyMs: 0.2, jitterMs: 0.5 } },
  );
  until(grid, () => grid.isSafe, 'the grid did not form');
  grid.define('map', 'records');
  until(grid, () => grid.isSafe && grid.isLevel, 'the grid did not settle');
  const { state: before } = leaderOf(grid);
  const { applied } = before;
  const seen = new LogTraffic(grid);

  const startedAt = grid.world.now;
  const newcomer = grid.add(true);
  const isUp = () => leaderOf(grid).state.members.get(newcomer.id)?.status === 'up';
  until(grid, isUp, 'the newcomer does not serve');
  const upMs = grid.world.now - startedAt;
  until(grid, () => grid.isSafe && grid.isLevel, 'the newcomer does not get its share');
  const levelMs = grid.world.now - startedAt;

  const leader = leaderOf(grid);
  const { state } = leader;
  const newcomerBytes = seen.to.get(newcomer.address) ?? 0;
  const all = [...seen.to.values()].reduce((sum, bytes) => sum + bytes, 0);
  const rows = state.groups[1] ?? [];
  return {
    members,
    partitions,
    tableBytes: encodeState(state).length,
    upMs,
    levelMs,
    moves: rows.filter(({ inSync }) => inSync.includes(newcomer.id)).length,
    newcomerBytes,
    // The leader gets none.
    otherBytes: Math.round((all - newcomerBytes) / (members - 1)),
    leaderBytes: all,
    entries: state.applied - applied,
    ...costOf(state),
  };
}

function leaderOf(grid: GridWorld) {
  const leader = grid.members.find(({ meta }) => meta.isLeader) ?? grid.newest;
  if (leader === undefined) throw new Error('nobody is there');
  return leader;
}

function until(grid: GridWorld, isSo: () => boolean, otherwise: string): void {
  if (!grid.world.runUntil(isSo, grid.world.now + settleMs, 50)) throw new Error(otherwise);
}

/** Bytes of table and log by the address that they go to. */
class LogTraffic {
  readonly to = new Map<string, number>();
  readonly #codec = new Codec();

  constructor({ world }: GridWorld) {
    world.network.onSend = (_from, to, message: Message) => {
      if (message.kind === 'raft.append' || message.kind === 'raft.snapshot') {
        const { length } = this.#codec.encodeBatch([message]);
        this.to.set(to, (this.to.get(to) ?? 0) + length);
      }
      return 'pass';
    };
  }
}

/** What the processor takes for each step, the fastest of some. */
function costOf(state: MetaState): Pick<TableFigures, 'loadMs' | 'applyMs' | 'planMs'> {
  const bytes = encodeState(state);
  const machine = new MetaMachine();
  const loadMs = fastest(() => machine.load(decodeState(bytes)));
  const partition = partitionIdOf(1, 0, state.settings?.partitions ?? 1);
  const row = state.groups[1]?.[0];
  if (row === undefined || row.primary === undefined) throw new Error('the table has no rows');
  const { term, version, inSync, primary } = row;
  const change = { from: primary, partition, term, version, inSync: [...inSync] };
  let index = state.applied;
  const applyMs = fastest(() => machine.apply(++index, { type: 'alter', changes: [change] }));
  const options = {
    slow: new Set<never>(),
    mayMove: true,
    mayHandOver: true,
    copiesMax: 4,
    isOverdue: () => false,
    hasFailed: () => false,
  };
  return { loadMs, applyMs, planMs: fastest(() => plan(machine, options)) };
}

function fastest(act: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 20; run++) {
    // Of this process alone: the machine may have much else to do.
    const begun = process.cpuUsage();
    act();
    const { user, system } = process.cpuUsage(begun);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}

export const tableTitles = [
  'members',
  'partitions',
  'table, KB',
  'serves after, ms',
  'has its share after, s',
  'copies moved',
  'to the newcomer, KB',
  'to each other, KB',
  'sent by the leader, KB',
  'commands',
  'take in a table, ms',
  'apply a command, ms',
  'plan, ms',
];

export function tableRow(figures: TableFigures): string[] {
  const { members, partitions, upMs, levelMs, moves, entries } = figures;
  const { tableBytes, newcomerBytes, otherBytes, leaderBytes } = figures;
  const kilobytes = [newcomerBytes, otherBytes, leaderBytes].map(inKilobytes);
  const costs = [figures.loadMs, figures.applyMs, figures.planMs].map((ms) => ms.toFixed(2));
  return [
    `${members}`,
    `${partitions}`,
    inKilobytes(tableBytes),
    `${Math.round(upMs)}`,
    (levelMs / 1_000).toFixed(1),
    `${moves}`,
    ...kilobytes,
    `${entries}`,
    ...costs,
  ];
}

function inKilobytes(bytes: number): string {
  return (bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0);
}

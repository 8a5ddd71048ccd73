/** What is compared: one line a cell, and what is asked of it. A cell is one task that every driver runs. */
import { type DriverName, driverNames } from './drivers/driver.ts';
import type { Task } from './tasks/task.ts';

/** Of a ratio to the best peer, or of a figure in its unit. The floors are those of the thin whole (issue 3) and of the core (issue 5). */
export interface Asked {
  readonly goal: number;
  readonly thinFloor?: number;
  readonly coreFloor?: number;
  /** @default false */
  readonly isLessBetter?: boolean;
}

/**
 * What runs beside the drivers: one member, one Redis and one bare store; two of each, the second Redis a replica
 * of the first; nothing.
 */
export type StageName = 'single' | 'backup' | 'alone';

export interface Cell {
  readonly name: string;
  /** By this it is chosen on the command line. */
  readonly group: string;
  readonly title: string;
  readonly task: Task;
  readonly stage: StageName;
  readonly drivers: readonly DriverName[];
  readonly asked?: Asked;
}

const outstandings = [1, 64, 256] as const;
const mixOne: Asked = { goal: 1.3, thinFloor: 0.9, coreFloor: 1 };
const mixMany: Asked = { goal: 2, thinFloor: 1.2, coreFloor: 1.3 };
const topicAsked: Asked = { goal: 1, thinFloor: 0.5 };
const queueAsked: Asked = { goal: 1, thinFloor: 0.7 };

const shares = [
  { share: 'mix', reads: 0.8, title: '80 % get, 20 % set' },
  { share: 'get', reads: 1, title: 'get' },
  { share: 'set', reads: 0, title: 'set' },
] as const;

const valueKinds = [
  { values: 'strings', prefix: '', of: '100-byte strings' },
  { values: 'objects', prefix: 'object-', of: '1 KB objects' },
] as const;

const mapCells: Cell[] = valueKinds.flatMap(({ values, prefix, of }) =>
  shares.flatMap(({ share, reads, title }) =>
    outstandings.map((outstanding) => ({
      name: `${prefix}${share}-${outstanding}`,
      group: `${prefix}${share}`,
      title: `${title} of ${of}, ${outstanding} outstanding`,
      task: { kind: 'map', values, reads, outstanding } as const,
      stage: 'single' as const,
      drivers: values === 'strings' ? [...driverNames, 'bare-store' as const] : driverNames,
      ...askedOf(prefix + share, outstanding),
    })),
  ),
);

/** Of maps, goals are set for the mix of strings alone. */
function askedOf(group: string, outstanding: number): { readonly asked?: Asked } {
  if (group !== 'mix') return {};
  return { asked: outstanding === 1 ? mixOne : mixMany };
}

function cell(name: string, group: string, title: string, task: Task, asked: Asked): Cell {
  return { name, group, title, task, stage: 'single', drivers: driverNames, asked };
}

const localCells: Cell[] = (['get', 'set'] as const).flatMap((call) =>
  outstandings.map((outstanding) => ({
    name: `local-${call}-${outstanding}`,
    group: 'local',
    title: `${call} on the owner, 100-byte strings, ${outstanding} outstanding`,
    task: {
      kind: 'map',
      values: 'strings',
      reads: call === 'get' ? 1 : 0,
      outstanding,
      timedEvery: 16,
    } as const,
    stage: 'alone' as const,
    drivers: ['shoal-owner', 'bare-map'] as const,
    ...(call === 'get' ? { asked: { goal: 2e6, coreFloor: 1e6 } } : {}),
  })),
);

const backupCell: Cell = {
  name: 'backup-64',
  group: 'backup',
  title: 'set of 100-byte strings with one synchronous backup, 64 outstanding',
  task: { kind: 'map', values: 'strings', reads: 0, outstanding: 64 },
  stage: 'backup',
  drivers: [
    'shoal-client',
    'shoal-lite',
    'shoal-client-batch',
    'shoal-lite-batch',
    'ioredis-wait-each',
    'ioredis-wait-pipeline',
    'ioredis-wait-each-unix',
    'ioredis-wait-pipeline-unix',
    'bare-pair',
    'bare-pair-batch',
  ],
  asked: { goal: 2, coreFloor: 1.2 },
};

export const cells: readonly Cell[] = [
  ...mapCells,
  cell(
    'topic-64',
    'topic',
    'topic, publish to receipt, 64 publishers',
    { kind: 'topic', outstanding: 64 },
    topicAsked,
  ),
  cell(
    'topic-1',
    'topic',
    'topic, publish to receipt, one at a time',
    { kind: 'topic', outstanding: 1 },
    topicAsked,
  ),
  cell(
    'queue-64',
    'queue',
    'queue, push to take, 64 pushes and 64 takes outstanding',
    { kind: 'queue', outstanding: 64 },
    queueAsked,
  ),
  cell('queue-wake', 'queue', 'queue, a take that waits is woken', { kind: 'wake' }, queueAsked),
  backupCell,
  ...localCells,
];

export function needsRedis({ stage }: Cell): boolean {
  return stage !== 'alone';
}

/** Of which kinds the grids are that fall apart: two members, or some more each side of which goes on. */
import { defaultLimits } from '../../src/base/limits.ts';
import type { Random } from '../../src/base/random.ts';
import type { MergePolicy } from '../../src/grid-merge.ts';
import type { GridShape } from './grid-world.ts';

/** How the two lose each other. */
export type Parting = 'cut' | 'pause' | 'crash' | 'join';

export const policies = [
  'putIfAbsent',
  'latestUpdate',
  'higherHits',
  'discard',
  'passThrough',
  'largest',
];
const largest: MergePolicy = (existing, incoming) =>
  existing !== undefined && Number(existing.value) > Number(incoming.value)
    ? existing.value
    : incoming.value;

export interface Variety extends Required<Pick<GridShape, 'splitBrain'>> {
  readonly members: readonly number[];
  readonly partings: readonly Parting[];
}

export const pairs: Variety = {
  members: [2],
  splitBrain: 'auto',
  partings: ['cut', 'cut', 'cut', 'pause', 'crash', 'join'],
};
export const groups: Variety = {
  members: [3, 4, 5],
  splitBrain: 'availability',
  partings: ['cut'],
};

export function shapeOf({ members, splitBrain }: Variety, random: Random): GridShape {
  return {
    members: members.length > 1 ? random.pick(members) : (members[0] ?? 0),
    lite: random.pick([0, 0, 1]),
    partitions: random.pick([1, 3, 5]),
    backups: 1,
    zones: 0,
    splitBrain,
    mergePolicies: { largest },
    clients: [],
    limits: { ...defaultLimits, changesInFlightMax: random.pick([16, 1_024]) },
  };
}

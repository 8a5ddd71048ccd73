/** The shape of a small grid, for tests to which it is all one. */
import { defaultLimits } from '../../src/base/limits.ts';
import type { GridShape } from './grid-world.ts';

export const plainShape: GridShape = {
  members: 3,
  lite: 0,
  partitions: 1,
  backups: 1,
  zones: 0,
  clients: [],
  limits: defaultLimits,
};

/** All rules that `npm run mutants` takes out of a copy of the sources, one at a time. */
import { adoptionMutants } from './adoption-mutants.ts';
import { changeMutants } from './change-mutants.ts';
import { copyMutants } from './copy-mutants.ts';
import { forkMutants } from './fork-mutants.ts';
import { leaseMutants } from './lease-mutants.ts';
import type { Mutant } from './mutant.ts';
import { replicationMutants } from './replication-mutants.ts';
import { shortcutMutants } from './shortcut-mutants.ts';

export const mutants: readonly Mutant[] = [
  ...replicationMutants,
  ...copyMutants,
  ...leaseMutants,
  ...changeMutants,
  ...shortcutMutants,
  ...forkMutants,
  ...adoptionMutants,
];

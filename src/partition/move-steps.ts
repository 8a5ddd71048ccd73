/**
 * The steps by which a copy takes the place of another, in their order (PROTOCOL.md 3.4). A harness may be told right
 * before each is done, so that it can kill somebody there; in production nobody is, and nothing is called.
 */
import type { PartitionId } from '../base/ids.ts';

export const moveSteps = [
  /** The primary begins to copy. */
  'copy',
  /** The learner takes a chunk. */
  'chunk',
  /** The learner takes the last chunk. */
  'copied',
  /** The primary proposes the learner for the set in sync. */
  'grow',
  /** The primary learns that it is in. */
  'grown',
  /** The primary learns that it is to pass its role on, and admits nothing more. */
  'drain',
  /** All is answered: the primary asks for the handover. */
  'hand-over',
  /** The successor learns that it is primary. */
  'appointed',
  /** The successor serves. */
  'serving',
  /** The successor proposes the set in sync without the one that retires, or any primary without one that is silent. */
  'shrink',
  /** The one that retires drops its copy. */
  'drop',
] as const;

export type MoveStep = (typeof moveSteps)[number];

export type BeforeStep = (step: MoveStep, partition: PartitionId) => void;

/** The bounds of the grid, each an option; what happens at each is said beside it. */

export interface Limits {
  /** Past it: `GRID_TOO_LARGE` at the caller. */
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  readonly nestingMax: number;
  readonly nameLengthMax: number;
  readonly structuresMax: number;
  /** A larger frame closes its connection. */
  readonly frameBytesMax: number;
  /** Mutating operations of one caller on their way; more wait in its queue. */
  readonly opsInFlightMax: number;
  /** What waits at one caller; past it `GRID_OVERLOADED`. */
  readonly opsQueuedMax: number;
  readonly bytesQueuedMax: number;
  /** What waits for one partition of a member, beside what is urgent; past it operations are told to come again. */
  readonly partitionQueueMax: number;
  /** Changes of one partition that backups have not confirmed; past it operations are told to come again. */
  readonly changesInFlightMax: number;
  readonly changeBytesInFlightMax: number;
  /** What may wait for a peer on the control lane; past it the oldest messages are dropped. */
  readonly controlBytesBufferedMax: number;
  /** What may wait for a peer on the data lane; past it a message is refused to its sender. */
  readonly dataBytesBufferedMax: number;
  /** Results kept for retries, a member; past it a retry gets `GRID_INDETERMINATE`. */
  readonly dedupeBytesMax: number;
  /** Copies that a member gives and takes at the same time; more wait. */
  readonly copySessionsMax: number;
  readonly copyChunkBytes: number;
  /** What a member sends of copies in a second; more waits. */
  readonly copyBytesPerSecondMax: number;
  /** Chunks of a copy on their way without a confirmation. */
  readonly copyChunksInFlightMax: number;
}

const kib = 1_024;
const mib = 1_024 * kib;

export const defaultLimits: Limits = {
  keyBytesMax: 4 * kib,
  valueBytesMax: 8 * mib,
  nestingMax: 128,
  nameLengthMax: 256,
  structuresMax: 65_536,
  frameBytesMax: 16 * mib,
  opsInFlightMax: 512,
  opsQueuedMax: 100_000,
  bytesQueuedMax: 64 * mib,
  partitionQueueMax: 16_384,
  changesInFlightMax: 1_024,
  changeBytesInFlightMax: 4 * mib,
  controlBytesBufferedMax: 256 * kib,
  dataBytesBufferedMax: 64 * mib,
  dedupeBytesMax: 64 * mib,
  copySessionsMax: 4,
  copyChunkBytes: 32 * kib,
  copyBytesPerSecondMax: 64 * mib,
  copyChunksInFlightMax: 4,
};

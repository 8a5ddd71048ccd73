/**
 * `grid.structures()`: what there is and how much each holds. Sizes are asked of some structures at a time,
 * since that of a map is a question to each of its partitions, and of those that are there still: to ask is not
 * to bring a structure back that somebody has destroyed meanwhile.
 */
import { type CallOptions, checkedTimeoutMs } from '../base/call-options.ts';
import type { Clock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import { defaultLimits as limits } from '../base/limits.ts';
import type { StructureSummary } from '../grid.ts';
import type { Router, StructureRow } from '../partition/router-port.ts';
import { encodeKey } from '../wire/key.ts';
import { mapSize } from './map/map-many-handle.ts';
import { bareOp, queueOps, readCount } from './queue/queue-ops.ts';
import { StructureHandle } from './structure-handle.ts';
import { readNumber, sizeOp } from './topic/topic-ops.ts';
import { topicHash } from './topic/topic-source.ts';

export interface SummariesParts {
  readonly router: Router;
  readonly clock: Clock;
  /** Throws where the grid is closed. */
  readonly checkOpen: () => void;
}

const atATime = 4;

export async function summariesOf(
  rows: readonly StructureRow[],
  parts: SummariesParts,
  options: CallOptions | undefined,
): Promise<readonly StructureSummary[]> {
  const endsAt = parts.clock.monotonic() + checkedTimeoutMs(options);
  const summaries: StructureSummary[] = [];
  for (let at = 0; at < rows.length; at += atATime) {
    const some = rows.slice(at, at + atATime);
    const timeout = Math.max(1, endsAt - parts.clock.monotonic());
    const sizes = await Promise.all(some.map((row) => sizeOf(row, parts, { ...options, timeout })));
    parts.checkOpen();
    some.forEach(({ name, type, backups }, index) => {
      const size = sizes[index];
      if (size !== undefined) summaries.push({ name, type, backups, size });
    });
  }
  return summaries;
}

/** Undefined where it was destroyed. */
async function sizeOf(
  row: StructureRow,
  { router, clock }: SummariesParts,
  options: CallOptions,
): Promise<number | undefined> {
  const { type, name } = row;
  const handle = new StructureHandle({
    router,
    clock,
    limits,
    type,
    name,
    definition: {},
    only: row,
  });
  try {
    switch (type) {
      case 'map':
        return await mapSize(handle, options);
      case 'queue': {
        const { hash } = encodeKey(name, limits);
        return await handle.callOf(hash, bareOp(queueOps.size), false, options, readCount);
      }
      case 'topic':
        return await handle.callOf(topicHash(name), sizeOp(), false, options, readNumber);
      default:
        throw new GridError(
          'GRID_BAD_OPTION',
          `expected a type of structure that is known here, found '${type}' (${name}); use one version of shoal throughout`,
        );
    }
  } catch (error) {
    if (GridError.is(error, 'GRID_CLOSED')) return undefined;
    throw error;
  }
}

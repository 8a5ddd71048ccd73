/**
 * `grid.structures()`: what there is and how much each holds. Each partition is asked about many structures at
 * once, and only about those that are there still: to ask is not to bring a structure back that somebody has
 * destroyed meanwhile.
 */
import { type CallOptions, checkedTimeoutMs } from '../base/call-options.ts';
import type { Clock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import { partitionOf } from '../base/hash.ts';
import { defaultLimits as limits } from '../base/limits.ts';
import type { StructureSummary } from '../grid.ts';
import type { Router, StructureRow } from '../partition/router-port.ts';
import { encodeKey } from '../wire/key.ts';
import { looksOp, readSeen, type Seen, severalStructures } from '../wire/looks.ts';
import { mapSize } from './map/map-many-handle.ts';
import { bareOp as bareMapOp, mapOps, readCount as readMapCount } from './map/map-ops.ts';
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

/** How the size of a structure is asked for. */
interface Sizing {
  readonly row: StructureRow;
  /** Of what is in one partition; undefined for a map, whose size is a sum over all. */
  readonly hash: number | undefined;
  readonly op: Uint8Array;
  readonly decode: (result: Uint8Array) => number;
}

/** Structures about which a partition is asked at once. */
const lookedAtMax = 1_000;
/** Structures asked for one by one at a time. */
const singlyMax = 4;

export async function summariesOf(
  rows: readonly StructureRow[],
  parts: SummariesParts,
  options: CallOptions | undefined,
): Promise<readonly StructureSummary[]> {
  const endsAt = parts.clock.monotonic() + checkedTimeoutMs(options);
  const left = () => ({ ...options, timeout: Math.max(1, endsAt - parts.clock.monotonic()) });
  const summaries: StructureSummary[] = [];
  for (const some of slices(rows.map(sizingOf), lookedAtMax)) {
    const sizes = (await lookedAt(some, parts, left())) ?? (await askedSingly(some, parts, left));
    parts.checkOpen();
    for (const { row } of some) {
      const { name, type, backups } = row;
      const size = sizes.get(row);
      if (size !== undefined) summaries.push({ name, type, backups, size });
    }
  }
  return summaries;
}

type Sizes = ReadonlyMap<StructureRow, number>;

/** Without those that were destroyed. Undefined where a primary cannot look at several at once. */
async function lookedAt(
  sizings: readonly Sizing[],
  parts: SummariesParts,
  options: CallOptions,
): Promise<Sizes | undefined> {
  const sizes = new Map(sizings.map(({ row }) => [row, 0]));
  const looks: Promise<void>[] = [];
  for (const backups of new Set(sizings.map(({ row }) => row.backups))) {
    const group = sizings.filter(({ row }) => row.backups === backups);
    looks.push(...lookedAtGroup(group, backups, parts, options, sizes));
  }
  try {
    await Promise.all(looks);
  } catch (error) {
    if (isGone(error, parts)) return undefined;
    throw error;
  }
  return sizes;
}

/** A look at each partition that holds any of them. */
function lookedAtGroup(
  sizings: readonly Sizing[],
  backups: number,
  { router, clock }: SummariesParts,
  options: CallOptions,
  sizes: Map<StructureRow, number>,
): Promise<void>[] {
  const { partitions } = router;
  const own = { type: 'partition', name: 'structures', definition: {} };
  const only = { ...own, id: severalStructures, backups, options: {} };
  const handle = new StructureHandle({ router, clock, limits, ...own, only });
  const looks: Promise<void>[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const here = sizings.filter(
      ({ hash }) => hash === undefined || partitionOf(hash, partitions) === partition,
    );
    if (here.length === 0) continue;
    const op = looksOp(here.map(({ row, op: of }) => ({ structure: row.id, op: of })));
    const read = (seen: readonly Seen[]) => {
      for (const [at, sizing] of here.entries()) add(sizing, seen[at], sizes);
    };
    looks.push(handle.call(partition, op, false, options, readSeen).then(read));
  }
  return looks;
}

function add({ row, decode }: Sizing, seen: Seen | undefined, sizes: Map<StructureRow, number>) {
  const before = sizes.get(row);
  if (before === undefined || seen === undefined || seen === 'nothing') return;
  if (seen === 'gone') sizes.delete(row);
  else sizes.set(row, before + decode(seen));
}

async function askedSingly(
  sizings: readonly Sizing[],
  parts: SummariesParts,
  left: () => CallOptions,
): Promise<Sizes> {
  const sizes = new Map<StructureRow, number>();
  for (const some of slices(sizings, singlyMax)) {
    parts.checkOpen();
    const found = await Promise.all(some.map((sizing) => sizeOf(sizing, parts, left())));
    some.forEach(({ row }, at) => {
      const size = found[at];
      if (size !== undefined) sizes.set(row, size);
    });
  }
  return sizes;
}

/** Undefined where it was destroyed. */
async function sizeOf(
  { row, hash, op, decode }: Sizing,
  parts: SummariesParts,
  options: CallOptions,
): Promise<number | undefined> {
  const { router, clock } = parts;
  const { type, name } = row;
  const own = { type, name, definition: {}, only: row };
  const handle = new StructureHandle({ router, clock, limits, ...own });
  try {
    if (hash === undefined) return await mapSize(handle, options);
    return await handle.callOf(hash, op, false, options, decode);
  } catch (error) {
    if (isGone(error, parts)) return undefined;
    throw error;
  }
}

/** Whether what was asked for is no more, rather than the member that asks. */
function isGone(error: unknown, { router }: SummariesParts): boolean {
  return GridError.is(error, 'GRID_CLOSED') && router.lineage !== undefined;
}

function sizingOf(row: StructureRow): Sizing {
  const { type, name } = row;
  switch (type) {
    case 'map':
      return { row, hash: undefined, op: bareMapOp(mapOps.size), decode: readMapCount };
    case 'queue': {
      const { hash } = encodeKey(name, limits);
      return { row, hash, op: bareOp(queueOps.size), decode: readCount };
    }
    case 'topic':
      return { row, hash: topicHash(name), op: sizeOp(), decode: readNumber };
    default:
      throw new GridError(
        'GRID_BAD_OPTION',
        `expected a type of structure that is known here, found '${type}' (${name}); use one version of shoal throughout`,
      );
  }
}

function slices<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, at) => items.slice(at * size, (at + 1) * size));
}

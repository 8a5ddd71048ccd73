/**
 * Calls in a grid that falls apart and heals: of each it is known in which lineage it was answered, since an
 * identity of a process belongs to one lineage for as long as it lives.
 */
import { partitionOf } from '../../src/base/hash.ts';
import type { PartitionId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { partitionIdOf } from '../../src/base/partition-id.ts';
import type { Random } from '../../src/base/random.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { Calling, type How } from './calling.ts';
import type { GridWorld, Program } from './grid-world.ts';

export interface Target {
  readonly type: string;
  readonly name: string;
  /** What the partition follows from: a key of a map, or the name. */
  readonly key: string;
  readonly isWrite: boolean;
}

/** How a call ended, and where. */
export interface Ended {
  readonly how: How;
  readonly lineage: string;
  readonly raw: Uint8Array;
  readonly begunAt: number;
  readonly endedAt: number;
}

export type MemberProcess = SimProcess<Program>;

const callTimeoutMs = 4_000;
/** In the calm a link may still have to find out that its connection is dead, which takes one for data nine seconds. */
const calmTimeoutMs = 15_000;
const idleMs = 50;

export class ForkCalls {
  readonly grid: GridWorld;
  readonly random: Random;
  readonly #calling: Calling;
  /** Nobody begins anything. */
  isQuiet = true;
  /** Calls that were answered, by lineage. */
  readonly answered = new Map<string, number>();

  constructor(grid: GridWorld, random: Random) {
    this.grid = grid;
    this.random = random;
    this.#calling = new Calling(grid, random, 1);
  }

  get open(): number {
    return this.#calling.open;
  }

  /** Lets a process do something again and again, while it is in some lineage. */
  repeat(process: MemberProcess, pauseMs: number, act: (next: () => void) => void): void {
    const { world } = this.grid;
    const again = () => {
      world.after(pauseMs * (0.2 + 1.6 * this.random.next()), () => {
        if (!this.isQuiet && process.isUp && process.program.member.isReady) act(again);
        else world.after(idleMs, again);
      });
    };
    again();
  }

  call(
    process: MemberProcess,
    { type, name, key, isWrite }: Target,
    op: (key: Uint8Array) => Uint8Array,
    then: (ended: Ended) => void,
    timeoutMs = callTimeoutMs,
  ): void {
    const begunAt = this.grid.world.now;
    const lineage = process.program.member.state.lineage.id;
    this.#calling.begin<Uint8Array>(
      process,
      ({ router }, end) => {
        const structure = router.structure(type, name);
        if (structure === undefined) {
          end('failed');
          return;
        }
        const { bytes, hash } = encodeKey(key, defaultLimits);
        router.submit({
          structure,
          partition: partitionOf(hash, router.partitions),
          op: op(bytes),
          isWrite,
          timeoutMs,
          signal: undefined,
          resolve: (result) => end('ok', result.slice()),
          reject: ({ outcome }) => end(outcome === 'not-applied' ? 'failed' : 'unknown'),
        });
      },
      (how, raw = new Uint8Array(0)) => {
        if (how === 'ok') this.answered.set(lineage, (this.answered.get(lineage) ?? 0) + 1);
        then({ how, lineage, raw, begunAt, endedAt: this.grid.world.now });
      },
    );
  }

  partitionOf(key: string): PartitionId {
    const { partitions, backups } = this.grid.shape;
    const { hash } = encodeKey(key, defaultLimits);
    return partitionIdOf(backups, partitionOf(hash, partitions), partitions);
  }

  /** One call in the calm, to its end. */
  answer(
    process: MemberProcess,
    target: Target,
    op: (key: Uint8Array) => Uint8Array,
  ): Uint8Array | undefined {
    let ended: Ended | undefined;
    const then = (given: Ended) => {
      ended = given;
    };
    this.call(process, target, op, then, calmTimeoutMs);
    this.grid.world.runUntil(() => ended !== undefined, this.grid.world.now + 2 * calmTimeoutMs);
    return ended?.how === 'ok' ? ended.raw : undefined;
  }
}

import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import type { StructureId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import type { MergePolicy } from '../../src/grid-merge.ts';
import { CustomMerge } from '../../src/member/custom-merge.ts';
import { keyOp, mapOps, valueOp } from '../../src/structures/map/map-ops.ts';
import { MapStore } from '../../src/structures/map/map-store.ts';
import type { MergeCount } from '../../src/structures/merging.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import { runContext } from '../support/run-context.ts';

const value = (given: unknown) => encodeValue(given, defaultLimits);
const keyOf = (name: string) => encodeKey(name, defaultLimits).bytes;
const floor = 1_000;

/** The map that stays, what is brought to it, and what came of that. */
class Scene {
  readonly map = new MapStore();
  readonly failures: unknown[] = [];
  interruptions = 0;
  count: MergeCount | undefined;
  asked = 0;
  /** Runs right before an op of the merge does. */
  before: (op: Uint8Array) => void = () => {};
  /** Whether the answer to an op gets lost. */
  isLost: (op: Uint8Array) => boolean = () => false;
  #sequence = floor;
  readonly #merge: CustomMerge;

  constructor(incoming: Readonly<Record<string, number>>, policy: MergePolicy) {
    const other = new MapStore();
    for (const [name, number] of Object.entries(incoming)) {
      other.run(valueOp(mapOps.set, keyOf(name), value(number)), runContext(1_000, 10));
    }
    const offered = other.offer(0, 10_000, {
      version: 0,
      after: 0,
      lostUpTo: 0,
      own: undefined,
      other: undefined,
      floor,
      isBroughtAgain: false,
      isPartlyThere: false,
      isComplete: false,
    });
    this.#merge = new CustomMerge({
      row: { id: 7 as StructureId, name: 'accounts', type: 'map', backups: 1, options: {} },
      policy: (existing, brought) => {
        this.asked++;
        return policy(existing, brought);
      },
      op: offered.op ?? new Uint8Array(),
      send: (op, _isWrite, resolve, reject) => {
        this.before(op);
        const { result } = this.map.run(op, runContext(2_000, this.#sequence++));
        if (this.isLost(op)) {
          reject(new GridError('GRID_TIMEOUT', 'no answer came', { outcome: 'unknown' }));
        } else resolve(result.slice());
      },
      failed: (error) => void this.failures.push(error),
      done: (count) => {
        this.count = count;
      },
      interrupted: () => {
        this.interruptions++;
      },
    });
  }

  run(): void {
    this.#merge.run();
  }

  set(name: string, number: number): void {
    this.map.run(
      valueOp(mapOps.set, keyOf(name), value(number)),
      runContext(2_000, this.#sequence++),
    );
  }

  get(name: string): unknown {
    const { result } = this.map.run(keyOp(mapOps.get, keyOf(name)), runContext(2_000, 0));
    return result.length === 0 ? undefined : decodeValue(result);
  }
}

const sum: MergePolicy = (existing, incoming) =>
  Number(existing?.value ?? 0) + Number(incoming.value);

describe('a merge policy of a user’s own', () => {
  it('sees what is there and what comes, and decides', () => {
    const scene = new Scene({ a: 1, b: 2 }, sum);
    scene.set('a', 10);
    scene.run();
    expect([scene.get('a'), scene.get('b')]).to.deep.equal([11, 2]);
    expect(scene.count).to.deep.equal({ kept: 2, discarded: 0 });
  });

  it('decides anew where somebody wrote meanwhile', () => {
    const scene = new Scene({ a: 1 }, sum);
    scene.set('a', 10);
    scene.before = (op) => {
      if (op[0] !== mapOps.setIfVersion) return;
      scene.before = () => {};
      scene.set('a', 20);
    };
    scene.run();
    expect([scene.get('a'), scene.asked]).to.deep.equal([21, 2]);
    expect(scene.count).to.deep.equal({ kept: 1, discarded: 0 });
  });

  it('is not asked again where its write arrived without an answer', () => {
    const scene = new Scene({ a: 1 }, sum);
    scene.set('a', 10);
    scene.isLost = (op) => op[0] === mapOps.setIfVersion;
    scene.run();
    expect([scene.interruptions, scene.count]).to.deep.equal([1, undefined]);
    scene.isLost = () => false;
    scene.run();
    expect([scene.get('a'), scene.asked]).to.deep.equal([11, 1]);
    expect(scene.count).to.deep.equal({ kept: 1, discarded: 0 });
  });

  it('removes the record where it gives nothing', () => {
    const scene = new Scene({ a: 1, b: 2 }, () => undefined);
    scene.set('a', 10);
    scene.run();
    expect([scene.get('a'), scene.get('b')]).to.deep.equal([undefined, undefined]);
    expect(scene.count).to.deep.equal({ kept: 0, discarded: 2 });
  });

  it('takes nothing where it throws, and goes on with the next', () => {
    const scene = new Scene({ a: 1, b: 2 }, (existing, incoming) => {
      if (existing !== undefined) throw new Error('cannot decide');
      return incoming.value;
    });
    scene.set('a', 10);
    scene.run();
    expect([scene.get('a'), scene.get('b')]).to.deep.equal([10, 2]);
    expect(scene.count).to.deep.equal({ kept: 1, discarded: 1 });
    expect(scene.failures).to.have.length(1);
  });
});

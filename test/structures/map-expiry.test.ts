import { expect } from 'chai';
import fc from 'fast-check';
import { hashCount } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import { wholeStructure } from '../../src/partition/store.ts';
import { Deadlines } from '../../src/structures/map/map-deadlines.ts';
import * as ops from '../../src/structures/map/map-ops.ts';
import { MapStore } from '../../src/structures/map/map-store.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import { runContext } from '../support/run-context.ts';

const { mapOps } = ops;
const keyOf = (key: string) => encodeKey(key, defaultLimits).bytes;
const encoded = (value: unknown) => encodeValue(value, defaultLimits);
const plain = (bytes: Uint8Array) => (bytes.length === 0 ? undefined : decodeValue(bytes));
const setOp = (key: string, value: unknown, ttlMs?: number) =>
  ops.valueOp(mapOps.set, keyOf(key), encoded(value), { ttlMs });
const getOp = (key: string) => ops.keyOp(mapOps.get, keyOf(key));

/** A primary's store under a clock moved by hand, and a backup that sees its changes only. */
class Pair {
  store = new MapStore();
  backup = new MapStore();
  now = 1_000;
  sequence = 0;
  housekept = 0;

  run(op: Uint8Array) {
    const ran = this.store.run(op, runContext(this.now, this.sequence + 1));
    this.#replicate(ran.changes);
    return ran;
  }

  get(key: string): unknown {
    return plain(this.run(getOp(key)).result);
  }

  size(): number {
    return ops.readCount(this.run(ops.bareOp(mapOps.size)).result);
  }

  keys(): number {
    return ops.readPage(this.run(ops.scanOp('keys', 0)).result).blocks.length;
  }

  housekeep() {
    const ran = this.store.housekeep(runContext(this.now, this.sequence + 1));
    this.#replicate(ran.changes);
    this.housekept += 1;
    return ran;
  }

  keepHouse(): void {
    while (this.store.isDue(this.now)) this.housekeep();
  }

  /** The backup becomes the primary, under a clock of its own. */
  promote(now: number): void {
    this.store = this.backup;
    this.now = now;
    this.backup = new MapStore();
    for (let from = 0; from < hashCount; ) {
      const { to, content } = this.store.copy(from, 500);
      this.backup.restore(from, to, content, this.store.entries);
      from = to;
    }
  }

  #replicate(changes: Uint8Array): void {
    if (changes.length > 0) this.sequence += 1;
    this.backup.apply(changes);
    expect(this.backup.digest(), 'the backup is equal').to.equal(this.store.digest());
  }
}

describe('the deadlines of a map', () => {
  it('come out in order, whatever the order they went in', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { maxLength: 300 }), (times) => {
        const deadlines = new Deadlines();
        for (const time of times) deadlines.add(time, time + 7);
        const taken: number[] = [];
        while (deadlines.size > 0) {
          const { earliest } = deadlines;
          expect(deadlines.take()).to.equal(earliest + 7);
          taken.push(earliest);
        }
        expect(taken).to.deep.equal([...times].sort((a, b) => a - b));
        expect(deadlines.earliest).to.equal(Number.POSITIVE_INFINITY);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a record with a deadline', () => {
  it('is there until the millisecond before, and gone from it on', () => {
    const pair = new Pair();
    pair.run(setOp('ann', 1, 250));
    pair.now = 1_249;
    expect([pair.get('ann'), pair.size(), pair.keys()]).to.deep.equal([1, 1, 1]);
    pair.now = 1_250;
    const { result, changes } = pair.run(getOp('ann'));
    expect([result.length, changes.length > 0]).to.deep.equal([0, true]);
    expect([pair.store.entries, pair.backup.entries]).to.deep.equal([0, 0]);
    expect(pair.run(getOp('ann')).changes.length, 'it is removed once').to.equal(0);
  });

  it('is hidden from a look that may change nothing', () => {
    const pair = new Pair();
    pair.run(setOp('ann', 1, 250));
    const look = (op: Uint8Array) => pair.store.run(op, runContext(1_300, 0));
    expect([look(getOp('ann')).result.length, look(getOp('ann')).changes.length]).to.deep.equal([
      0, 0,
    ]);
    expect(ops.readCount(look(ops.bareOp(mapOps.size)).result)).to.equal(0);
    expect(ops.readPage(look(ops.scanOp('keys', 0)).result).blocks).to.deep.equal([]);
    expect(pair.store.entries, 'left as it was').to.equal(1);
  });

  it('stays with a backup that is asked to do nothing, however late it is', () => {
    const pair = new Pair();
    pair.run(setOp('ann', 1, 250));
    pair.now = 9_000_000;
    pair.run(setOp('bob', 2));
    expect(pair.backup.entries).to.equal(2);
    expect(pair.get('ann')).to.equal(undefined);
    expect(pair.backup.entries).to.equal(1);
  });

  for (const see of ['size', 'keys', 'keepHouse'] as const) {
    it(`is not shown again by a promoted backup whose clock is behind, after ${see}`, () => {
      const pair = new Pair();
      for (let i = 0; i < 500; i++) pair.run(setOp(`key ${i}`, i, 250));
      pair.now = 1_250;
      expect(pair[see]() ?? 0).to.equal(0);
      pair.promote(1_100);
      expect(pair.get('key 7')).to.equal(undefined);
      expect([pair.size(), pair.keys()]).to.deep.equal([0, 0]);
    });
  }

  it('is not shown again by a promoted backup whose clock is behind, after a get of it', () => {
    const pair = new Pair();
    for (let i = 0; i < 500; i++) pair.run(setOp(`key ${i}`, i, 250));
    pair.now = 1_250;
    expect(pair.get('key 7')).to.equal(undefined);
    pair.promote(1_100);
    expect([pair.get('key 7'), pair.get('key 8')]).to.deep.equal([undefined, 8]);
  });

  it('lives on in a promoted backup as long as it would have', () => {
    const pair = new Pair();
    for (let i = 0; i < 50; i++) pair.run(setOp(`key ${i}`, i, 100 + i));
    pair.now = 1_120;
    pair.keepHouse();
    pair.promote(1_119);
    expect(pair.get('key 21')).to.equal(21);
    pair.now = 1_121;
    expect([pair.get('key 21'), pair.get('key 22')]).to.deep.equal([undefined, 22]);
    pair.now = 1_149;
    pair.keepHouse();
    expect([pair.store.entries, pair.backup.entries]).to.deep.equal([0, 0]);
  });
});

describe('the housekeeping of a map', () => {
  it('removes what has expired in bounded slices, and only that', () => {
    const pair = new Pair();
    for (let i = 0; i < 1_000; i++) pair.run(setOp(`key ${i}`, i, i < 700 ? 100 : 900));
    expect(pair.store.isDue(1_099)).to.equal(false);
    pair.now = 1_100;
    expect(pair.store.isDue(pair.now)).to.equal(true);
    const { changes } = pair.housekeep();
    expect(changes.length).to.be.within(1, 4_000);
    expect(pair.store.entries).to.equal(1_000 - 128);
    pair.keepHouse();
    expect(pair.housekept).to.equal(6);
    expect([pair.store.entries, pair.backup.entries]).to.deep.equal([300, 300]);
  });

  it('says which key it touched where it was one', () => {
    const pair = new Pair();
    pair.run(setOp('ann', 1, 100));
    const { touched } = pair.run(getOp('ann'));
    pair.now = 1_100;
    expect(pair.housekeep().touched).to.equal(touched);
    for (const key of ['a', 'b']) pair.run(setOp(key, 1, 100));
    pair.now = 1_200;
    expect(pair.housekeep().touched).to.equal(wholeStructure);
  });

  it('counts and lists right while much waits to be removed', () => {
    const pair = new Pair();
    for (let i = 0; i < 1_000; i++) pair.run(setOp(`key ${i}`, i, i < 900 ? 100 : 900));
    pair.now = 1_500;
    expect([pair.size(), pair.keys()]).to.deep.equal([100, 100]);
    expect(pair.store.entries).to.be.above(500);
  });

  it('does not grow with entries that are set again and again', () => {
    const pair = new Pair();
    for (let i = 0; i < 4_000; i++) {
      pair.now += 1;
      pair.run(setOp('a', i, 60_000));
      pair.run(ops.keyOp(mapOps.delete, keyOf('b')));
      pair.run(setOp('b', i, 60_000));
    }
    // Everything that is left of the past is looked at in a few slices.
    pair.now += 59_999;
    pair.keepHouse();
    expect(pair.store.entries).to.equal(2);
    expect(pair.housekept).to.be.below(12);
    pair.now += 1;
    pair.keepHouse();
    expect(pair.store.entries).to.equal(0);
  });
});

describe('the life that a map gives', () => {
  it('is that of its options where a write does not say, with the jitter of either', () => {
    const lifeOf = (options: object, life: object) => {
      const store = new MapStore(options);
      store.run(ops.valueOp(mapOps.set, keyOf('a'), encoded(1), life), runContext(1_000, 1));
      const { result } = store.run(ops.keyOp(mapOps.ttl, keyOf('a')), runContext(1_000, 2));
      return ops.readTtl(result);
    };
    expect(lifeOf({}, {})).to.equal(-1);
    expect(lifeOf({ ttl: 500 }, {})).to.equal(500);
    expect(lifeOf({ ttl: 500 }, { ttlMs: 70 })).to.equal(70);
    expect(lifeOf({ ttl: 100_000, jitter: 0.9 }, {})).to.be.within(10_000, 99_999);
    expect(lifeOf({ ttl: 100_000, jitter: 0.9 }, { jitter: 0 })).to.equal(100_000);
    expect(lifeOf({ ttl: 1, jitter: 1 }, {})).to.equal(1);
  });

  it('is never seen late nor gone early, through writes, housekeeping and promotions', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => new ExpiryModel().check(seed)),
      { numRuns: 20 },
    );
  });
});

/** Random writes and looks against a plain model of what has to be there. */
class ExpiryModel {
  readonly #pair = new Pair();
  readonly #model = new Map<string, { value: number; deadline: number }>();

  check(seed: number): void {
    const random = seededRandom(seed);
    for (let step = 0; step < 250; step++) {
      this.#pair.now += random.pick([0, 0, 1, 3, 20]);
      const key = `key ${random.below(12)}`;
      this.#act(random.below(9), key, step, random.pick([undefined, 1, 5, 30, 100]));
      expect(this.#pair.get(key)).to.equal(this.#alive(key)?.value);
    }
    const count = [...this.#model.keys()].filter((key) => this.#alive(key) !== undefined).length;
    expect([this.#pair.size(), this.#pair.keys()]).to.deep.equal([count, count]);
  }

  #act(kind: number, key: string, value: number, ttlMs: number | undefined): void {
    const pair = this.#pair;
    if (kind < 3) this.#set(key, value, ttlMs);
    else if (kind === 3) this.#setIfAbsent(key, value, ttlMs);
    else if (kind === 4) this.#increment(key);
    else if (kind === 5) this.#expire(key, ttlMs ?? 0);
    else if (kind === 6) this.#persist(key);
    else if (kind === 7) pair.housekeep();
    else pair.promote(pair.now);
  }

  #alive(key: string) {
    const entry = this.#model.get(key);
    return entry !== undefined && entry.deadline > this.#pair.now ? entry : undefined;
  }

  #note(key: string, value: number, ttlMs: number | undefined): void {
    const deadline = ttlMs === undefined ? Number.POSITIVE_INFINITY : this.#pair.now + ttlMs;
    this.#model.set(key, { value, deadline });
  }

  #set(key: string, value: number, ttlMs: number | undefined): void {
    this.#pair.run(setOp(key, value, ttlMs));
    this.#note(key, value, ttlMs);
  }

  #setIfAbsent(key: string, value: number, ttlMs: number | undefined): void {
    const isAbsent = this.#alive(key) === undefined;
    const op = ops.valueOp(mapOps.setIfAbsent, keyOf(key), encoded(value), { ttlMs });
    expect(this.#pair.run(op).result[0]).to.equal(isAbsent ? 1 : 0);
    if (isAbsent) this.#note(key, value, ttlMs);
  }

  #increment(key: string): void {
    const { value, deadline } = this.#alive(key) ?? {
      value: 0,
      deadline: Number.POSITIVE_INFINITY,
    };
    expect(plain(this.#pair.run(ops.incrementOp(keyOf(key), 1)).result)).to.equal(value + 1);
    this.#model.set(key, { value: value + 1, deadline });
  }

  #expire(key: string, ttlMs: number): void {
    const entry = this.#alive(key);
    const { result } = this.#pair.run(ops.expireOp(keyOf(key), ttlMs));
    expect(result[0]).to.equal(entry === undefined ? 0 : 1);
    if (entry !== undefined) this.#note(key, entry.value, ttlMs);
  }

  #persist(key: string): void {
    const entry = this.#alive(key);
    const isMortal = entry !== undefined && entry.deadline !== Number.POSITIVE_INFINITY;
    const { result } = this.#pair.run(ops.keyOp(mapOps.persist, keyOf(key)));
    expect(result[0]).to.equal(isMortal ? 1 : 0);
    if (isMortal) this.#note(key, entry.value, undefined);
  }
}

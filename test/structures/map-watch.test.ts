import { expect } from 'chai';
import { defaultLimits } from '../../src/base/limits.ts';
import { anyWrite } from '../../src/partition/store.ts';
import * as ops from '../../src/structures/map/map-ops.ts';
import { MapStore } from '../../src/structures/map/map-store.ts';
import {
  type Cursor,
  readWatchResult,
  type WatchKind,
  watchOp,
} from '../../src/structures/map/map-watch-ops.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { encodeValue } from '../../src/wire/value.ts';
import { runContext } from '../support/run-context.ts';

const { mapOps } = ops;
const keyOf = (key: string) => encodeKey(key, defaultLimits).bytes;
const now: Cursor = { sequence: 0, index: 0 };

/** A primary's store that numbers its writes, and a backup that sees the changes. */
class Watched {
  store = new MapStore();
  backup = new MapStore();
  gridTime = 1_000;
  sequence = 0;

  run(op: Uint8Array) {
    const ran = this.store.run(op, runContext(this.gridTime, this.sequence + 1));
    if (this.store.isWrite(op)) this.sequence += 1;
    if (ran.changes.length > 0) this.backup.apply(ran.changes);
    return ran;
  }

  set(key: string, value: unknown = 1) {
    return this.run(ops.valueOp(mapOps.set, keyOf(key), encodeValue(value, defaultLimits)));
  }

  ask(cursor: Cursor, kind: WatchKind = 'all', key = '') {
    const ran = this.run(watchOp(kind, kind === 'all' ? ops.nothing : keyOf(key), cursor));
    return { ...readWatchResult(ran.result), waitsFor: ran.waitsFor };
  }

  promote(): void {
    [this.store, this.backup] = [this.backup, new MapStore()];
  }
}

describe('a store that is watched', () => {
  it('keeps nothing and wakes nobody while nobody watches', () => {
    const watched = new Watched();
    expect(watched.set('ann').wakes).to.equal(undefined);
    const { changes, next, waitsFor } = watched.ask(now);
    expect([changes.length, next.sequence, waitsFor]).to.deep.equal([0, 2, undefined]);
    expect(watched.set('ann').wakes).to.deep.equal([anyWrite]);
  });

  it('has who is up to date wait, and wakes who waits for a key by that key alone', () => {
    const watched = new Watched();
    const { next } = watched.ask(now);
    const ann = watched.ask(next, 'key', 'ann').waitsFor;
    expect(watched.ask(next).waitsFor).to.equal(anyWrite);
    expect(watched.set('bob').wakes).to.deep.equal([anyWrite]);
    expect(watched.set('ann').wakes).to.deep.equal([anyWrite, ann]);
    watched.ask(watched.ask(next).next, 'key', 'ann');
    expect(watched.run(ops.bareOp(mapOps.clear)).wakes).to.deep.equal([anyWrite, ann]);
  });

  it('goes on from any cursor, also within one write', () => {
    const watched = new Watched();
    const { next } = watched.ask(now);
    const value = encodeValue('v'.repeat(30_000), defaultLimits);
    const pairs = ['a', 'b', 'c', 'd', 'e'].map((key) => [keyOf(key), value] as const);
    watched.run(ops.setManyOp(pairs));
    const first = watched.ask(next);
    const second = watched.ask(first.next);
    expect([first.changes.length, second.changes.length]).to.deep.equal([3, 2]);
    expect([first.isGap, second.isGap, first.next.index]).to.deep.equal([false, false, 3]);
    expect(watched.ask(second.next).waitsFor).to.equal(anyWrite);
  });

  it('tells a gap to who is too far behind, and goes on', () => {
    const watched = new Watched();
    const { next } = watched.ask(now);
    for (let i = 0; i < 1_024; i++) watched.set(`key ${i}`);
    expect(watched.ask(next).isGap, 'it holds as many').to.equal(false);
    watched.set('one more');
    const behind = watched.ask(next);
    expect([behind.isGap, behind.changes.length > 800]).to.deep.equal([true, true]);
    expect(watched.ask(behind.next).isGap).to.equal(false);
  });

  it('bounds what it keeps by bytes too, and leaves out what was before where it is large', () => {
    const watched = new Watched();
    const { next } = watched.ask(now);
    for (let i = 0; i < 40; i++) watched.set('ann', 'v'.repeat(50_000));
    let cursor = watched.ask(next);
    expect(cursor.isGap).to.equal(true);
    let kept = 0;
    for (; cursor.waitsFor === undefined; cursor = watched.ask(cursor.next)) {
      kept += cursor.changes.length;
      expect(cursor.changes.every(({ previous }) => previous === undefined)).to.equal(true);
    }
    expect(kept).to.be.within(3, 6);
  });

  it('tells no gap to who watches a key that others crowded out', () => {
    const watched = new Watched();
    watched.set('ann');
    const { next } = watched.ask(now);
    for (let i = 0; i < 5_000; i++) watched.set(`key ${i % 100}`, i);
    expect(watched.ask(next, 'key', 'ann')).to.include({ isGap: false });
    expect(watched.ask(next, 'key', 'key 7').isGap).to.equal(true);
  });

  it('tells a gap to who watches a key where a clear was crowded out, whatever was before', () => {
    const watched = new Watched();
    const { next } = watched.ask(now);
    for (let i = 0; i < 1_500; i++) watched.set(`key ${i % 100}`, i);
    watched.run(ops.bareOp(mapOps.clear));
    const before = watched.ask(next, 'key', 'ann').next;
    for (let i = 0; i < 1_500; i++) watched.set(`key ${i % 100}`, i);
    expect(watched.ask(next, 'key', 'ann').isGap).to.equal(true);
    expect(watched.ask(before, 'key', 'ann').isGap, 'who has heard of it').to.equal(false);
  });

  it('tells who hears nothing how far it is before it falls behind', () => {
    const watched = new Watched();
    const { next } = watched.ask(now, 'prefix', 'x');
    for (let i = 0; i < 255; i++) watched.set(`key ${i}`);
    expect(watched.ask(next, 'prefix', 'x').waitsFor).to.equal(anyWrite);
    watched.set('key');
    const told = watched.ask(next, 'prefix', 'x');
    expect([told.waitsFor, told.next.sequence]).to.deep.equal([undefined, 257]);
  });

  it('goes on without a gap on a promoted backup where nothing was missed', () => {
    const watched = new Watched();
    let { next } = watched.ask(now);
    watched.set('ann');
    ({ next } = watched.ask(next));
    watched.promote();
    expect(watched.ask(next).isGap).to.equal(false);
    watched.set('bob');
    expect(watched.ask(next).changes.length).to.equal(1);
  });

  it('tells a gap on a promoted backup where something was, be it a removal', () => {
    for (const op of [
      ops.keyOp(mapOps.delete, keyOf('ann')),
      ops.bareOp(mapOps.clear),
      ops.expireOp(keyOf('ann'), 0),
    ]) {
      const watched = new Watched();
      watched.set('ann');
      const { next } = watched.ask(now);
      watched.run(op);
      watched.promote();
      expect(watched.ask(next).isGap).to.equal(true);
      expect(watched.ask(next, 'key', 'ann').isGap).to.equal(true);
    }
  });

  it('forgets what it kept as a primary once it follows another', () => {
    const watched = new Watched();
    const { next } = watched.ask(now);
    watched.set('ann');
    const other = new Watched();
    other.sequence = watched.sequence;
    watched.store.apply(other.set('bob').changes);
    watched.sequence += 1;
    expect(watched.ask(next).isGap).to.equal(true);
  });

  it('stops keeping changes half a minute after the last watcher', () => {
    const watched = new Watched();
    watched.ask(now);
    watched.gridTime += 30_000;
    expect(watched.store.isDue(watched.gridTime)).to.equal(false);
    watched.gridTime += 1;
    expect(watched.store.isDue(watched.gridTime)).to.equal(true);
    const { changes } = watched.store.housekeep(runContext(watched.gridTime, 9));
    expect([changes.length, watched.set('ann').wakes]).to.deep.equal([0, undefined]);
  });
});

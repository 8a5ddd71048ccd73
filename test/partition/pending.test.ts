import { expect } from 'chai';
import type { Sequence } from '../../src/base/ids.ts';
import { Pending } from '../../src/partition/pending.ts';
import type { Actions } from '../../src/partition/replica-state.ts';
import { wholeStructure } from '../../src/partition/store.ts';
import { brief } from './replicas.ts';
import { ann, bob } from './table.ts';

const at = (sequence: number) => sequence as Sequence;
const nothing = new Uint8Array(0);

/** Writes of the given keys, from sequence 11 on. */
function pendingWith(...keys: number[]) {
  const pending = new Pending(at(10));
  keys.forEach((key, index) => {
    pending.addWrite(ann, index + 1, at(11 + index), nothing, 100, key);
  });
  const settle = (commit: number) => {
    const out: Actions = [];
    pending.settle(at(commit), out);
    return brief(out);
  };
  return { pending, settle };
}

describe('what a primary owes', () => {
  it('is answered in sequence, up to the commit', () => {
    const { pending, settle } = pendingWith(1, 2, 3);
    expect(settle(12)).to.equal('reply 1, reply 2');
    expect([pending.writes, pending.bytes]).to.deep.equal([1, 100]);
    expect(settle(12)).to.equal('');
    expect(settle(13)).to.equal('reply 3');
  });

  it('makes a read wait for the last write of its key', () => {
    const { pending } = pendingWith(1, 2, 1);
    expect(pending.needOf(1, at(13))).to.equal(13);
    expect(pending.needOf(2, at(13))).to.equal(12);
    expect(pending.needOf(3, at(13))).to.equal(0);
  });

  it('makes a read of the whole wait for every write, and every read for a write of the whole', () => {
    const { pending, settle } = pendingWith(wholeStructure, 2);
    expect(pending.needOf(wholeStructure, at(12))).to.equal(12);
    expect(pending.needOf(7, at(12))).to.equal(11);
    settle(11);
    expect(pending.needOf(7, at(12))).to.equal(0);
    expect(pending.needOf(2, at(12))).to.equal(12);
  });

  it('still holds a key back when an earlier write of it is answered', () => {
    const { pending, settle } = pendingWith(1, 1);
    settle(11);
    expect(pending.needOf(1, at(12))).to.equal(12);
  });

  it('answers a parked read with the commit that it waits for, not before', () => {
    const { pending, settle } = pendingWith(1, 2);
    pending.park(bob, 77, nothing, at(12));
    expect(settle(11)).to.equal('reply 1');
    expect(settle(12)).to.equal('reply 2, reply 77');
    expect(pending.reads).to.equal(0);
  });

  it('answers a retry where it came from', () => {
    const { pending } = pendingWith(1);
    expect(pending.redirect(at(11), bob, 5)).to.equal(true);
    expect(pending.redirect(at(10), bob, 6)).to.equal(false);
    expect(pending.redirect(at(12), bob, 6)).to.equal(false);
    const out: Actions = [];
    pending.settle(at(11), out);
    expect(out).to.deep.include({ kind: 'reply', to: bob, request: 5, result: nothing });
  });

  it('leaves nothing without a word when the role ends', () => {
    const { pending } = pendingWith(1);
    pending.park(bob, 77, nothing, at(11));
    const out: Actions = [];
    pending.interrupt(out);
    expect(brief(out)).to.equal('refuse 1 interrupted, refuse 77 not-primary');
  });

  it('commits what nobody asked for without a word', () => {
    const { pending, settle } = pendingWith();
    pending.addWrite(undefined, 0, at(11), nothing, 1, 5);
    expect(pending.needOf(5, at(11))).to.equal(11);
    expect(settle(11)).to.equal('');
    expect([pending.writes, pending.needOf(5, at(11))]).to.deep.equal([0, 0]);
  });

  it('stays right over thousands of answers', () => {
    const { pending, settle } = pendingWith();
    for (let write = 1; write <= 5_000; write++) {
      pending.addWrite(ann, write, at(10 + write), nothing, 1, write % 7);
      if (write > 3) expect(settle(10 + write - 3)).to.equal(`reply ${write - 3}`);
    }
    expect([pending.writes, pending.bytes]).to.deep.equal([3, 3]);
  });
});

import { expect } from 'chai';
import type { Sequence } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { BufferBounds } from './buffer-bounds.ts';

describe('the bounds of buffers', () => {
  const limits = {
    ...defaultLimits,
    changesInFlightMax: 4,
    opsInFlightMax: 2,
    opsQueuedMax: 3,
    controlBytesBufferedMax: 100,
    dataBytesBufferedMax: 200,
  };

  function found(look: (bounds: BufferBounds) => void): readonly string[] {
    const violations: string[] = [];
    look(new BufferBounds(limits, (violation) => violations.push(violation)));
    return violations;
  }

  function log(floor: number, last: number) {
    return { floor: floor as Sequence, last: last as Sequence };
  }

  it('hold where each is full', () => {
    const violations = found((bounds) => {
      bounds.checkUnconfirmed('1', { last: 14 }, 10);
      bounds.checkLog('1', log(10, 14));
      bounds.checkCalls('m1', { working: 2, queued: 3 });
      bounds.checkResults('m1', { bytes: 8, bytesMax: 8 });
      bounds.checkProposals('m1', { lastIndex: 302, commit: 100 });
      bounds.checkWaiting('m1', { to: 'm2', lane: 'data', messages: 2, bytes: 200 }, limits);
    });
    expect(violations).to.deep.equal([]);
  });

  it('find changes that nobody has confirmed, and entries that nobody needs', () => {
    const changes = found((bounds) => bounds.checkUnconfirmed('1', { last: 15 }, 10));
    expect(changes).to.deep.equal(['I11: 5 unconfirmed changes of 1, and 4 are the most']);
    const entries = found((bounds) => bounds.checkLog('1', log(10, 15)));
    expect(entries).to.deep.equal(['I11: 5 entries in a log of 1, and 4 are the most']);
  });

  it('find calls on their way, and in line', () => {
    const violations = found((bounds) => bounds.checkCalls('m1', { working: 3, queued: 4 }));
    expect(violations).to.deep.equal([
      'I11: 3 calls on their way at m1, and 2 are the most',
      'I11: 4 calls in line at m1, and 3 are the most',
    ]);
  });

  it('find results beyond what is kept for retries, and more let go than there were', () => {
    const look = (bytes: number) =>
      found((bounds) => bounds.checkResults('m1', { bytes, bytesMax: 8 }));
    expect(look(9)).to.deep.equal(['I11: 9 bytes of results at m1, and 8 are the most']);
    expect(look(-1)).to.deep.equal(['I11: -1 bytes of results at m1']);
  });

  it('find proposals that are not committed', () => {
    const raft = { lastIndex: 303, commit: 100 };
    const violations = found((bounds) => bounds.checkProposals('m1', raft));
    expect(violations).to.deep.equal(['I11: 203 uncommitted entries at m1, and 202 are the most']);
  });

  it('find what waits to be sent, but for a single message', () => {
    const look = (messages: number, lane: 'control' | 'data') =>
      found((bounds) =>
        bounds.checkWaiting('m1', { to: 'm2', lane, messages, bytes: 101 }, limits),
      );
    expect(look(2, 'control')).to.deep.equal([
      'I11: 101 bytes of control from m1 to m2, and 100 are the most',
    ]);
    expect(look(1, 'control')).to.deep.equal([]);
    expect(look(2, 'data')).to.deep.equal([]);
  });
});

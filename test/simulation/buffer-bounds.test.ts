import { expect } from 'chai';
import type { Address, Sequence } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import type { Message } from '../../src/wire/messages.ts';
import type { Entry } from '../../src/wire/replica-messages.ts';
import { BufferBounds } from './buffer-bounds.ts';
import { CopyFlights } from './copy-flights.ts';

describe('the bounds of buffers', () => {
  const limits = {
    ...defaultLimits,
    changesInFlightMax: 4,
    opsInFlightMax: 2,
    opsQueuedMax: 3,
    controlBytesBufferedMax: 100,
    dataBytesBufferedMax: 200,
    changeBytesInFlightMax: 100,
    copySessionsMax: 2,
    copyChunksInFlightMax: 3,
  };

  function found(look: (bounds: BufferBounds) => void): readonly string[] {
    const violations: string[] = [];
    look(new BufferBounds(limits, (violation) => violations.push(violation)));
    return violations;
  }

  function log(floor: number, last: number) {
    return { floor: floor as Sequence, last: last as Sequence };
  }

  /** Entries of which each has so many bytes, the first at 11. */
  function bytesAt(...bytes: readonly number[]) {
    const entries = bytes.map((length) => ({
      opSequence: length % 2,
      changes: new Uint8Array(length - 1),
      result: new Uint8Array(1),
    }));
    const at = (sequence: number) => entries[sequence - 11] as Entry | undefined;
    return { last: (10 + bytes.length) as Sequence, at };
  }

  it('hold where each is full', () => {
    const violations = found((bounds) => {
      bounds.checkUnconfirmed('1', { last: 14 }, 10);
      bounds.checkLog('1', log(10, 14));
      bounds.checkCalls('m1', { working: 2, queued: 3 });
      bounds.checkResults('m1', { bytes: 8, bytesMax: 8 });
      bounds.checkProposals('m1', { lastIndex: 302, commit: 100 });
      bounds.checkWaiting('m1', { to: 'm2', lane: 'data', messages: 2, bytes: 200 }, limits);
      bounds.checkUnconfirmedBytes('1', bytesAt(49, 49, 1_001), 10);
      bounds.checkCopies('m1', 2);
      bounds.checkChunks('1 from m1 to m2', 3);
      bounds.checkSubscriber('m1', 5, 5);
    });
    expect(violations).to.deep.equal([]);
  });

  it("find bytes that nobody has confirmed, but for the last and for what is nobody's", () => {
    const look = (...bytes: readonly number[]) =>
      found((bounds) => bounds.checkUnconfirmedBytes('1', bytesAt(...bytes), 10));
    expect(look(51, 49, 1)).to.deep.equal([
      'I11: 100 bytes of unconfirmed changes of 1 before the last, and 99 are the most',
    ]);
    expect(look(1_001)).to.deep.equal([]);
    expect(look(1_000, 51, 1)).to.deep.equal([]);
  });

  it('find copies, their chunks, and messages for a subscriber', () => {
    const violations = found((bounds) => {
      bounds.checkCopies('m1', 3);
      bounds.checkSubscriber('m1', 6, 5);
      const flights = new CopyFlights(bounds);
      const [m1, m2] = ['m1', 'm2'] as const as unknown as [Address, Address];
      const send = (chunk: number) =>
        flights.sent(m1, m2, { kind: 'replica.copy', partition: 1, stream: 7, chunk } as Message);
      for (const chunk of [0, 1, 2]) send(chunk);
      flights.sent(m2, m1, { kind: 'replica.ack', partition: 1, stream: 7, chunks: 2 } as Message);
      for (const chunk of [3, 4, 5]) send(chunk);
    });
    expect(violations).to.deep.equal([
      'I11: 3 copies from m1, and 2 are the most',
      'I11: 6 messages for m1, and 5 are the most',
      'I11: 4 chunks of 1 from m1 to m2, and 3 are the most',
    ]);
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

import { expect } from 'chai';
import type { Clock } from '../../src/base/clock.ts';
import type { GridError } from '../../src/base/errors.ts';
import type { CallerId, PartitionId, StructureId } from '../../src/base/ids.ts';
import { defaultLimits, type Limits } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import { Calls } from '../../src/transport/calls.ts';
import type { Call } from '../../src/transport/open-call.ts';
import type { OpRequest, Refusal } from '../../src/wire/op-messages.ts';

/** A caller whose requests go nowhere by themselves. */
class Desk {
  readonly calls: Calls;
  nowMs = 1_000;
  /** Whether a primary is known and reachable. */
  isReachable = true;
  primary = 'bob#2';
  patienceMs = Number.POSITIVE_INFINITY;
  readonly sent: OpRequest[] = [];
  /** How each call ended: its result, or the code and the outcome of its error. */
  readonly ends: string[] = [];

  constructor(limits: Partial<Limits> = {}) {
    const clock: Clock = {
      monotonic: () => this.nowMs,
      wall: () => this.nowMs,
      setTimer: () => ({ cancel: () => {} }),
      defer: () => {},
      endOfTask: () => {},
    };
    this.calls = new Calls({
      caller: 'app#1' as CallerId,
      clock,
      random: seededRandom(1),
      limits: { ...defaultLimits, ...limits },
      courier: {
        send: (request) => {
          if (this.isReachable) this.sent.push(request);
          return this.isReachable ? this.primary : undefined;
        },
        route: () => this.primary,
        obstacle: () => ({ code: 'GRID_TIMEOUT', text: 'no answer' }),
        patienceMs: () => this.patienceMs,
      },
    });
  }

  /** Submits a call named `name`; its end is noted under this name. */
  submit(
    name: string,
    more: {
      isWrite?: boolean;
      isPoll?: boolean;
      timeoutMs?: number;
      signal?: AbortSignal;
      bytes?: number;
    } = {},
  ): void {
    const call: Call = {
      structure: { id: 5 as StructureId },
      op: more.bytes === undefined ? new TextEncoder().encode(name) : new Uint8Array(more.bytes),
      isWrite: more.isWrite ?? !more.isPoll,
      isPoll: more.isPoll ?? false,
      timeoutMs: more.timeoutMs ?? 10_000,
      signal: more.signal,
      resolve: (result) => this.ends.push(`${name} ${result[0]}`),
      reject: (error: GridError) => this.ends.push(`${name} ${error.code} ${error.outcome}`),
    };
    this.calls.submit(call, 3 as PartitionId);
  }

  get last(): OpRequest {
    const last = this.sent.at(-1);
    if (last === undefined) throw new Error('nothing was sent');
    return last;
  }

  /** The name of the call that was sent last. */
  get lastName(): string {
    return new TextDecoder().decode(this.last.op);
  }

  /** Answers the request that was sent last, or the one of the call that was sent first, second… */
  reply(nth?: number): void {
    const request = nth === undefined ? this.last.request : this.#requestOf(nth);
    this.calls.replied({ kind: 'op.reply', request, result: Uint8Array.of(9) });
  }

  #requestOf(nth: number): number {
    return [...new Set(this.sent.map(({ request }) => request))][nth - 1] ?? 0;
  }

  refuse(reason: Refusal, request = this.last.request): void {
    this.calls.refused({ kind: 'op.refused', request, reason });
  }

  pass(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end; ) {
      this.nowMs += Math.min(25, end - this.nowMs);
      this.calls.tick();
    }
  }
}

describe('a call', () => {
  it('ends with its reply, once', () => {
    const desk = new Desk();
    desk.submit('a');
    desk.reply();
    desk.reply();
    desk.refuse('not-primary');
    desk.calls.close();
    expect(desk.ends).to.deep.equal(['a 9']);
  });

  it('ends with the error of its structure, which had no effect', () => {
    const desk = new Desk();
    desk.submit('a');
    const { request } = desk.last;
    desk.calls.failed({ kind: 'op.failed', request, code: 'GRID_QUEUE_FULL', message: 'full' });
    desk.submit('b');
    const { request: second } = desk.last;
    desk.calls.failed({ kind: 'op.failed', request: second, code: 'GRID_NEW', message: '?' });
    expect(desk.ends).to.deep.equal([
      'a GRID_QUEUE_FULL not-applied',
      'b GRID_BAD_VALUE not-applied',
    ]);
  });

  it('keeps its request and its op sequence through all resends', () => {
    const desk = new Desk();
    desk.submit('a');
    desk.refuse('not-primary');
    desk.refuse('not-ready');
    desk.pass(100);
    desk.pass(1_100);
    expect(desk.sent.length).to.be.greaterThan(3);
    expect(new Set(desk.sent.map(({ opSequence }) => opSequence))).to.deep.equal(new Set([1]));
    expect(new Set(desk.sent.map(({ request }) => request)).size).to.equal(1);
    desk.reply();
    desk.submit('b');
    expect(desk.last.opSequence).to.equal(2);
  });

  it('gives a read no op sequence', () => {
    const desk = new Desk();
    desk.submit('a', { isWrite: false });
    expect(desk.last.opSequence).to.equal(0);
  });

  it('is sent again at once after the first refusal by a stranger, and later ones back off', () => {
    const desk = new Desk();
    desk.submit('a');
    desk.refuse('not-primary');
    expect(desk.sent).to.have.length(2);
    desk.refuse('not-primary');
    expect(desk.sent).to.have.length(2);
    desk.pass(50);
    expect(desk.sent).to.have.length(3);
  });

  it('is sent again when the table changes, unless it is on its way', () => {
    const desk = new Desk();
    desk.submit('a');
    desk.calls.tableChanged();
    expect(desk.sent).to.have.length(1);
    desk.refuse('not-ready');
    desk.calls.tableChanged();
    expect(desk.sent).to.have.length(2);
  });

  it('is sent again when its primary is gone, and others are not', () => {
    const desk = new Desk();
    desk.submit('a');
    desk.calls.peerLost('cid#3');
    expect(desk.sent).to.have.length(1);
    desk.calls.peerLost('bob#2');
    expect(desk.sent).to.have.length(2);
  });

  it('is sent again when the table names another primary than the one that has it', () => {
    const desk = new Desk();
    desk.submit('a', { timeoutMs: 100 });
    desk.primary = 'cid#3';
    desk.calls.tableChanged();
    expect(desk.sent).to.have.length(2);
    desk.refuse('not-ready');
    desk.pass(100);
    expect(desk.ends, 'the first may have had an effect').to.deep.equal(['a GRID_TIMEOUT unknown']);
  });

  it('is sent again after a second of silence', () => {
    const desk = new Desk();
    desk.submit('a');
    desk.pass(975);
    expect(desk.sent).to.have.length(1);
    desk.pass(25);
    expect(desk.sent).to.have.length(2);
  });

  it('waits for a primary that can be reached', () => {
    const desk = new Desk();
    desk.isReachable = false;
    desk.submit('a');
    desk.pass(200);
    desk.isReachable = true;
    desk.calls.tableChanged();
    desk.reply();
    expect(desk.ends).to.deep.equal(['a 9']);
  });

  it('answered within its own sending is over', () => {
    const desk = new Desk();
    const { sent } = desk;
    Object.defineProperty(desk, 'sent', {
      value: {
        push: (request: OpRequest) => {
          sent.push(request);
          if (sent.length === 1) desk.refuse('not-ready', request.request);
        },
      },
    });
    desk.submit('a');
    desk.pass(50);
    expect(sent, 'after a back-off, not after a second').to.have.length(2);
  });
});

describe('the outcome of a call', () => {
  it('is not-applied where every request was refused without effect', () => {
    const desk = new Desk();
    desk.submit('a', { timeoutMs: 30 });
    desk.refuse('not-ready');
    desk.refuse('busy');
    desk.nowMs += 1_000;
    desk.calls.tick();
    expect(desk.ends).to.deep.equal(['a GRID_TIMEOUT not-applied']);
  });

  it('is not-applied where nothing was ever sent', () => {
    const desk = new Desk();
    desk.isReachable = false;
    desk.submit('a', { timeoutMs: 30 });
    desk.pass(50);
    expect(desk.ends).to.deep.equal(['a GRID_TIMEOUT not-applied']);
  });

  it('is unknown while a request is on its way, and after one that was never answered', () => {
    const desk = new Desk();
    desk.submit('a', { timeoutMs: 500 });
    desk.pass(500);
    desk.submit('b', { timeoutMs: 1_500 });
    desk.pass(1_100);
    desk.refuse('not-ready');
    desk.pass(1_000);
    expect(desk.ends).to.deep.equal(['a GRID_TIMEOUT unknown', 'b GRID_TIMEOUT unknown']);
  });

  it('is unknown where a primary was replaced on the way', () => {
    const desk = new Desk();
    desk.submit('a', { timeoutMs: 30 });
    desk.refuse('interrupted');
    desk.isReachable = false;
    desk.pass(50);
    expect(desk.ends).to.deep.equal(['a GRID_TIMEOUT unknown']);
  });

  it('of a read is not-applied always', () => {
    const desk = new Desk();
    desk.submit('a', { isWrite: false, timeoutMs: 30 });
    desk.pass(50);
    expect(desk.ends).to.deep.equal(['a GRID_TIMEOUT not-applied']);
  });

  it('follows from a refusal that nothing can change', () => {
    const desk = new Desk();
    for (const reason of ['lost', 'no-structure', 'stale', 'result-gone'] as const) {
      desk.submit(reason);
      desk.refuse(reason);
    }
    expect(desk.ends).to.deep.equal([
      'lost GRID_PARTITION_LOST not-applied',
      'no-structure GRID_CLOSED not-applied',
      'stale GRID_INDETERMINATE unknown',
      'result-gone GRID_INDETERMINATE unknown',
    ]);
  });

  it('is unknown for a write that is a minute old, which is sent no more', () => {
    const desk = new Desk();
    desk.submit('a', { timeoutMs: 600_000 });
    desk.pass(60_000);
    const { length } = desk.sent;
    desk.pass(10_000);
    expect(desk.ends).to.deep.equal(['a GRID_TIMEOUT unknown']);
    expect(desk.sent).to.have.length(length);
  });
});

describe('the lowest unanswered op', () => {
  it('stays at an op until that has ended, and then passes all that have', () => {
    const desk = new Desk();
    for (const name of ['a', 'b', 'c']) desk.submit(name);
    desk.reply(2);
    desk.reply(3);
    desk.submit('d');
    expect(desk.last.firstIncomplete).to.equal(1);
    desk.reply(1);
    desk.submit('e');
    expect(desk.last.firstIncomplete).to.equal(4);
  });

  it('is not held back by reads', () => {
    const desk = new Desk();
    desk.submit('r', { isWrite: false });
    desk.submit('a');
    desk.reply();
    desk.submit('b');
    expect(desk.last).to.include({ opSequence: 2, firstIncomplete: 2 });
  });
});

describe('the bounds of a caller', () => {
  it('let so many ops be in flight, and the others follow in order', () => {
    const desk = new Desk({ opsInFlightMax: 2 });
    for (const name of ['a', 'b', 'c', 'd']) desk.submit(name);
    expect([desk.calls.inFlight, desk.calls.queued]).to.deep.equal([2, 2]);
    desk.reply(2);
    expect(desk.lastName).to.equal('c');
    desk.reply(1);
    desk.reply(3);
    desk.reply(4);
    expect(desk.ends).to.deep.equal(['b 9', 'a 9', 'c 9', 'd 9']);
    expect(desk.sent.map(({ opSequence }) => opSequence)).to.deep.equal([1, 2, 3, 4]);
  });

  it('let ops run ahead of one without an answer only so far', () => {
    const desk = new Desk();
    desk.submit('stuck', { timeoutMs: 50 });
    for (let at = 1; at < 131_072; at++) {
      desk.submit('a');
      desk.reply();
    }
    const sent = desk.sent.length;
    desk.submit('late');
    expect([desk.sent.length - sent, desk.calls.queued]).to.deep.equal([0, 1]);
    desk.pass(50);
    expect([desk.sent.length - sent, desk.calls.queued]).to.deep.equal([1, 0]);
  });

  it('refuse what does not fit the queue as overloaded', () => {
    const desk = new Desk({ opsInFlightMax: 1, opsQueuedMax: 2 });
    for (const name of ['a', 'b', 'c', 'd']) desk.submit(name);
    expect(desk.ends).to.deep.equal(['d GRID_OVERLOADED not-applied']);
    desk.reply();
    desk.submit('e');
    expect(desk.ends).to.deep.equal(['d GRID_OVERLOADED not-applied', 'a 9']);
  });

  it('count bytes as well, and let one op wait whatever its size', () => {
    const desk = new Desk({ opsInFlightMax: 1, bytesQueuedMax: 100 });
    desk.submit('a');
    desk.submit('big', { bytes: 500 });
    desk.submit('c');
    expect(desk.ends).to.deep.equal(['c GRID_OVERLOADED not-applied']);
    expect(desk.calls.queued).to.equal(1);
  });

  it('count the bytes only of what still waits', () => {
    const desk = new Desk({ opsInFlightMax: 1, bytesQueuedMax: 100 });
    const abort = new AbortController();
    desk.submit('a');
    desk.submit('late', { bytes: 60, timeoutMs: 50 });
    desk.submit('stopped', { bytes: 30, signal: abort.signal });
    desk.pass(50);
    abort.abort();
    desk.submit('b', { bytes: 60 });
    desk.submit('c', { bytes: 30 });
    desk.submit('d', { bytes: 60 });
    expect(desk.ends.at(-1)).to.equal('d GRID_OVERLOADED not-applied');
    expect(desk.calls.queued).to.equal(2);
  });

  it('leave polls aside', () => {
    const desk = new Desk({ opsInFlightMax: 1 });
    for (const name of ['p', 'q']) desk.submit(name, { isPoll: true });
    desk.submit('a');
    expect([desk.calls.inFlight, desk.calls.queued]).to.deep.equal([3, 0]);
    desk.submit('b');
    expect(desk.calls.queued).to.equal(1);
    desk.reply(1);
    expect(desk.calls.queued, 'a poll had no place to give').to.equal(1);
    desk.reply(3);
    expect(desk.calls.queued).to.equal(0);
  });

  it('give a place back when a call ends by time, by its signal or by a refusal', () => {
    const desk = new Desk({ opsInFlightMax: 1 });
    const abort = new AbortController();
    desk.submit('a', { timeoutMs: 30 });
    desk.submit('b', { signal: abort.signal });
    desk.submit('c');
    desk.submit('d');
    desk.pass(50);
    expect(desk.lastName).to.equal('b');
    abort.abort();
    expect(desk.lastName).to.equal('c');
    desk.refuse('lost');
    expect(desk.lastName).to.equal('d');
    expect(desk.calls.inFlight).to.equal(1);
  });
});

describe('the end of a call from outside', () => {
  it('by its signal is not-applied while it waits, and unknown on its way', () => {
    const desk = new Desk({ opsInFlightMax: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    desk.submit('a', { signal: first.signal });
    desk.submit('b', { signal: second.signal });
    second.abort();
    first.abort();
    first.abort();
    expect(desk.ends).to.deep.equal(['b GRID_TIMEOUT not-applied', 'a GRID_TIMEOUT unknown']);
    desk.reply(1);
    expect(desk.ends).to.have.length(2);
  });

  it('by the signal of many sends none of those that waited', () => {
    const desk = new Desk({ opsInFlightMax: 2 });
    const abort = new AbortController();
    for (const name of ['a', 'b', 'c', 'd', 'e']) desk.submit(name, { signal: abort.signal });
    desk.submit('other');
    abort.abort();
    expect(desk.sent.map(({ op }) => new TextDecoder().decode(op))).to.deep.equal([
      'a',
      'b',
      'other',
    ]);
    expect(desk.ends.filter((end) => end.endsWith('unknown')).sort()).to.deep.equal([
      'a GRID_TIMEOUT unknown',
      'b GRID_TIMEOUT unknown',
    ]);
    expect(desk.ends.filter((end) => end.endsWith('not-applied')).sort()).to.deep.equal([
      'c GRID_TIMEOUT not-applied',
      'd GRID_TIMEOUT not-applied',
      'e GRID_TIMEOUT not-applied',
    ]);
    expect([desk.calls.inFlight, desk.calls.queued]).to.deep.equal([1, 0]);
  });

  it('by a signal that was aborted before sends nothing', () => {
    const desk = new Desk();
    desk.submit('a', { signal: AbortSignal.abort() });
    expect([desk.ends, desk.sent.length]).to.deep.equal([['a GRID_TIMEOUT not-applied'], 0]);
  });

  it('by time reaches those that wait as well', () => {
    const desk = new Desk({ opsInFlightMax: 1 });
    desk.submit('a');
    desk.submit('b', { timeoutMs: 100 });
    desk.submit('c');
    desk.pass(100);
    expect(desk.ends).to.deep.equal(['b GRID_TIMEOUT not-applied']);
    desk.reply(1);
    expect(desk.lastName).to.equal('c');
  });

  it('by a caller without a quorum comes soon, for polls in their own time', () => {
    const desk = new Desk({ opsInFlightMax: 1 });
    desk.submit('a');
    desk.submit('b');
    desk.submit('p', { isPoll: true });
    desk.pass(5_000);
    expect(desk.ends, 'with patience').to.deep.equal([]);
    desk.patienceMs = 1_500;
    desk.pass(25);
    expect(desk.ends).to.deep.equal(['a GRID_TIMEOUT unknown', 'b GRID_TIMEOUT not-applied']);
    desk.submit('c');
    desk.pass(1_475);
    expect(desk.ends).to.have.length(2);
    desk.pass(25);
    expect(desk.ends.at(-1)).to.equal('c GRID_TIMEOUT unknown');
    desk.pass(5_000);
    expect(desk.ends.at(-1)).to.equal('p GRID_TIMEOUT not-applied');
  });

  it('by the close reaches every call, and later ones are refused', () => {
    const desk = new Desk({ opsInFlightMax: 1 });
    const abort = new AbortController();
    desk.submit('a');
    desk.submit('b', { signal: abort.signal });
    desk.calls.close();
    desk.calls.close();
    abort.abort();
    desk.submit('c');
    expect(desk.ends).to.deep.equal([
      'a GRID_CLOSED unknown',
      'b GRID_CLOSED not-applied',
      'c GRID_CLOSED not-applied',
    ]);
  });

  it('by the close reaches each once, though the end of one ends another', () => {
    const desk = new Desk();
    const abort = new AbortController();
    const ends: string[] = [];
    const submit = (name: string, signal: AbortSignal | undefined, then: () => void) =>
      desk.calls.submit(
        {
          structure: { id: 5 as StructureId },
          op: Uint8Array.of(1),
          isWrite: false,
          isPoll: true,
          timeoutMs: 1_000,
          signal,
          resolve: () => {},
          reject: ({ code }) => {
            ends.push(`${name} ${code}`);
            then();
          },
        },
        0 as PartitionId,
      );
    submit('a', undefined, () => abort.abort());
    submit('b', abort.signal, () => {});
    desk.calls.close('it is over');
    expect(ends).to.deep.equal(['a GRID_CLOSED', 'b GRID_TIMEOUT']);
    expect(desk.calls.inFlight).to.equal(0);
  });
});

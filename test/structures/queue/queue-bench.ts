/** A queue's store on a bench: run with plain arguments, its changes applied to a second one. */
import { expect } from 'chai';
import { defaultLimits } from '../../../src/base/limits.ts';
import * as ops from '../../../src/structures/queue/queue-ops.ts';
import { type QueueBounds, QueueStore } from '../../../src/structures/queue/queue-store.ts';
import { decodeValue, encodeValue } from '../../../src/wire/value.ts';
import { runContext } from '../../support/run-context.ts';

const { progress, queueOps } = ops;
const bounds: QueueBounds = {
  capacity: Number.POSITIVE_INFINITY,
  bytesMax: 1e9,
  waitsMax: 65_536,
  waitBytesMax: 1e8,
};

/** How an op ended, in words. */
export type Ended =
  | { readonly is: 'done'; readonly item: unknown }
  | { readonly is: 'begun'; readonly token: Uint8Array }
  | { readonly is: 'waiting' | 'over' | 'lost' | 'no' };

const encoded = (item: unknown) => encodeValue(item, defaultLimits);
const plain = (bytes: Uint8Array) => (bytes.length === 0 ? undefined : decodeValue(bytes));

export class QueueBench {
  readonly store: QueueStore;
  readonly mirror: QueueStore;
  readonly gone = new Set<string>();
  /** All changes, oldest first. */
  readonly changes: Uint8Array[] = [];
  sequence = 0;
  now = 1_000_000;
  /** The keys that the last run woke, and for which it waits. */
  wakes: readonly number[] = [];
  waitsFor: number | undefined;

  constructor(changed: Partial<QueueBounds> = {}) {
    this.store = new QueueStore({ ...bounds, ...changed });
    this.mirror = new QueueStore({ ...bounds, ...changed });
  }

  run(op: Uint8Array, caller = 'ann'): Uint8Array {
    this.sequence += 1;
    const isGone = (who: string) => this.gone.has(who);
    const ran = this.store.run(op, { ...runContext(this.now, this.sequence, caller), isGone });
    if (!this.store.isWrite(op)) expect(ran.changes.length, 'a read changes nothing').to.equal(0);
    this.wakes = ran.wakes ?? [];
    this.waitsFor = ran.waitsFor;
    this.#replay(ran.changes);
    return ran.result;
  }

  /** Time passes, and house is kept for as long as there is something to do. */
  pass(ms: number): number[] {
    this.now += ms;
    const woken: number[] = [];
    for (let slice = 0; slice < 16 && this.store.isDue(this.now); slice++) {
      this.sequence += 1;
      const isGone = (who: string) => this.gone.has(who);
      const ran = this.store.housekeep({ ...runContext(this.now, this.sequence, ''), isGone });
      woken.push(...(ran.wakes ?? []));
      this.#replay(ran.changes);
    }
    return woken;
  }

  push(item: unknown, timeoutMs = 10_000, caller = 'ann'): Ended {
    return ended(this.run(ops.pushOp(encoded(item), timeoutMs), caller));
  }

  tryPush(item: unknown, caller = 'ann'): boolean {
    return this.run(ops.tryPushOp(encoded(item)), caller)[0] === 1;
  }

  take(timeoutMs = 10_000, caller = 'ann'): Ended {
    return ended(this.run(ops.takeOp(timeoutMs), caller));
  }

  /** The token of a take that has to wait. */
  waitingTake(timeoutMs = 10_000, caller = 'ann'): Uint8Array {
    return tokenOf(this.take(timeoutMs, caller));
  }

  tryTake(caller = 'ann'): unknown {
    return plain(this.run(ops.bareOp(queueOps.tryTake), caller));
  }

  peek(): unknown {
    return plain(this.run(ops.bareOp(queueOps.peek)));
  }

  size(): number {
    return ops.readCount(this.run(ops.bareOp(queueOps.size)));
  }

  clear(): void {
    this.run(ops.bareOp(queueOps.clear));
  }

  await(token: Uint8Array, caller = 'ann'): Ended {
    return ended(this.run(ops.tokenOp(queueOps.ask, token), caller));
  }

  cancel(token: Uint8Array, caller = 'ann'): Ended {
    return ended(this.run(ops.tokenOp(queueOps.cancel, token), caller));
  }

  settle(tokens: readonly Uint8Array[], caller = 'ann'): void {
    this.run(ops.settleOp(tokens), caller);
  }

  #replay(changes: Uint8Array): void {
    if (changes.length === 0) return;
    this.changes.push(changes.slice());
    this.mirror.apply(changes);
    expect(this.mirror.digest(), 'digest of the copy').to.equal(this.store.digest());
    const { entries, bytes } = this.store;
    expect([this.mirror.entries, this.mirror.bytes]).to.deep.equal([entries, bytes]);
  }
}

export function tokenOf(result: Ended): Uint8Array {
  expect(result.is).to.equal('begun');
  return (result as { readonly token: Uint8Array }).token;
}

function ended(result: Uint8Array): Ended {
  const rest = result.slice(1);
  if (result[0] === progress.done) return { is: 'done', item: plain(rest) };
  if (result[0] === progress.begun) return { is: 'begun', token: rest };
  if (result[0] === progress.waiting) return { is: 'waiting' };
  return { is: result[0] === progress.lost ? 'lost' : 'over' };
}

/**
 * How an appointed member becomes the serving primary (PROTOCOL.md 2.6): it fences every member in
 * sync, waits for every one of them, takes the longest log, and only then serves.
 *
 * Invariants
 * 1. It ends only when each member of the row's in-sync set has answered a fence of this term, so no
 *    primary of an earlier term can have anything acknowledged any more.
 * 2. The log that it serves from is the longest among them. All of them are prefixes of one log.
 * 3. Who does not answer is pruned by the meta group first, never skipped.
 */
import type { MemberId, Sequence } from '../base/ids.ts';
import type { Entry, ReplicaFenced, ReplicaPulled } from '../wire/replica-messages.ts';
import type { PartitionRow } from './meta-state.ts';
import { PeerStream } from './peer-stream.ts';
import { type Actions, type ReplicaState, SendAction } from './replica-state.ts';

interface Fencing {
  readonly stream: PeerStream['stream'];
  readonly startedAt: number;
  sentAt: number;
  /** What the peer has, once it has answered. */
  last: Sequence | undefined;
}

export class Promotion {
  readonly #state: ReplicaState;
  readonly #peers = new Map<MemberId, Fencing>();
  #row: PartitionRow;
  #pullSentAt: number | undefined;
  #pullStartedAt: number | undefined;
  #proposedAt: number | undefined;

  constructor(state: ReplicaState, row: PartitionRow, nowMs: number, out: Actions) {
    this.#state = state;
    this.#row = row;
    this.rowChanged(row, nowMs, out);
  }

  rowChanged(row: PartitionRow, nowMs: number, out: Actions): void {
    this.#row = row;
    this.#proposedAt = undefined;
    const { self, surroundings } = this.#state.options;
    for (const id of [...this.#peers.keys()]) {
      if (!row.inSync.includes(id)) this.#peers.delete(id);
    }
    for (const id of row.inSync) {
      if (id === self || this.#peers.has(id)) continue;
      const stream = surroundings.nextStream();
      const peer = { stream, startedAt: nowMs, sentAt: nowMs, last: undefined };
      this.#peers.set(id, peer);
      this.#sendFence(id, peer, out);
    }
    this.#pull(nowMs, out);
  }

  fenced(from: MemberId, message: ReplicaFenced, nowMs: number, out: Actions): void {
    const peer = this.#peers.get(from);
    if (peer === undefined || peer.stream !== message.stream || peer.last !== undefined) return;
    if (message.term !== this.#state.term) return;
    peer.last = message.last;
    this.#pull(nowMs, out);
  }

  pulled(message: ReplicaPulled, nowMs: number, out: Actions): void {
    const { log, term } = this.#state;
    if (message.term !== term) return;
    const before = log.last;
    for (const entry of message.entries) this.#take(entry, nowMs);
    if (log.last === before) return;
    this.#pullSentAt = undefined;
    this.#pullStartedAt = undefined;
    this.#pull(nowMs, out);
  }

  tick(nowMs: number, out: Actions): void {
    const { resendMs } = this.#state.options.timings;
    for (const [id, peer] of this.#peers) {
      if (peer.last !== undefined || nowMs - peer.sentAt <= resendMs) continue;
      peer.sentAt = nowMs;
      this.#sendFence(id, peer, out);
    }
    if (this.#pullSentAt !== undefined && nowMs - this.#pullSentAt > resendMs) {
      this.#pullSentAt = undefined;
      this.#pull(nowMs, out);
    }
    this.#prune(nowMs, out);
  }

  /** The streams to serve with, once everybody has answered and the longest log is here. */
  finish(nowMs: number): Map<MemberId, PeerStream> | undefined {
    const { log } = this.#state;
    for (const { last } of this.#peers.values()) {
      if (last === undefined || last > log.last) return undefined;
    }
    const streams = new Map<MemberId, PeerStream>();
    for (const [id, { stream, last }] of this.#peers) {
      const from = last as Sequence;
      streams.set(id, new PeerStream(this.#state, id, stream, from, nowMs, false));
    }
    return streams;
  }

  #take(entry: Entry, nowMs: number): void {
    const { log, options } = this.#state;
    if (entry.sequence !== log.last + 1) return;
    if (options.content.apply(entry, nowMs)) log.push(entry);
  }

  #sendFence(to: MemberId, peer: Fencing, out: Actions): void {
    const { options, term, generation } = this.#state;
    const { stream } = peer;
    const { partition } = options;
    const message = { kind: 'replica.fence', partition, term, generation, stream } as const;
    out.push(new SendAction(to, message));
  }

  /** Asks the peer with the longest log for what is missing here. */
  #pull(nowMs: number, out: Actions): void {
    const source = this.#longest();
    if (source === undefined || this.#pullSentAt !== undefined) return;
    this.#pullSentAt = nowMs;
    this.#pullStartedAt ??= nowMs;
    const { options, term, log } = this.#state;
    const { stream } = this.#peers.get(source) as Fencing;
    const { partition } = options;
    const message = { kind: 'replica.pull', partition, term, stream, after: log.last } as const;
    out.push(new SendAction(source, message));
  }

  /** The peer that has the most, where that is more than is here; only once all have answered. */
  #longest(): MemberId | undefined {
    let longest: MemberId | undefined;
    let most = this.#state.log.last as number;
    for (const [id, { last }] of this.#peers) {
      if (last === undefined) return undefined;
      if (last <= most) continue;
      most = last;
      longest = id;
    }
    return longest;
  }

  /** Proposes to go on without one that is gone, silent, or does not give its tail. */
  #prune(nowMs: number, out: Actions): void {
    const { timings, surroundings, partition } = this.#state.options;
    if (this.#proposedAt !== undefined && nowMs - this.#proposedAt <= timings.resendMs) return;
    const victim = this.#unresponsive(nowMs);
    if (victim === undefined) return;
    this.#proposedAt = nowMs;
    surroundings.beforeStep?.('shrink', partition);
    const inSync = this.#row.inSync.filter((id) => id !== victim);
    out.push({ kind: 'alter', row: this.#row, inSync });
  }

  #unresponsive(nowMs: number): MemberId | undefined {
    const source = this.#longest();
    for (const [id, peer] of this.#peers) {
      if (peer.last === undefined || id === source) {
        const since = peer.last === undefined ? peer.startedAt : this.#pullStartedAt;
        if (this.#isGone(id, since ?? nowMs, nowMs)) return id;
      }
    }
    return undefined;
  }

  #isGone(id: MemberId, askedAt: number, nowMs: number): boolean {
    const { surroundings, timings } = this.#state.options;
    if (!surroundings.isServing(id) || surroundings.isRefused(id)) return true;
    return nowMs - askedAt > timings.writeStallMaxMs;
  }
}

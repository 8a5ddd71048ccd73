/**
 * That nothing which waits grows past its bound (PROTOCOL.md 6.4, I11): what backups have not confirmed, in number
 * and in bytes, logs, results for retries, calls on their way and in line, proposals of the meta group, what is to be
 * sent to a peer, copies and their chunks on their way, messages that wait for a subscriber.
 *
 * Mailboxes are not among them: a turn of a simulated process empties them before time goes on. Nor are reads and
 * requests that wait at a primary, and the bytes of calls in line: their bounds are far above what a simulated
 * world brings, and nobody can look at them from outside. Tests of units hold all of these.
 */
import type { Sequence } from '../../src/base/ids.ts';
import type { Limits } from '../../src/base/limits.ts';
import { defaultRaftLimits } from '../../src/consensus/raft-options.ts';
import type { EntryLog } from '../../src/partition/entry-log.ts';
import type { Lane } from '../../src/transport/transport.ts';

interface Waiting {
  readonly to: string;
  readonly lane: Lane;
  readonly messages: number;
  readonly bytes: number;
}

/** Beside what is proposed: the entry that begins a term, and a change of the group. */
const ownEntriesOfLeader = 2;

export class BufferBounds {
  readonly looks = { bounds: 0, copies: 0, chunks: 0, subscribers: 0 };
  readonly #limits: Limits;
  readonly #report: (violation: string) => void;

  constructor(limits: Limits, report: (violation: string) => void) {
    this.#limits = limits;
    this.#report = (violation) => report(`I11: ${violation}`);
  }

  /** What a primary has given to its backups, and they have not confirmed. */
  checkUnconfirmed(place: string, log: { readonly last: number }, commit: number): void {
    const most = this.#limits.changesInFlightMax;
    this.#check(log.last - commit, `unconfirmed changes of ${place}`, most);
  }

  checkLog(place: string, log: { readonly last: number; readonly floor: number }): void {
    const most = this.#limits.changesInFlightMax;
    this.#check(log.last - log.floor, `entries in a log of ${place}`, most);
  }

  /**
   * Bytes of callers' changes, and of what they give, that backups have not confirmed. The last one is let in
   * whatever its size, and a primary's own housekeeping is bounded by their number alone.
   */
  checkUnconfirmedBytes(place: string, log: Pick<EntryLog, 'last' | 'at'>, commit: number): void {
    let before = 0;
    let last = 0;
    for (let sequence = commit + 1; sequence <= log.last; sequence++) {
      const entry = log.at(sequence as Sequence);
      if (entry === undefined || entry.opSequence === 0) continue;
      before += last;
      last = entry.changes.length + (entry.result?.length ?? 0);
    }
    if (last === 0) return;
    const most = this.#limits.changeBytesInFlightMax - 1;
    this.#check(before, `bytes of unconfirmed changes of ${place} before the last`, most);
  }

  /** Copies that a member gives, as the primary of whatever it is. */
  checkCopies(name: string, given: number): void {
    if (given === 0) return;
    this.looks.copies++;
    this.#check(given, `copies from ${name}`, this.#limits.copySessionsMax);
  }

  /** Chunks of one copy on their way. */
  checkChunks(copy: string, chunks: number): void {
    this.looks.chunks++;
    this.#check(chunks, `chunks of ${copy}`, this.#limits.copyChunksInFlightMax);
  }

  /** Messages that wait for one subscriber of a topic, by the buffer that it asked for. */
  checkSubscriber(name: string, waiting: number, buffer: number): void {
    this.looks.subscribers++;
    this.#check(waiting, `messages for ${name}`, buffer);
  }

  /** Of a member, for the retries of all its callers. */
  checkResults(name: string, kept: { readonly bytes: number; readonly bytesMax: number }): void {
    this.#check(kept.bytes, `bytes of results at ${name}`, kept.bytesMax);
    if (kept.bytes < 0) this.#report(`${kept.bytes} bytes of results at ${name}`);
  }

  /** Of a leader of the meta group. */
  checkProposals(
    name: string,
    raft: { readonly lastIndex: number; readonly commit: number },
  ): void {
    const most = defaultRaftLimits.uncommittedMax + ownEntriesOfLeader;
    this.#check(raft.lastIndex - raft.commit, `uncommitted entries at ${name}`, most);
  }

  /** Of a member or a client; those that wait for something to come do not count. */
  checkCalls(name: string, calls: { readonly working: number; readonly queued: number }): void {
    this.#check(calls.working, `calls on their way at ${name}`, this.#limits.opsInFlightMax);
    this.#check(calls.queued, `calls in line at ${name}`, this.#limits.opsQueuedMax);
  }

  /** What waits on a link, by the limits of its transport. */
  checkWaiting(from: string, { to, lane, messages, bytes }: Waiting, limits: Limits): void {
    const { controlBytesBufferedMax, dataBytesBufferedMax } = limits;
    const most = lane === 'control' ? controlBytesBufferedMax : dataBytesBufferedMax;
    // A single one is let in whatever its size.
    if (messages > 1) this.#check(bytes, `bytes of ${lane} from ${from} to ${to}`, most);
  }

  #check(there: number, what: string, most: number): void {
    this.looks.bounds++;
    if (there > most) this.#report(`${there} ${what}, and ${most} are the most`);
  }
}

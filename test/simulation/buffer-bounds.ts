/**
 * That nothing which waits grows past its bound (PROTOCOL.md 6.4, I11): what backups have not confirmed, logs,
 * results for retries, calls on their way and in line, proposals of the meta group, what is to be sent to a peer.
 *
 * Mailboxes are not among them: a turn of a simulated process empties them before time goes on. A test of units
 * holds their bounds.
 */
import type { Limits } from '../../src/base/limits.ts';
import { defaultRaftLimits } from '../../src/consensus/raft-options.ts';
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
  readonly looks = { bounds: 0 };
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

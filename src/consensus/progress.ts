/**
 * What a leader knows of one peer's log.
 *
 * Invariants
 * 1. `match < next`; up to `match` the peer's log is the leader's. In one term it never falls.
 * 2. `probe`: where the logs part is not known, so one append is on its way at a time. `replicate`:
 *    appends follow each other unanswered. `snapshot`: one chunk is on its way at a time.
 */
import type { StoredSnapshot } from './snapshot.ts';

export class Progress {
  match = 0;
  next: number;
  mode: 'probe' | 'replicate' | 'snapshot' = 'probe';
  /** Probe and snapshot: something is on its way, until it is answered or the next heartbeat is due. */
  isWaiting = false;
  /** Replicate: the last index of each append on its way. */
  readonly inFlight: number[] = [];
  /** Snapshot: what is being sent, and from which byte on. */
  snapshot: StoredSnapshot | undefined;
  offset = 0;
  /** The commit index of the last append. */
  commitSent = 0;
  /** When the newest round was sent that the peer has acknowledged. */
  contactAt = Number.NEGATIVE_INFINITY;
  /** When something last came from the peer; decides how much it is worth sending, and nothing else. */
  heardAt: number;
  /** The entry that removed the peer; it is told of it once that is committed, for a while. */
  removedAt: number | undefined;
  droppedAt = Number.POSITIVE_INFINITY;

  constructor(next: number, nowMs: number) {
    this.next = next;
    this.heardAt = nowMs;
  }

  mayCarry(inFlightMax: number): boolean {
    return this.mode === 'replicate' ? this.inFlight.length < inFlightMax : !this.isWaiting;
  }

  sent(last: number, carried: boolean): void {
    if (this.mode === 'probe') this.isWaiting = true;
    if (this.mode !== 'replicate' || !carried) return;
    this.next = last + 1;
    this.inFlight.push(last);
  }

  /** The peer's log is the leader's up to `index`; the leader's own begins after `base`. */
  accepted(index: number, base: number): void {
    this.match = Math.max(this.match, index);
    if (this.mode === 'replicate') {
      while ((this.inFlight[0] ?? Number.POSITIVE_INFINITY) <= this.match) this.inFlight.shift();
      this.next = Math.max(this.next, this.match + 1);
      return;
    }
    // The log may have moved on beyond the snapshot in the meantime: then another one follows.
    const wanted = Math.min(base, this.snapshot?.index ?? base);
    if (this.mode === 'snapshot' && this.match < wanted) return;
    this.#enter('replicate', this.match + 1);
  }

  /** The peer wants to be sent `index` next. */
  refused(index: number): void {
    // Below `match` the refusal is older than an acceptance.
    if (this.mode === 'snapshot' || index <= this.match) return;
    this.#enter('probe', Math.min(index, this.next));
  }

  beginSnapshot(snapshot: StoredSnapshot): void {
    this.#enter('snapshot', snapshot.index + 1);
    this.snapshot = snapshot;
  }

  #enter(mode: Progress['mode'], next: number): void {
    this.mode = mode;
    this.next = next;
    this.isWaiting = false;
    this.inFlight.length = 0;
    this.snapshot = undefined;
    this.offset = 0;
  }
}

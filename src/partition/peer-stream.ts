/**
 * A primary's channel to one peer: what it has sent, what came back, and the copy that runs first
 * where the peer is a learner.
 *
 * The copy (PROTOCOL.md 3.2): every entry is sent from the start on, and each chunk replaces its
 * hashes at the position of the log at which it was read. So a learner that applies both in order
 * is equal to the primary at every position, whatever it applied before the chunk came. It begins
 * at the commit: what is not committed travels as entries, since a learner that is promoted may
 * have to pass it on.
 *
 * Invariants
 * 1. What is sent is a merge of entries by sequence and chunks by position, always in that order; an
 *    entry says how many chunks come before it, so that the loss of a chunk holds up what follows.
 * 2. `acked` never exceeds the log's last sequence nor falls; a resend starts at `acked`.
 * 3. At most `copyChunksInFlightMax` chunks are on their way.
 */
import { hashCount } from '../base/hash.ts';
import type { MemberId, Sequence, StreamId, StructureId, Term, Version } from '../base/ids.ts';
import { type ReplicaAck, ReplicaAppend, type ReplicaCopy } from '../wire/replica-messages.ts';
import type { Piece } from './content.ts';
import { type Actions, type ReplicaState, SendAction } from './replica-state.ts';

/** About how many bytes of entries one message carries; a larger entry travels alone. */
const messageBytesMax = 1_048_576;
/** Of a structure that was destroyed while it was copied. */
const nothing: Piece = {
  structure: 0 as StructureId,
  from: 0,
  to: 0,
  bytes: new Uint8Array(0),
  entries: 0,
};

interface CopySession {
  /** Chunks that have been read and not confirmed, oldest first. */
  readonly retained: ReplicaCopy[];
  /** How many of the retained ones were sent since the last restart. */
  sent: number;
  confirmed: number;
  read: number;
  /** What is still to be read. */
  readonly structures: readonly StructureId[];
  structureAt: number;
  hashAt: number;
  isRead: boolean;
}

export class PeerStream {
  readonly id: MemberId;
  readonly stream: StreamId;
  readonly #state: ReplicaState;
  readonly #term: Term;
  acked: Sequence;
  #sent: Sequence;
  #commitSent = 0 as Sequence;
  #copy: CopySession | undefined;
  /** The length of the copy that was confirmed. */
  #chunksCopied = 0;
  /** Since when something sent is without an answer; undefined where nothing is. */
  lagsSince: number | undefined;
  #progressAt: number;

  constructor(
    state: ReplicaState,
    id: MemberId,
    stream: StreamId,
    from: Sequence,
    nowMs: number,
    isLearner: boolean,
  ) {
    this.#state = state;
    this.#term = state.term;
    this.id = id;
    this.stream = stream;
    this.acked = from;
    this.#sent = from;
    this.#progressAt = nowMs;
    if (isLearner) this.#beginCopy();
  }

  /** Whether the peer's content is whole and has all that the primary committed. */
  get isCaughtUp(): boolean {
    return this.#copy === undefined && this.acked >= this.#state.commit;
  }

  /** Whether the peer has all that there is, the commit too, so that a tick has nothing to send. */
  get isCalm(): boolean {
    const { log, commit } = this.#state;
    const hasAll = this.acked === log.last && this.#sent === log.last;
    return hasAll && this.#copy === undefined && this.#commitSent >= commit;
  }

  /** How much of the copy has been read, 0 to 1. */
  get copied(): number {
    const copy = this.#copy;
    if (copy === undefined) return 1;
    return (copy.structureAt + copy.hashAt / hashCount) / Math.max(1, copy.structures.length);
  }

  get isCopying(): boolean {
    return this.#copy !== undefined;
  }

  /** Whether the log no longer reaches back to what the peer has: it needs a new stream. */
  get isOutrun(): boolean {
    return this.acked < this.#state.log.floor;
  }

  /** Whether the peer has more than before. */
  acknowledge(message: ReplicaAck, nowMs: number): boolean {
    const last = Math.min(message.last, this.#state.log.last) as Sequence;
    const before = this.acked;
    if (last > this.acked) this.acked = last;
    if (this.#sent < this.acked) this.#sent = this.acked;
    const hasNewChunk = this.#confirmChunks(message.chunks);
    const hasMore = this.acked > before || hasNewChunk;
    if (hasMore) this.#progressAt = nowMs;
    if (this.acked === this.#state.log.last && this.#copy === undefined) this.lagsSince = undefined;
    else if (this.acked > before) this.lagsSince = nowMs;
    return hasMore;
  }

  /** Sends what is new; the end of a turn calls it. */
  flush(nowMs: number, out: Actions): void {
    this.#sendChunks(nowMs, out);
    this.#sendEntries(this.#state.log.last, nowMs, out);
  }

  /** Sends again what has had no answer, and an idle peer the commit index. */
  tick(nowMs: number, out: Actions): void {
    const isWaiting = this.acked < this.#sent || (this.#copy !== undefined && this.#copy.sent > 0);
    if (isWaiting && nowMs - this.#progressAt > this.#state.options.timings.resendMs) {
      this.#sent = this.acked;
      if (this.#copy !== undefined) this.#copy.sent = 0;
      this.#progressAt = nowMs;
    }
    this.flush(nowMs, out);
    if (this.#commitSent < this.#state.commit && this.#sent === this.#state.log.last) {
      this.#sendAppend(this.#sent, out);
    }
  }

  #sendEntries(to: Sequence, nowMs: number, out: Actions): void {
    while (this.#sent < to) {
      const before = this.#sent;
      this.#sendAppend(to, out);
      if (this.#sent === before) return;
      if (this.lagsSince === undefined) {
        this.lagsSince = nowMs;
        this.#progressAt = nowMs;
      }
    }
  }

  /** One message of entries after `#sent`, at most to `to`; of none where there are none. */
  #sendAppend(to: Sequence, out: Actions): void {
    const { log, commit, options } = this.#state;
    let last = this.#sent as number;
    let bytes = 0;
    while (last < to && bytes < messageBytesMax) {
      const entry = log.at((last + 1) as Sequence);
      if (entry === undefined) return;
      last++;
      bytes += entry.changes.length + (entry.result?.length ?? 0);
    }
    const entries = log.slice(this.#sent, last as Sequence);
    if (entries === undefined) return;
    this.#commitSent = commit;
    const message = new ReplicaAppend(
      options.partition,
      this.#term,
      this.stream,
      this.#sent,
      commit,
      this.#chunksBefore,
      entries,
    );
    out.push(new SendAction(this.id, message));
    this.#sent = last as Sequence;
  }

  /** How many chunks were sent before what is sent now. */
  get #chunksBefore(): number {
    const copy = this.#copy;
    return copy === undefined ? this.#chunksCopied : copy.confirmed + copy.sent;
  }

  #sendChunks(nowMs: number, out: Actions): void {
    const copy = this.#copy;
    if (copy === undefined) return;
    for (; copy.sent < copy.retained.length; copy.sent++) {
      const chunk = copy.retained[copy.sent] as ReplicaCopy;
      this.#sendEntries(chunk.at, nowMs, out);
      // Without the entries before it the peer could not place the chunk.
      if (this.#sent < chunk.at) return;
      out.push(new SendAction(this.id, chunk));
      if (this.lagsSince === undefined) this.lagsSince = nowMs;
    }
  }

  #beginCopy(): void {
    const { content } = this.#state.options;
    const structures = [...content.stores.keys()];
    const copy: CopySession = {
      retained: [],
      sent: 0,
      confirmed: 0,
      read: 0,
      structures,
      structureAt: 0,
      hashAt: 0,
      isRead: false,
    };
    this.#copy = copy;
    const bytes = content.dedupe.encode();
    this.#retain(copy, { structure: 0 as StructureId, from: 0, to: 0, bytes, entries: 0 });
  }

  /** Whether there is something left to copy, and room for it on the way. */
  get wantsChunk(): boolean {
    const copy = this.#copy;
    if (copy === undefined || copy.isRead) return false;
    return copy.retained.length < this.#state.options.limits.copyChunksInFlightMax;
  }

  /** Reads the next chunk, to be sent at the end of the turn; harmless where there is none or no room. */
  readChunk(): void {
    const copy = this.#copy;
    if (copy === undefined || !this.wantsChunk) return;
    const { content, limits } = this.#state.options;
    const structure = copy.structures[copy.structureAt] as StructureId;
    const piece = content.copy(structure, copy.hashAt, limits.copyChunkBytes) ?? nothing;
    const isStoreRead = piece === nothing || piece.to === hashCount;
    copy.hashAt = isStoreRead ? 0 : piece.to;
    if (isStoreRead) copy.structureAt++;
    this.#retain(copy, piece);
  }

  #retain(copy: CopySession, { structure, from, to, bytes, entries }: Piece) {
    const { options, log, commit, generation, row } = this.#state;
    copy.isRead = copy.structureAt >= copy.structures.length;
    copy.retained.push({
      kind: 'replica.copy',
      partition: options.partition,
      term: this.#term,
      stream: this.stream,
      generation,
      version: row?.version ?? (0 as Version),
      chunk: copy.read,
      at: copy.read === 0 ? commit : log.last,
      structure,
      fromHash: from,
      toHash: to,
      entries,
      content: bytes,
      last: copy.isRead,
    });
    copy.read++;
  }

  #confirmChunks(chunks: number): boolean {
    const copy = this.#copy;
    if (copy === undefined || chunks <= copy.confirmed || chunks > copy.read) return false;
    const confirmed = chunks - copy.confirmed;
    copy.retained.splice(0, confirmed);
    copy.sent = Math.max(0, copy.sent - confirmed);
    copy.confirmed = chunks;
    if (copy.isRead && copy.confirmed === copy.read) {
      this.#chunksCopied = copy.read;
      this.#copy = undefined;
    }
    return true;
  }
}

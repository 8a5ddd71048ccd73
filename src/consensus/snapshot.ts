/** Snapshots: what a member keeps in place of compacted entries, and how one arrives in chunks. */
import type { MemberId } from '../base/ids.ts';
import type { RaftConfig, RaftSnapshot } from '../wire/consensus-messages.ts';

export interface StoredSnapshot {
  readonly index: number;
  readonly term: number;
  /** The config in force at `index`. */
  readonly config: RaftConfig;
  readonly bytes: Uint8Array;
}

/**
 * Puts the chunks of one snapshot together. Two leaders may write the same state in different bytes, so
 * chunks of another leader or another snapshot start it anew. It holds no more than the leader's snapshot,
 * whose size the state machine bounds.
 */
export class SnapshotIntake {
  #from: MemberId | undefined;
  #term = 0;
  #lastIndex = 0;
  #chunks: Uint8Array[] = [];
  #offset = 0;

  /** Bytes received so far. */
  get offset(): number {
    return this.#offset;
  }

  /** The whole, when this was the chunk that completes it. */
  take(from: MemberId, message: RaftSnapshot): Uint8Array | undefined {
    if (!this.#isSame(from, message)) this.#begin(from, message);
    // Anything else than the next chunk is a resend, or follows one that was lost.
    if (message.offset !== this.#offset) return undefined;
    this.#chunks.push(message.chunk);
    this.#offset += message.chunk.length;
    return message.done ? this.#joined() : undefined;
  }

  clear(): void {
    this.#from = undefined;
    this.#chunks = [];
    this.#offset = 0;
  }

  #isSame(from: MemberId, { term, lastIndex }: RaftSnapshot): boolean {
    return this.#from === from && this.#term === term && this.#lastIndex === lastIndex;
  }

  #begin(from: MemberId, { term, lastIndex }: RaftSnapshot): void {
    this.clear();
    this.#from = from;
    this.#term = term;
    this.#lastIndex = lastIndex;
  }

  #joined(): Uint8Array {
    const whole = new Uint8Array(this.#offset);
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}

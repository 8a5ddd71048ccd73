/** What a simulated process has sent to one address and what has not left yet, by lane. */
import type { MemberId } from '../base/ids.ts';
import type { Lane } from '../transport/transport.ts';
import type { Message } from '../wire/messages.ts';

interface Entry {
  /** Whom it is for; undefined where it is for whoever is there. */
  readonly id: MemberId | undefined;
  readonly message: Message;
  readonly bytes: number;
}

interface Batch {
  readonly entries: Entry[];
  bytes: number;
}

const emptyBatch = (): Batch => ({ entries: [], bytes: 0 });

export class Outbox {
  #lanes: Record<Lane, Batch> = { control: emptyBatch(), data: emptyBatch() };

  get isEmpty(): boolean {
    return this.#lanes.control.entries.length + this.#lanes.data.entries.length === 0;
  }

  bytes(lane: Lane): number {
    return this.#lanes[lane].bytes;
  }

  push(lane: Lane, id: MemberId | undefined, message: Message, bytes: number): void {
    const batch = this.#lanes[lane];
    batch.entries.push({ id, message, bytes });
    batch.bytes += bytes;
  }

  /** Drops the oldest until no more than that many bytes are left. */
  trim(lane: Lane, bytesMax: number): void {
    const batch = this.#lanes[lane];
    while (batch.bytes > bytesMax) batch.bytes -= batch.entries.shift()?.bytes ?? 0;
  }

  /**
   * Takes all of a lane: what may go to that identity, in frames of about so many bytes or of a single
   * message, and how many were for another.
   */
  take(
    lane: Lane,
    id: MemberId | undefined,
    frameBytesMax: number,
  ): { readonly frames: Message[][]; readonly strangers: number } {
    const { entries } = this.#lanes[lane];
    if (entries.length > 0) this.#lanes[lane] = emptyBatch();
    const frames: Message[][] = [];
    let strangers = 0;
    let room = 0;
    for (const { id: meant, message, bytes } of entries) {
      if (meant !== undefined && meant !== id) {
        strangers++;
      } else if (bytes <= room) {
        room -= bytes;
        frames.at(-1)?.push(message);
      } else {
        room = frameBytesMax - bytes;
        frames.push([message]);
      }
    }
    return { frames, strangers };
  }

  clear(): void {
    this.#lanes = { control: emptyBatch(), data: emptyBatch() };
  }
}

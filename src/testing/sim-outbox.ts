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

  /** Takes all of a lane: what may go to that identity, and how many were for another. */
  take(lane: Lane, id: MemberId | undefined): { messages: Message[]; strangers: number } {
    const { entries } = this.#lanes[lane];
    this.#lanes[lane] = emptyBatch();
    const messages: Message[] = [];
    for (const entry of entries) {
      if (entry.id === undefined || entry.id === id) messages.push(entry.message);
    }
    return { messages, strangers: entries.length - messages.length };
  }

  clear(): void {
    this.#lanes = { control: emptyBatch(), data: emptyBatch() };
  }
}

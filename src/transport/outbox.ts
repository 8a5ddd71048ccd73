/**
 * What waits to be sent on one lane to one peer, bounded by bytes.
 *
 * Control messages are about now: past the bound the oldest go. Of data the newest is refused, so that
 * its sender knows. One message is always admitted, whatever its size.
 */
import type { MemberId } from '../base/ids.ts';
import { keptMessage, type Message } from '../wire/messages.ts';
import { sizeBound } from '../wire/size.ts';
import type { Lane } from './transport.ts';

export interface Waiting {
  readonly message: Message;
  /** Only this process may get it. */
  readonly id: MemberId | undefined;
  readonly bytes: number;
}

/** What a message takes in memory beside its content, about. */
const objectBytes = 128;

/** A frame is cut here, so that a long batch does not hold up what comes after it. */
export const batchBytesMax = 1_024 * 1_024;
/** So many taken messages may stand at the head of the queue before it is copied down. */
const headMax = 8_192;

export class Outbox {
  readonly #lane: Lane;
  readonly #bytesMax: number;
  #waiting: Waiting[] = [];
  /** Where the next batch begins; what lies before is taken. */
  #head = 0;
  #bytes = 0;
  #dropped = 0;

  constructor(lane: Lane, bytesMax: number) {
    this.#lane = lane;
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#waiting.length - this.#head;
  }

  /** Messages dropped at the bound, ever. */
  get dropped(): number {
    return this.#dropped;
  }

  /** False where it was refused. */
  push(message: Message, id: MemberId | undefined, content = sizeBound(message)): boolean {
    const bytes = content + objectBytes;
    if (this.#bytes + bytes > this.#bytesMax && this.length > 0) {
      if (this.#lane === 'data') {
        this.#dropped++;
        return false;
      }
      this.#dropOldest(bytes);
    }
    this.#waiting.push({ message: keptMessage(message), id, bytes });
    this.#bytes += bytes;
    return true;
  }

  /** The messages of the next frame for the process `id`; what waited for another is dropped. */
  takeBatch(id: MemberId): Message[] {
    const batch: Message[] = [];
    let bytes = 0;
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      if (batch.length > 0 && bytes + next.bytes > batchBytesMax) break;
      this.#remove(next);
      if (next.id !== undefined && next.id !== id) {
        this.#dropped++;
        continue;
      }
      batch.push(next.message);
      bytes += next.bytes;
    }
    return batch;
  }

  clear(): void {
    this.#dropped += this.length;
    this.#waiting = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #dropOldest(bytes: number): void {
    for (let oldest = this.#peek(); oldest !== undefined; oldest = this.#peek()) {
      if (this.#bytes + bytes <= this.#bytesMax) return;
      this.#remove(oldest);
      this.#dropped++;
    }
  }

  #peek(): Waiting | undefined {
    return this.#waiting[this.#head];
  }

  #remove(first: Waiting): void {
    this.#bytes -= first.bytes;
    this.#head++;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    } else if (this.#head >= headMax && this.#head * 2 > this.#waiting.length) {
      // Keeps the array from growing for ever where it never runs empty.
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
  }
}

/**
 * What waits to be sent on a connection that is up, already as frames: each message is encoded where it
 * is handed over, so nothing is kept of it but its bytes. Bounded: past it the newest is refused.
 *
 * Everything of a turn travels in few frames: the first is due after some messages, so that the other side
 * works on them while this one still makes the rest, and each that follows in the turn is twice as long.
 */
import type { Codec } from '../wire/codec.ts';
import type { Message } from '../wire/messages.ts';
import { sizeBound } from '../wire/size.ts';
import { batchBytesMax } from './outbox.ts';

/** Messages after which the first frame of a turn, and then any, waits no longer for the turn's end. */
const firstMessages = 32;
const laterMessages = 256;

export class FrameQueue {
  readonly #codec: Codec;
  readonly #bytesMax: number;
  /** Frames that are full, oldest first. */
  #full: Uint8Array[] = [];
  #fullBytes = 0;
  #dueMessages = firstMessages;

  constructor(codec: Codec, bytesMax: number) {
    this.#codec = codec;
    this.#bytesMax = bytesMax;
  }

  get isEmpty(): boolean {
    return this.#codec.messages === 0 && this.#full.length === 0;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#fullBytes + this.#codec.bytes;
  }

  /** Whether enough has come together for a frame. */
  get isDue(): boolean {
    return this.#codec.messages >= this.#dueMessages;
  }

  /** The turn is over: what follows is of another. */
  endTurn(): void {
    this.#dueMessages = firstMessages;
  }

  /** False where it was refused. One message is always admitted, whatever its size. */
  push(message: Message, bytes = sizeBound(message)): boolean {
    const codec = this.#codec;
    if (this.bytes + bytes > this.#bytesMax && !this.isEmpty) return false;
    if (codec.messages > 0 && codec.bytes + bytes > batchBytesMax) {
      this.#fullBytes += codec.bytes;
      this.#full.push(codec.takeBatch());
    }
    codec.append(message);
    return true;
  }

  /** The next frame; undefined where nothing waits. */
  take(): Uint8Array | undefined {
    const full = this.#full.shift();
    if (full !== undefined) {
      this.#fullBytes -= full.length;
      return full;
    }
    if (this.#codec.messages === 0) return undefined;
    this.#dueMessages = Math.min(2 * this.#dueMessages, laterMessages);
    return this.#codec.takeBatch();
  }

  clear(): void {
    this.#full = [];
    this.#fullBytes = 0;
    this.#codec.clear();
  }
}

/**
 * What waits for one actor, in two lanes: `control` overtakes `normal`.
 *
 * Invariants
 * 1. The normal lane never holds more than its bounds, except for a single message larger than
 *    `bytesMax`, which is admitted into an empty lane so that it can pass at all.
 * 2. Control messages are never dropped. Past their bound each one is reported, so that whoever
 *    produces them can be cut off.
 * 3. `onPause` and `onResume` alternate, beginning with `onPause`.
 * 4. `count` is what both lanes hold. It is counted here: it is asked with every message, and the lanes of an
 *    actor that is seldom told anything are in no cache.
 */
import { Ring } from './ring.ts';

export interface LaneBounds {
  readonly countMax: number;
  readonly bytesMax: number;
}

export interface MailboxOptions {
  /** At it `offer` rejects. @default 16,384 messages, 16 MiB */
  readonly normal?: LaneBounds;
  /** Past it `onOverflow` is called. @default 4,096 messages, 1 MiB */
  readonly control?: LaneBounds;
  /** Share of the normal bounds at which the source is paused. @default 0.75 */
  readonly highMark?: number;
  /** Share of the normal bounds at which the source is resumed. @default 0.25 */
  readonly lowMark?: number;
  /** Stop reading from what feeds the normal lane. */
  onPause?(): void;
  onResume?(): void;
  /** The control lane is past its bound: close its producer. */
  onOverflow?(): void;
}

export const defaultNormalBounds: LaneBounds = { countMax: 16_384, bytesMax: 16 * 1_024 * 1_024 };
export const defaultControlBounds: LaneBounds = { countMax: 4_096, bytesMax: 1_024 * 1_024 };

class Lane<M> {
  readonly #messages = new Ring<M>();
  readonly #sizes = new Ring<number>();
  #bytes = 0;

  get count(): number {
    return this.#messages.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it holds at least that share of its bounds, by either measure. */
  isFilledTo(share: number, bounds: LaneBounds): boolean {
    return this.count >= bounds.countMax * share || this.#bytes >= bounds.bytesMax * share;
  }

  hasRoom(bytes: number, bounds: LaneBounds): boolean {
    if (this.count === 0) return true;
    return this.count < bounds.countMax && this.#bytes + bytes <= bounds.bytesMax;
  }

  push(message: M, bytes: number): void {
    this.#messages.push(message);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  shift(): M | undefined {
    this.#bytes -= this.#sizes.shift() ?? 0;
    return this.#messages.shift();
  }

  clear(): void {
    this.#messages.clear();
    this.#sizes.clear();
    this.#bytes = 0;
  }
}

export class Mailbox<M extends object> {
  readonly #normal = new Lane<M>();
  readonly #control = new Lane<M>();
  readonly #normalBounds: LaneBounds;
  readonly #controlBounds: LaneBounds;
  readonly #highMark: number;
  readonly #lowMark: number;
  readonly #options: MailboxOptions;
  #isPaused = false;
  #count = 0;

  constructor(options: MailboxOptions = {}) {
    this.#options = options;
    this.#normalBounds = options.normal ?? defaultNormalBounds;
    this.#controlBounds = options.control ?? defaultControlBounds;
    this.#highMark = options.highMark ?? 0.75;
    this.#lowMark = options.lowMark ?? 0.25;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#normal.bytes + this.#control.bytes;
  }

  /** False where the normal lane is at its bound. */
  offer(message: M, bytes: number): boolean {
    if (!this.#normal.hasRoom(bytes, this.#normalBounds)) return false;
    this.#normal.push(message, bytes);
    this.#count++;
    if (!this.#isPaused && this.#normal.isFilledTo(this.#highMark, this.#normalBounds)) {
      this.#isPaused = true;
      this.#options.onPause?.();
    }
    return true;
  }

  offerControl(message: M, bytes: number): void {
    const fits = this.#control.hasRoom(bytes, this.#controlBounds);
    this.#control.push(message, bytes);
    this.#count++;
    if (!fits) this.#options.onOverflow?.();
  }

  take(): M | undefined {
    if (this.#count === 0) return undefined;
    this.#count--;
    if (this.#control.count > 0) return this.#control.shift();
    const message = this.#normal.shift();
    if (this.#isPaused) this.#resumeIfLow();
    return message;
  }

  clear(): void {
    this.#normal.clear();
    this.#control.clear();
    this.#count = 0;
    if (this.#isPaused) this.#resumeIfLow();
  }

  #resumeIfLow(): void {
    // An empty lane is low whatever the marks, or its source would stay paused for ever.
    if (this.#normal.count > 0 && this.#normal.isFilledTo(this.#lowMark, this.#normalBounds))
      return;
    this.#isPaused = false;
    this.#options.onResume?.();
  }
}

/**
 * One subscriber of a topic in this process: where it is, what waits for it, and what becomes of what
 * it has no room for. It knows no promises and no network.
 *
 * Invariants
 * 1. The consumer gets messages in the order of their numbers, each at most once within a line, and
 *    between two that do not follow each other exactly one gap that names the numbers between them.
 * 2. At most `buffer` messages and `bufferBytesMax` bytes wait, one message whatever its size.
 * 3. After `ended` the consumer is told nothing.
 */
import { Ring } from '../../actors/ring.ts';
import { GridError } from '../../base/errors.ts';
import type { OverflowPolicy, TopicGap } from '../../grid-topic.ts';
import type { TopicMessage } from './topic-message.ts';

export const bufferDefault = 1_000;
/** The bytes that wait for one subscriber; past it its overflow policy is applied. */
export const bufferBytesMax = 16_777_216;

/** What the subscriber delivers to. Nothing here throws. */
export interface Consumer {
  /** True where it can take the next one; else it calls `ready` when it can. */
  message(message: TopicMessage): boolean;
  gap(gap: TopicGap): void;
  ended(error: GridError | undefined): void;
}

export interface SubscriberOptions {
  readonly consumer: Consumer;
  readonly buffer: number;
  readonly onOverflow: OverflowPolicy;
  /** Called once, when nothing more is wanted. */
  readonly onDetach: (subscriber: Subscriber) => void;
}

type Item =
  | { readonly kind: 'message'; readonly message: TopicMessage }
  | { readonly kind: 'gap'; gap: TopicGap };

export class Subscriber {
  /** The last number that was offered, missed or not wanted. */
  cursor = 0;
  /** Called when nothing waits any more; set by whoever reads ahead for this subscriber. */
  onRoom: (() => void) | undefined;
  readonly #options: SubscriberOptions;
  readonly #waiting = new Ring<Item>();
  #messages = 0;
  #bytes = 0;
  /** What was dropped before the first that waits. */
  #missed: TopicGap | undefined;
  /** The gap that stands last among what waits: it grows while there is no room. */
  #lastGap: { readonly kind: 'gap'; gap: TopicGap } | undefined;
  /** It begins so: nothing is delivered before the first `ready`. */
  #isBusy = true;
  #isEnding = false;
  #isEnded = false;
  #error: GridError | undefined;

  constructor(options: SubscriberOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return !this.#isEnding;
  }

  /** Whether another message would be kept without dropping any. */
  get hasRoom(): boolean {
    return !this.#isFull(0);
  }

  /** How many messages wait. */
  get waiting(): number {
    return this.#messages;
  }

  /** The next message; one that it has seen or does not want is ignored. */
  offer(message: TopicMessage): void {
    if (this.#isEnding || message.sequence <= this.cursor) return;
    this.cursor = message.sequence;
    if (!this.#isBusy && this.#waiting.length === 0 && this.#missed === undefined) {
      this.#isBusy = true;
      if (this.#options.consumer.message(message)) this.#pump();
      return;
    }
    if (this.#messages > 0 && this.#isFull(message.bytes)) this.#overflow(message);
    else this.#push(message);
  }

  /** Messages up to `to` are gone for good. */
  miss(to: number): void {
    if (this.#isEnding || to <= this.cursor) return;
    const gap: TopicGap = { from: this.cursor + 1, to, reason: 'trimmed' };
    this.cursor = to;
    this.#pushGap(gap);
  }

  /** The topic has begun anew: numbers count from 1 again, and what came before is not known. */
  restart(): void {
    if (this.#isEnding) return;
    const gap: TopicGap = { from: this.cursor + 1, to: undefined, reason: 'restarted' };
    this.cursor = 0;
    this.#pushGap(gap);
  }

  /** The consumer can take the next one. */
  ready(): void {
    if (this.#isEnded) return;
    this.#pump();
  }

  /** Ends at once: what waits is not delivered. */
  close(): void {
    this.#drop();
    this.end(undefined);
    this.#finish();
  }

  /** Ends when what waits was delivered. */
  end(error: GridError | undefined): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#error = error;
    this.onRoom = undefined;
    this.#options.onDetach(this);
    if (!this.#isBusy) this.#pump();
  }

  #isFull(more: number): boolean {
    return this.#messages >= this.#options.buffer || this.#bytes + more > bufferBytesMax;
  }

  #overflow(message: TopicMessage): void {
    const { onOverflow, buffer } = this.#options;
    if (onOverflow === 'drop-newest') {
      this.#pushGap(gapOf(message));
    } else if (onOverflow === 'drop-oldest') {
      while (this.#messages > 0 && this.#isFull(message.bytes)) this.#dropFirst();
      this.#push(message);
    } else {
      const found = `${this.#messages} and ${this.#bytes} bytes waiting`;
      const text = `expected a subscriber that keeps up with ${buffer} messages of ${bufferBytesMax} bytes between, found ${found}; raise buffer, take messages faster, or choose another onOverflow`;
      this.end(new GridError('GRID_OVERLOADED', text));
    }
  }

  #push(message: TopicMessage): void {
    this.#waiting.push({ kind: 'message', message });
    this.#messages++;
    this.#bytes += message.bytes;
    this.#lastGap = undefined;
  }

  #pushGap(gap: TopicGap): void {
    if (this.#lastGap !== undefined) {
      this.#lastGap.gap = merged(this.#lastGap.gap, gap);
    } else {
      const item: Item = { kind: 'gap', gap };
      this.#waiting.push(item);
      this.#lastGap = item;
    }
    if (!this.#isBusy) this.#pump();
  }

  /** A gap that follows belongs to the same hole: it is told with the message behind it. */
  #dropFirst(): void {
    const item = this.#shift();
    if (item !== undefined) this.#addMissed(item.kind === 'gap' ? item.gap : gapOf(item.message));
  }

  #shift(): Item | undefined {
    const item = this.#waiting.shift();
    if (item === undefined) return undefined;
    if (item.kind === 'message') {
      this.#messages--;
      this.#bytes -= item.message.bytes;
    } else if (item === this.#lastGap) {
      this.#lastGap = undefined;
    }
    return item;
  }

  /** Delivers what waits, for as long as the consumer takes it. */
  #pump(): void {
    this.#isBusy = true;
    while (!this.#isEnded) {
      const item = this.#shift();
      if (item?.kind === 'gap') {
        this.#addMissed(item.gap);
        continue;
      }
      this.#tellMissed();
      if (item === undefined) break;
      if (this.#isEnded || !this.#options.consumer.message(item.message)) return;
    }
    this.#isBusy = false;
    this.onRoom?.();
    if (this.#isEnding && !this.#isBusy) this.#finish();
  }

  #addMissed(gap: TopicGap): void {
    this.#missed = this.#missed === undefined ? gap : merged(this.#missed, gap);
  }

  #tellMissed(): void {
    const gap = this.#missed;
    if (gap === undefined) return;
    this.#missed = undefined;
    this.#options.consumer.gap(gap);
  }

  #drop(): void {
    this.#waiting.clear();
    this.#messages = 0;
    this.#bytes = 0;
    this.#missed = undefined;
    this.#lastGap = undefined;
  }

  #finish(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#drop();
    this.#options.consumer.ended(this.#error);
  }
}

function gapOf({ sequence }: TopicMessage): TopicGap {
  return { from: sequence, to: sequence, reason: 'overflow' };
}

/** Two gaps that follow each other are one hole. */
function merged(one: TopicGap, next: TopicGap): TopicGap {
  const isRestart = one.reason === 'restarted' || next.reason === 'restarted';
  if (isRestart) return { from: one.from, to: undefined, reason: 'restarted' };
  const reason = one.reason === next.reason ? one.reason : 'overflow';
  return { from: one.from, to: next.to, reason };
}

/** Keeps one subscription of one caller: opens it, notes what it is given, opens it again where it was. */
import { GridError } from '../../src/base/errors.ts';
import type { From } from '../../src/structures/topic/topic-reader.ts';
import type { Given } from './calls.ts';
import type { History } from './history.ts';
import { pause } from './waiting.ts';

const againMs = 50;

/** Whoever can subscribe: resolves when it is in force, with a function that ends it. */
export interface Listening {
  readonly name: string;
  readonly isThere: boolean;
  subscribe(topic: string, from: From, given: Given): Promise<() => Promise<void>>;
}

export class Subscriber {
  readonly #history: History;
  readonly #listening: Listening;
  readonly topic: string;
  /** The last number that it was given or told of. */
  #last = 0;
  #end: () => Promise<void> = async () => {};

  constructor(history: History, listening: Listening, topic: string) {
    this.#history = history;
    this.#listening = listening;
    this.topic = topic;
  }

  get last(): number {
    return this.#last;
  }

  get isThere(): boolean {
    return this.#listening.isThere;
  }

  /** Asks until it is in force, or whose it is is gone. */
  async open(from: From): Promise<void> {
    const subscription = this.#history.subscribe(this.#listening.name, this.topic, from);
    let isOpen = true;
    const given: Given = {
      message: (message, sequence) => {
        if (!isOpen) return;
        this.#last = sequence;
        this.#history.note({ type: 'message', subscription, sequence, message });
      },
      gap: (gap) => {
        if (!isOpen) return;
        this.#last = gap.to ?? this.#last;
        this.#history.note({ type: 'gap', subscription, gap });
      },
    };
    let end = async () => {};
    this.#end = async () => {
      if (!isOpen) return;
      isOpen = false;
      this.#history.note({ type: 'over', subscription });
      await end();
    };
    const placed = await this.#place(from, given);
    if (placed === undefined) return this.#end();
    end = placed;
    this.#history.note({ type: 'in-force', subscription });
  }

  async close(): Promise<void> {
    await this.#end();
  }

  /** Begins anew where it was, or with what comes from now on where it was nowhere yet. */
  async resume(): Promise<void> {
    await this.open(this.#last === 0 ? 'now' : this.#last + 1);
  }

  async #place(from: From, given: Given): Promise<(() => Promise<void>) | undefined> {
    while (this.#listening.isThere) {
      try {
        return await this.#listening.subscribe(this.topic, from, given);
      } catch (error) {
        // Refused or late: it is asked for again, as an application would.
        if (!GridError.is(error) || error.code === 'GRID_CLOSED') throw error;
        await pause(againMs);
      }
    }
    return undefined;
  }
}

/** Keeps one subscription of one caller: opens it, notes what it is given, opens it again where it was. */
import { GridError } from '../../src/base/errors.ts';
import type { TopicGap } from '../../src/grid-topic.ts';
import type { From } from '../../src/structures/topic/topic-reader.ts';
import type { History } from './history.ts';

export interface Given {
  message(message: unknown, sequence: number): void;
  gap(gap: TopicGap): void;
}

/** Whoever can subscribe: resolves when it is in force, with a function that ends it. */
export interface Listening {
  readonly name: string;
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

  /** Asks until it is in force. */
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
    const end = await this.#place(from, given);
    this.#history.note({ type: 'in-force', subscription });
    this.#end = async () => {
      isOpen = false;
      this.#history.note({ type: 'over', subscription });
      await end();
    };
  }

  async close(): Promise<void> {
    await this.#end();
    this.#end = async () => {};
  }

  /** Begins anew where it was, or with what comes from now on where it was nowhere yet. */
  async resume(): Promise<void> {
    await this.open(this.#last === 0 ? 'now' : this.#last + 1);
  }

  async #place(from: From, given: Given): Promise<() => Promise<void>> {
    for (;;) {
      try {
        return await this.#listening.subscribe(this.topic, from, given);
      } catch (error) {
        // Refused or late: it is asked for again, as an application would.
        if (!GridError.is(error) || error.code === 'GRID_CLOSED') throw error;
      }
    }
  }
}

/**
 * Looks for an order that explains one partition of a history: the search of Wing and Gong with the
 * memo of Lowe.
 *
 * At each turn it takes one of the operations that may come next: those called before the first
 * return of any that is left. Where the model refuses all of them it goes back. A pair of (operations
 * taken, state) that was reached once is not entered again, whatever the order that led there.
 *
 * Three prunings keep what is left small, none of which loses an order:
 * 1. A read that fits the present state, or a look that leaves it as it is, is taken at once and for good:
 *    any order that explains the rest has a twin with that read here.
 * 2. An operation without a reply is taken only where it changes the state, as it may as well not
 *    have happened.
 * 3. Of several alike without a reply the one called first is taken first.
 */
import { EventList } from './event-list.ts';
import type { History, Model, Operation } from './model.ts';
import { OperationSet } from './operation-set.ts';

export type Verdict = 'ok' | 'illegal' | 'unknown';

export interface SearchResult<State, Input, Output> {
  readonly verdict: Verdict;
  /** How often the model was asked. */
  readonly steps: number;
  /** The longest order found that the model allows, and its state. */
  readonly prefix: History<Input, Output>;
  readonly state: State;
}

/** Gives up with `unknown` when the model has been asked `stepsMax` times. */
export function search<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: History<Input, Output>,
  stepsMax: number,
): SearchResult<State, Input, Output> {
  return new Search(model, history).run(stepsMax);
}

/** One operation taken, and how to go back to before it. */
interface Turn<State> {
  readonly event: number;
  readonly stateBefore: State;
  readonly stateIdBefore: number;
  /** Whether nothing else needs to be tried in its place (pruning 1). */
  readonly isForced: boolean;
}

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #events: EventList<Input, Output>;
  readonly #taken: OperationSet;
  /** By operation: the one before it of the same input without a reply, or -1. */
  readonly #twinBefore: Int32Array;
  readonly #stateIds = new Map<string, number>();
  readonly #seen = new Set<string>();
  readonly #turns: Turn<State>[] = [];
  /** Operations that returned and are not taken. */
  #left: number;
  #state: State;
  #stateId: number;
  #steps = 0;
  #prefix: History<Input, Output> = [];
  #prefixState: State;

  constructor(model: Model<State, Input, Output>, history: History<Input, Output>) {
    this.#model = model;
    this.#events = new EventList(history);
    const { operations, returned } = this.#events;
    this.#taken = new OperationSet(returned, operations.length);
    this.#twinBefore = twins(operations, returned, (input) => model.inputText(input));
    this.#left = returned;
    this.#state = model.init();
    this.#prefixState = this.#state;
    this.#stateId = this.#idOf(this.#state);
  }

  run(stepsMax: number): SearchResult<State, Input, Output> {
    const verdict = this.#search(stepsMax);
    this.#notePrefix();
    return { verdict, steps: this.#steps, prefix: this.#prefix, state: this.#prefixState };
  }

  #search(stepsMax: number): Verdict {
    let candidate = this.#events.first;
    while (this.#left > 0) {
      if (candidate === 0) {
        candidate = this.#goBack();
        if (candidate === -1) return 'illegal';
      } else if (this.#steps === stepsMax) {
        return 'unknown';
      } else {
        const isTaken = this.#take(candidate);
        candidate = isTaken ? this.#events.first : this.#events.candidateAfter(candidate);
      }
    }
    return 'ok';
  }

  #take(event: number): boolean {
    const index = this.#events.operationAt[event] as number;
    const isOpen = index >= this.#events.returned;
    const twin = this.#twinBefore[index] as number;
    if (twin >= 0 && !this.#taken.has(twin)) return false;

    const { input, output } = this.#events.operations[index] as Operation<Input, Output>;
    this.#steps++;
    const state = this.#model.step(this.#state, input, output);
    if (state === undefined) return false;
    const stateId = this.#idOf(state);
    if (isOpen && stateId === this.#stateId) return false;

    this.#taken.add(index);
    this.#events.lift(index);
    if (this.#wasSeen(stateId)) {
      this.#events.unlift(index);
      this.#taken.delete(index);
      return false;
    }
    this.#turns.push({
      event,
      stateBefore: this.#state,
      stateIdBefore: this.#stateId,
      isForced: !isOpen && this.#isForced(input, output, stateId),
    });
    this.#state = state;
    this.#stateId = stateId;
    if (!isOpen) this.#left--;
    return true;
  }

  #isForced(input: Input, output: Output | undefined, stateId: number): boolean {
    if (this.#model.isRead(input, output)) return true;
    // It has ruled nothing out here, and more possibilities explain no less.
    return stateId === this.#stateId && this.#model.isLook?.(input) === true;
  }

  /** Undoes turns until there is something else to try: that, 0 for another turn back, -1 at the end. */
  #goBack(): number {
    this.#notePrefix();
    const turn = this.#turns.pop();
    if (turn === undefined) return -1;
    const index = this.#events.operationAt[turn.event] as number;
    this.#events.unlift(index);
    this.#taken.delete(index);
    this.#state = turn.stateBefore;
    this.#stateId = turn.stateIdBefore;
    if (index < this.#events.returned) this.#left++;
    return turn.isForced ? 0 : this.#events.candidateAfter(turn.event);
  }

  #wasSeen(stateId: number): boolean {
    const { first, firstReturn } = this.#events;
    // With nothing left the search is over, and there is no first event to key by.
    if (first === 0) return false;
    const from = this.#events.operationAt[first] as number;
    const key = this.#taken.key(stateId, from, this.#events.callsUpTo(firstReturn));
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    return false;
  }

  #idOf(state: State): number {
    const text = this.#model.textOf(state);
    const known = this.#stateIds.get(text);
    if (known !== undefined) return known;
    this.#stateIds.set(text, this.#stateIds.size);
    return this.#stateIds.size - 1;
  }

  #notePrefix(): void {
    if (this.#turns.length <= this.#prefix.length) return;
    const { operations, operationAt } = this.#events;
    this.#prefix = this.#turns.map(
      ({ event }) => operations[operationAt[event] as number] as Operation<Input, Output>,
    );
    this.#prefixState = this.#state;
  }
}

function twins<Input, Output>(
  operations: History<Input, Output>,
  returned: number,
  textOf: (input: Input) => string,
): Int32Array {
  const before = new Int32Array(operations.length).fill(-1);
  const latest = new Map<string, number>();
  for (let index = returned; index < operations.length; index++) {
    const text = textOf((operations[index] as Operation<Input, Output>).input);
    before[index] = latest.get(text) ?? -1;
    latest.set(text, index);
  }
  return before;
}

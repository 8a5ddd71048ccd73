/**
 * What one caller's latest mutating ops in one partition gave, by op sequence.
 *
 * Ops come almost in order and go in order, so some arrays and a binary search do; a `Map` whose keys come
 * and go costs the garbage collector far more.
 *
 * Invariants
 * 1. The sequences rise; those before `#head` are forgotten.
 */
import { empty } from '../base/empty.ts';
import type { OpSequence, Sequence } from '../base/ids.ts';

export interface Done {
  readonly sequence: Sequence;
  /** Undefined where there was no room for it. */
  readonly result: Uint8Array | undefined;
}

/** So many forgotten ops may stand at the head before the arrays are cut. */
const headMax = 64;

export class DoneOps {
  #ops: OpSequence[] = [];
  #sequences: Sequence[] = [];
  #results: (Uint8Array | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#ops.length - this.#head;
  }

  /** The highest op sequence; undefined where there is none. */
  get last(): OpSequence | undefined {
    return this.size === 0 ? undefined : this.#ops[this.#ops.length - 1];
  }

  find(op: OpSequence): Done | undefined {
    const { last } = this;
    // Most are asked for before they have run.
    if (last === undefined || op > last) return undefined;
    const at = this.#placeOf(op);
    return this.#ops[at] === op ? this.#doneAt(at) : undefined;
  }

  /** Notes what an op gave, in the place of what it gave before; gives how many bytes of result that was. */
  set(op: OpSequence, sequence: Sequence, result: Uint8Array | undefined): number {
    const { last } = this;
    if (last === undefined || op > last) {
      this.#ops.push(op);
      this.#sequences.push(sequence);
      this.#results.push(result);
      return 0;
    }
    const at = this.#placeOf(op);
    const isNew = this.#ops[at] !== op;
    const before = isNew ? 0 : (this.#results[at]?.length ?? 0);
    this.#ops.splice(at, isNew ? 0 : 1, op);
    this.#sequences.splice(at, isNew ? 0 : 1, sequence);
    this.#results.splice(at, isNew ? 0 : 1, result);
    return before;
  }

  /** Forgets the ops below `op` and gives how many bytes of results went with them. */
  forgetBelow(op: OpSequence): number {
    let bytes = 0;
    while (this.#head < this.#ops.length && (this.#ops[this.#head] as number) < op) {
      bytes += this.#results[this.#head]?.length ?? 0;
      // An entry of an old array would keep it.
      this.#results[this.#head++] = undefined;
    }
    if (this.#head === this.#ops.length) {
      empty(this.#ops);
      empty(this.#sequences);
      empty(this.#results);
      this.#head = 0;
    } else if (this.#head > headMax && this.#head * 2 > this.#ops.length) {
      this.#ops = this.#ops.slice(this.#head);
      this.#sequences = this.#sequences.slice(this.#head);
      this.#results = this.#results.slice(this.#head);
      this.#head = 0;
    }
    return bytes;
  }

  /** By rising op sequence. */
  *[Symbol.iterator](): Generator<readonly [OpSequence, Done], void, undefined> {
    for (let at = this.#head; at < this.#ops.length; at++) {
      yield [this.#ops[at] as OpSequence, this.#doneAt(at)];
    }
  }

  #doneAt(at: number): Done {
    return { sequence: this.#sequences[at] as Sequence, result: this.#results[at] };
  }

  /** The first place whose op is not below `op`. */
  #placeOf(op: OpSequence): number {
    let low = this.#head;
    let high = this.#ops.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ops[middle] as number) < op) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

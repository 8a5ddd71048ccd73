/**
 * What one caller's latest mutating ops in one partition gave, by op sequence.
 *
 * Ops come almost in order and go in order, so arrays and a binary search do; a `Map` whose keys come and go
 * costs the garbage collector far more. With hundreds of partitions each array more is found in no cache, so both
 * numbers of an op stand in one, and most ops give nothing, for which there is none.
 *
 * Invariants
 * 1. The op sequences rise; those before `#head` are forgotten.
 * 2. `#results` is as long as there are ops, or undefined where no op has ever given any.
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
const nothing = new Uint8Array(0);

export class DoneOps {
  /** Of each op its op sequence and its sequence. */
  #numbers: number[] = [];
  #results: (Uint8Array | undefined)[] | undefined;
  /** The place of the first op. */
  #head = 0;

  get size(): number {
    return this.#end - this.#head;
  }

  /** The highest op sequence; undefined where there is none. */
  get last(): OpSequence | undefined {
    return this.size === 0 ? undefined : this.#opAt(this.#end - 1);
  }

  find(op: OpSequence): Done | undefined {
    const { last } = this;
    // Most are asked for before they have run.
    if (last === undefined || op > last) return undefined;
    const at = this.#placeOf(op);
    return this.#opAt(at) === op ? this.#doneAt(at) : undefined;
  }

  /** Notes what an op gave, in the place of what it gave before; gives how many bytes of result that was. */
  set(op: OpSequence, sequence: Sequence, result: Uint8Array | undefined): number {
    if (result?.length !== 0) this.#results ??= new Array(this.#end).fill(nothing);
    const { last } = this;
    if (last === undefined || op > last) {
      this.#numbers.push(op, sequence);
      this.#results?.push(result);
      return 0;
    }
    const at = this.#placeOf(op);
    const isNew = this.#opAt(at) !== op;
    const before = isNew ? 0 : (this.#results?.[at]?.length ?? 0);
    this.#numbers.splice(2 * at, isNew ? 0 : 2, op, sequence);
    this.#results?.splice(at, isNew ? 0 : 1, result);
    return before;
  }

  /** Forgets the ops below `op` and gives how many bytes of results went with them. */
  forgetBelow(op: OpSequence): number {
    let bytes = 0;
    const results = this.#results;
    while (this.#head < this.#end && this.#opAt(this.#head) < op) {
      if (results !== undefined) {
        bytes += results[this.#head]?.length ?? 0;
        // An entry of an old array would keep it.
        results[this.#head] = undefined;
      }
      this.#head++;
    }
    if (this.#head === this.#end) {
      empty(this.#numbers);
      if (results !== undefined) empty(results);
      this.#head = 0;
    } else if (this.#head > headMax && this.#head * 2 > this.#end) {
      this.#numbers = this.#numbers.slice(2 * this.#head);
      this.#results = results?.slice(this.#head);
      this.#head = 0;
    }
    return bytes;
  }

  /** By rising op sequence. */
  *[Symbol.iterator](): Generator<readonly [OpSequence, Done], void, undefined> {
    for (let at = this.#head; at < this.#end; at++) yield [this.#opAt(at), this.#doneAt(at)];
  }

  /** The place behind the last op. */
  get #end(): number {
    return this.#numbers.length >> 1;
  }

  #opAt(at: number): OpSequence {
    return this.#numbers[2 * at] as OpSequence;
  }

  #doneAt(at: number): Done {
    const result = this.#results === undefined ? nothing : this.#results[at];
    return { sequence: this.#numbers[2 * at + 1] as Sequence, result };
  }

  /** The first place whose op is not below `op`. */
  #placeOf(op: OpSequence): number {
    let low = this.#head;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#opAt(middle) < op) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

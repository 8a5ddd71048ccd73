/**
 * What one caller's latest mutating ops in one partition gave, by op sequence.
 *
 * Ops come almost in order and go in order, so two arrays and a binary search do; a `Map` whose keys come
 * and go costs the garbage collector far more.
 *
 * Invariants
 * 1. The sequences rise; those before `#head` are forgotten.
 */
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
  #done: (Done | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#ops.length - this.#head;
  }

  /** The highest op sequence; undefined where there is none. */
  get last(): OpSequence | undefined {
    return this.size === 0 ? undefined : this.#ops[this.#ops.length - 1];
  }

  find(op: OpSequence): Done | undefined {
    const at = this.#placeOf(op);
    return this.#ops[at] === op ? this.#done[at] : undefined;
  }

  /** Notes what an op gave, in the place of what it gave before. */
  set(op: OpSequence, done: Done): void {
    const last = this.last;
    if (last === undefined || op > last) {
      this.#ops.push(op);
      this.#done.push(done);
      return;
    }
    const at = this.#placeOf(op);
    const isNew = this.#ops[at] !== op;
    this.#ops.splice(at, isNew ? 0 : 1, op);
    this.#done.splice(at, isNew ? 0 : 1, done);
  }

  /** Forgets the ops below `op` and gives how many bytes of results went with them. */
  forgetBelow(op: OpSequence): number {
    let bytes = 0;
    while (this.#head < this.#ops.length && (this.#ops[this.#head] as number) < op) {
      bytes += this.#done[this.#head]?.result?.length ?? 0;
      // An entry of an old array would keep it.
      this.#done[this.#head++] = undefined;
    }
    if (this.#head === this.#ops.length) {
      this.#ops.length = 0;
      this.#done.length = 0;
      this.#head = 0;
    } else if (this.#head > headMax && this.#head * 2 > this.#ops.length) {
      this.#ops = this.#ops.slice(this.#head);
      this.#done = this.#done.slice(this.#head);
      this.#head = 0;
    }
    return bytes;
  }

  /** By rising op sequence. */
  *[Symbol.iterator](): Generator<readonly [OpSequence, Done], void, undefined> {
    for (let at = this.#head; at < this.#ops.length; at++) {
      yield [this.#ops[at] as OpSequence, this.#done[at] as Done];
    }
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

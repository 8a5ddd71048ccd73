/**
 * What callers of a set saw to which is only ever added, each element once: nothing that was acknowledged or
 * seen is missing from a reading that begins later, nothing is there twice or out of nowhere, and who adds an
 * element finds that it was not there. It needs no search for an order, so it holds for as many as there are.
 */

type How = 'ok' | 'failed' | 'unknown';

interface Add {
  how: How | 'open';
  /** The moment since which it has to be there. */
  since: number;
}

export interface Reading {
  saw(elements: readonly number[]): void;
  /** `isWhole`: it has looked everywhere. */
  end(isWhole: boolean): void;
}

const never = Number.POSITIVE_INFINITY;
const reportsMax = 5;

export class SetHistory {
  readonly counts = { added: 0, recovered: 0, readings: 0 };
  readonly #adds = new Map<number, Add>();
  readonly #seen = new Set<number>();
  readonly #found: string[] = [];
  /** A point in the history; two calls never begin or end at the same. */
  #tick = 0;

  /** `isNew`: whoever added it was told that it had not been there. */
  add(element: number): (how: How, isNew?: boolean) => void {
    const add: Add = { how: 'open', since: never };
    this.#adds.set(element, add);
    return (how, isNew = true) => {
      add.how = how;
      if (how !== 'ok') return;
      this.counts.added++;
      add.since = Math.min(add.since, ++this.#tick);
      if (!isNew) this.#found.push(`element ${element} was there before it was added`);
    };
  }

  read(): Reading {
    const beganAt = ++this.#tick;
    const here = new Set<number>();
    return {
      saw: (elements) => {
        for (const element of elements) this.#saw(element, here);
      },
      end: (isWhole) => {
        if (isWhole) this.#checkMissing(here, beganAt);
        // From now on whoever looks has to see them too.
        const at = ++this.#tick;
        for (const element of here) {
          const add = this.#adds.get(element);
          if (add !== undefined) add.since = Math.min(add.since, at);
        }
      },
    };
  }

  /** When nothing is on its way any more. */
  violations(): string[] {
    const failed = [...this.#seen].filter((element) => this.#adds.get(element)?.how === 'failed');
    const ofFailed = failed.map((element) => `element ${element} of an add that was not applied`);
    return [...this.#found, ...ofFailed].slice(0, reportsMax);
  }

  #saw(element: number, here: Set<number>): void {
    const add = this.#adds.get(element);
    if (add === undefined) this.#found.push(`element ${element} out of nowhere`);
    if (here.has(element)) this.#found.push(`element ${element} given twice`);
    const isDoubtful = add?.how === 'unknown' || add?.how === 'open';
    if (isDoubtful && !this.#seen.has(element)) this.counts.recovered++;
    here.add(element);
    this.#seen.add(element);
  }

  #checkMissing(here: ReadonlySet<number>, beganAt: number): void {
    this.counts.readings++;
    for (const [element, { since }] of this.#adds) {
      if (since < beganAt && !here.has(element)) this.#found.push(`element ${element} lost`);
    }
  }
}

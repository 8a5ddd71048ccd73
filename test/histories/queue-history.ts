/**
 * What callers of a queue saw, and whether a first in, first out queue can have shown it. Every item is
 * pushed once, so a few patterns say it all: an item out of nowhere, taken twice, lost, overtaken, or not
 * there for a caller although it was there all the time.
 */

type End = 'open' | 'ok' | 'failed' | 'unknown';

interface Push {
  readonly item: number;
  readonly begin: number;
  end: number;
  how: End;
}

interface Take {
  readonly begin: number;
  end: number;
  how: End;
  /** Undefined where nothing was there, or nothing is known. */
  item: number | undefined;
  /** It looked into the queue, and there was nothing. */
  isInVain: boolean;
}

const never = Number.POSITIVE_INFINITY;
const reportsMax = 5;

export class QueueHistory {
  readonly #pushes = new Map<number, Push>();
  readonly #takes: Take[] = [];
  /** A point in the history; two calls never begin or end at the same. */
  #tick = 0;

  push(item: number): (how: Exclude<End, 'open'>) => void {
    const push: Push = { item, begin: ++this.#tick, end: never, how: 'open' };
    this.#pushes.set(item, push);
    return (how) => {
      push.how = how;
      push.end = ++this.#tick;
    };
  }

  take(): (how: Exclude<End, 'open'>, item?: number, isInVain?: boolean) => void {
    const take: Take = {
      begin: ++this.#tick,
      end: never,
      how: 'open',
      item: undefined,
      isInVain: false,
    };
    this.#takes.push(take);
    return (how, item, isInVain = false) => {
      take.how = how;
      take.item = item;
      take.isInVain = isInVain;
      take.end = ++this.#tick;
    };
  }

  get counts(): { readonly pushed: number; readonly taken: number; readonly inVain: number } {
    return {
      pushed: [...this.#pushes.values()].filter(({ how }) => how === 'ok').length,
      taken: this.#takes.filter(({ item }) => item !== undefined).length,
      inVain: this.#takes.filter(({ isInVain }) => isInVain).length,
    };
  }

  /** Calls of which nobody knows whether they had an effect. */
  get doubtful(): number {
    const calls = [...this.#pushes.values(), ...this.#takes];
    return calls.filter(({ how }) => isDoubtful(how)).length;
  }

  /** `isEmptied`: it was, at the end, so that whatever was pushed and not taken is gone. */
  violations(isEmptied = true): string[] {
    const taken = new Map<number, Take>();
    const found: string[] = [];
    for (const take of this.#takes) this.#checkTake(take, taken, found);
    if (isEmptied) this.#checkLost(taken, found);
    this.#checkOrder(taken, found);
    this.#checkInVain(taken, found);
    return found.slice(0, reportsMax);
  }

  #checkTake(take: Take, taken: Map<number, Take>, found: string[]): void {
    const { item } = take;
    if (item === undefined) return;
    const push = this.#pushes.get(item);
    if (push === undefined || push.begin > take.end) found.push(`item ${item} out of nowhere`);
    else if (push.how === 'failed') found.push(`item ${item} of a push that was not applied`);
    if (taken.has(item)) found.push(`item ${item} taken twice`);
    taken.set(item, take);
  }

  /** A take without an answer may have taken one item; more than that are not gone. */
  #checkLost(taken: ReadonlyMap<number, Take>, found: string[]): void {
    const lost = [...this.#pushes.values()].filter(
      ({ item, how }) => how === 'ok' && !taken.has(item),
    );
    const doubtful = this.#takes.filter(({ how }) => isDoubtful(how)).length;
    if (lost.length <= doubtful) return;
    const items = lost.slice(0, 10).map(({ item }) => item);
    found.push(`${lost.length} items lost to ${doubtful} doubtful takes: ${items}`);
  }

  /** Of two items whose pushes did not overlap, the takes are in the same order or overlap. */
  #checkOrder(taken: ReadonlyMap<number, Take>, found: string[]): void {
    const latest = new LatestTake(this.#certain(taken));
    for (const [second, { begin, end }] of this.#byPush(taken)) {
      const first = latest.of(begin);
      if (first === undefined || end > first.take.begin) continue;
      found.push(`item ${second} overtook ${first.push.item}`);
    }
  }

  #checkInVain(taken: ReadonlyMap<number, Take>, found: string[]): void {
    const latest = new LatestTake(this.#certain(taken));
    for (const { isInVain, begin, end } of this.#takes) {
      if (!isInVain) continue;
      const missed = latest.of(begin);
      if (missed === undefined || missed.take.begin < end) continue;
      found.push(`a take from ${begin} on did not find ${missed.push.item}`);
    }
  }

  /** What was taken and is certain to have been pushed, by the end of its push. */
  #certain(taken: ReadonlyMap<number, Take>): Passage[] {
    const passages: Passage[] = [];
    for (const [item, take] of taken) {
      const push = this.#pushes.get(item);
      if (push?.how === 'ok') passages.push({ push, take });
    }
    return passages.sort((one, other) => one.push.end - other.push.end);
  }

  /** What was taken, by the beginning of its push; with that, and with the end of its take. */
  #byPush(
    taken: ReadonlyMap<number, Take>,
  ): [item: number, span: { begin: number; end: number }][] {
    const pushes = [...this.#pushes.values()].filter(({ item }) => taken.has(item));
    return pushes.map(({ item, begin }) => [item, { begin, end: taken.get(item)?.end ?? never }]);
  }
}

/** One item on its way through the queue. */
interface Passage {
  readonly push: Push;
  readonly take: Take;
}

/** Of the items that were in the queue before a moment: the one that nobody began to take for longest. */
class LatestTake {
  readonly #passages: readonly Passage[];
  #at = 0;
  #latest: Passage | undefined;

  constructor(passages: readonly Passage[]) {
    this.#passages = passages;
  }

  /** Moments are asked for in their order. */
  of(moment: number): Passage | undefined {
    for (; this.#at < this.#passages.length; this.#at++) {
      const next = this.#passages[this.#at] as Passage;
      if (next.push.end > moment) break;
      if (next.take.begin > (this.#latest?.take.begin ?? 0)) this.#latest = next;
    }
    return this.#latest;
  }
}

function isDoubtful(how: End): boolean {
  return how === 'unknown' || how === 'open';
}

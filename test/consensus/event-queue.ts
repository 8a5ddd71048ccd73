/** What is to happen, by time; at the same time in the order in which it was put in. */

interface Item<Event> {
  readonly at: number;
  readonly order: number;
  readonly event: Event;
}

/** A binary heap. */
export class EventQueue<Event> {
  readonly #items: Item<Event>[] = [];
  #order = 0;

  nextAt(): number {
    return this.#items[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  push(at: number, event: Event): void {
    const item = { at, order: this.#order++, event };
    const items = this.#items;
    let place = items.length;
    items.push(item);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (isBefore(items[parent]!, item)) break;
      items[place] = items[parent]!;
      place = parent;
    }
    items[place] = item;
  }

  pop(): Event {
    const items = this.#items;
    const first = items[0]!;
    const last = items.pop()!;
    if (items.length > 0) this.#sink(last);
    return first.event;
  }

  #sink(item: Item<Event>): void {
    const items = this.#items;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child++;
      if (isBefore(item, items[child]!)) break;
      items[place] = items[child]!;
      place = child;
    }
    items[place] = item;
  }
}

function isBefore<Event>(one: Item<Event>, other: Item<Event>): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

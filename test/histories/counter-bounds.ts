/**
 * What a counter may say in the end: all increments that were acknowledged, and of those in doubt some or all.
 * It needs no search for an order, so it holds for as many calls as there are.
 */
export class CounterBounds {
  readonly #counters = new Map<string, { sure: number; doubtful: number }>();
  /** How many counters were looked at. */
  looks = 0;

  /** `how` an increment by one ended. */
  incremented(key: string, how: 'ok' | 'failed' | 'unknown'): void {
    const counter = this.#counters.get(key) ?? { sure: 0, doubtful: 0 };
    this.#counters.set(key, counter);
    if (how === 'ok') counter.sure++;
    if (how === 'unknown') counter.doubtful++;
  }

  /** What is wrong with the last value of a counter, where nothing is on its way any more. */
  judge(key: string, value: number): string | undefined {
    const { sure, doubtful } = this.#counters.get(key) ?? { sure: 0, doubtful: 0 };
    this.looks++;
    if (value < sure) return `${key} lost ${sure - value} of ${sure} increments: it is ${value}`;
    const most = sure + doubtful;
    if (value > most) return `${key} counted ${value - most} twice: it is ${value} of ${most}`;
    return undefined;
  }
}

/** How late the event loop of this process is: by timers of one millisecond, one after the other. */
import { Latencies } from './latencies.ts';

const tickMs = 1;

/** Milliseconds beyond the time for which a timer was set. */
export interface Lateness {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export class LatenessWatch {
  readonly #latencies = new Latencies();
  #maxMs = 0;
  #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = this.#set();
  }

  #set(): NodeJS.Timeout {
    const due = performance.now() + tickMs;
    return setTimeout(() => {
      const lateMs = Math.max(0, performance.now() - due);
      this.#latencies.add(lateMs);
      this.#maxMs = Math.max(this.#maxMs, lateMs);
      this.#timer = this.#set();
    }, tickMs);
  }

  end(): Lateness {
    clearTimeout(this.#timer);
    return {
      samples: this.#latencies.count,
      p50Ms: this.#latencies.percentileUs(0.5) / 1_000,
      p999Ms: this.#latencies.percentileUs(0.999) / 1_000,
      maxMs: this.#maxMs,
    };
  }
}

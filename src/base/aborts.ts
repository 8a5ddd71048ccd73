/**
 * One listener for each signal, however many calls were given it: a call on all partitions is hundreds of
 * ops, and Node takes more than ten listeners of a signal for a leak and says so.
 *
 * Invariants
 * 1. A signal is listened to exactly while a call is there that has it.
 * 2. A call is told once at most, and not after it was removed.
 */
interface Watched {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

export class Aborts {
  readonly #watched = new Map<AbortSignal, Watched>();

  /** `call` is called when the signal aborts; it does not throw. The signal, if any, has not aborted yet. */
  add(signal: AbortSignal | undefined, call: () => void): void {
    if (signal === undefined) return;
    const watched = this.#watched.get(signal) ?? this.#watch(signal);
    watched.calls.add(call);
  }

  remove(signal: AbortSignal | undefined, call: () => void): void {
    const watched = signal && this.#watched.get(signal);
    if (signal === undefined || watched === undefined) return;
    watched.calls.delete(call);
    if (watched.calls.size > 0) return;
    this.#watched.delete(signal);
    signal.removeEventListener('abort', watched.listener);
  }

  /** Whether a call is there that has the signal. */
  has(signal: AbortSignal): boolean {
    return this.#watched.has(signal);
  }

  #watch(signal: AbortSignal): Watched {
    const calls = new Set<() => void>();
    const listener = () => {
      // What is removed from a set while it is gone through does not come any more.
      for (const call of calls) call();
      this.#watched.delete(signal);
      signal.removeEventListener('abort', listener);
    };
    const watched: Watched = { calls, listener };
    this.#watched.set(signal, watched);
    signal.addEventListener('abort', listener);
    return watched;
  }
}

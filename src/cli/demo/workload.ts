/**
 * What each member of the demo does while one of them is killed: reads and writes of cities and
 * increments of counters, in lanes of one operation at a time.
 *
 * Each city is written by one lane only, so which write was the last is known; counters are shared by
 * all lanes of all members.
 */
import { GridError } from '../../base/errors.ts';
import { systemRandom } from '../../base/random.ts';
import type { GridMap } from '../../grid.ts';
import type { Ending, Issue, WorkResult } from './protocol.ts';
import { counterCount } from './protocol.ts';
import type { City, VisitedCity } from './records.ts';

const lanes = 16;

export interface WorkloadParts {
  readonly cities: readonly City[];
  readonly cityMap: GridMap<number, VisitedCity>;
  readonly counterMap: GridMap<string, number>;
  /** The number of this member, from 0, and how many there are. */
  readonly member: number;
  readonly members: number;
  /** Tells the demo; resolves when it was handed over to the kernel, which a SIGKILL leaves alone. */
  tell(issues: readonly Issue[], endings: readonly (readonly [number, Ending])[]): Promise<void>;
}

export class Workload {
  readonly #parts: WorkloadParts;
  #isStopped = false;
  #nextId = 1;
  /** To be told before they are sent, and how each goes on. */
  #issues: { readonly issue: Issue; readonly send: () => void }[] = [];
  #endings: (readonly [number, Ending])[] = [];
  #isTelling = false;
  /** Of this member: the last acknowledged write of a city, and those whose end is not known. */
  readonly #lastWrites = new Map<number, number>();
  readonly #doubtful = new Map<number, Set<number>>();
  #reads = 0;
  #writes = 0;
  #staleReads = 0;
  #failures = 0;
  #lastWriteAt = performance.now();
  #longestGapMs = 0;
  #slowestWriteMs = 0;

  constructor(parts: WorkloadParts) {
    this.#parts = parts;
  }

  /** Resolves when `stop` was called and everything has ended and was told. */
  async run(): Promise<WorkResult> {
    await Promise.all(Array.from({ length: lanes }, (_, lane) => this.#runLane(lane)));
    await this.#flush();
    this.#noteGap();
    return {
      reads: this.#reads,
      writes: this.#writes,
      staleReads: this.#staleReads,
      failures: this.#failures,
      longestGapMs: Math.round(this.#longestGapMs),
      slowestWriteMs: Math.round(this.#slowestWriteMs),
    };
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #runLane(lane: number): Promise<void> {
    const { cities, member, members } = this.#parts;
    const stride = lanes * members;
    const first = lane * members + member;
    const owned = Math.floor((cities.length - first - 1) / stride) + 1;
    while (!this.#isStopped) {
      const at = first + systemRandom.below(owned) * stride;
      const choice = systemRandom.below(4);
      if (choice < 2) await this.#read(at);
      else await this.#write(choice === 2 ? 'city' : 'counter', at);
    }
  }

  async #read(at: number): Promise<void> {
    const { cities, cityMap, member } = this.#parts;
    try {
      const found = await cityMap.get((cities[at] as City).cityId);
      this.#reads++;
      const [by, id] = found?.visit ?? [member, 0];
      const last = this.#lastWrites.get(at) ?? 0;
      const isRight = by === member && (id === last || this.#doubtful.get(at)?.has(id) === true);
      if (found === undefined || !isRight) this.#staleReads++;
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  async #write(kind: 'city' | 'counter', ownCity: number): Promise<void> {
    const at = kind === 'city' ? ownCity : systemRandom.below(counterCount);
    const issue: Issue = { id: this.#nextId++, kind, at };
    await this.#issued(issue);
    const startedAt = performance.now();
    try {
      await this.#send(issue);
      this.#slowestWriteMs = Math.max(this.#slowestWriteMs, performance.now() - startedAt);
      this.#noteGap();
      this.#writes++;
      if (kind === 'city') this.#lastWrites.set(at, issue.id);
      this.#endings.push([issue.id, 'acknowledged']);
    } catch (error) {
      this.#noteFailure(error);
      const isUnknown = GridError.is(error) && error.outcome === 'unknown';
      if (isUnknown && kind === 'city') this.#doubt(at, issue.id);
      this.#endings.push([issue.id, isUnknown ? 'unknown' : 'failed']);
    }
  }

  #send({ id, kind, at }: Issue): Promise<unknown> {
    const { cities, cityMap, counterMap, member } = this.#parts;
    if (kind === 'counter') return counterMap.increment(`counter ${at}`);
    const city = cities[at] as City;
    return cityMap.set(city.cityId, { ...city, visit: [member, id] });
  }

  /** Resolves when the demo knows of the write. */
  #issued(issue: Issue): Promise<void> {
    return new Promise((resolve) => {
      this.#issues.push({ issue, send: resolve });
      if (this.#isTelling) return;
      this.#isTelling = true;
      // Lanes that end in the same turn are told in one message.
      setImmediate(() => void this.#flush());
    });
  }

  async #flush(): Promise<void> {
    while (this.#issues.length + this.#endings.length > 0) {
      const issues = this.#issues;
      const endings = this.#endings;
      this.#issues = [];
      this.#endings = [];
      await this.#parts.tell(
        issues.map(({ issue }) => issue),
        endings,
      );
      for (const { send } of issues) send();
    }
    this.#isTelling = false;
  }

  #doubt(at: number, id: number): void {
    const doubtful = this.#doubtful.get(at) ?? new Set();
    doubtful.add(id);
    this.#doubtful.set(at, doubtful);
  }

  #noteGap(): void {
    const now = performance.now();
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastWriteAt);
    this.#lastWriteAt = now;
  }

  #noteFailure(error: unknown): void {
    if (!GridError.is(error)) throw error;
    this.#failures++;
  }
}

/**
 * What the runs of one simulation counted together, and whether enough happened: a simulation in which nothing
 * happens proves nothing.
 */
import { moveSteps } from '../../src/partition/move-steps.ts';
import { type FaultKind, faultKinds } from '../../src/testing/fault-kinds.ts';
import { names, type Simulation, withoutKinds } from './simulations.ts';
import type { RunResult } from './trial.ts';

type Counts = Record<string, Record<string, number>>;

/** In so few runs chance may leave something out. */
const runsMin = 20;
const faultKindsMin = 12;
/** In so many runs, with the usual time of faults, each kind of fault has to have happened as often in the mean. */
const manyRuns = 200;
const faultsOfKindMin = 0.85;
/** And as many calls have to have been answered. */
const operationsMin: Readonly<Partial<Record<Simulation, number>>> = { grid: 2_500 };
const answered = ['maps', 'queues', 'errands', 'expiry'] as const;
/** Of all simulations together, for each seed: 2,000 seeds have 5,000 faults of each kind, and 5 million answers. */
const ofAll = { faultsOfKindMin: 2.5, operationsMin: 2_500 };

/** What is too rare to be asked for in few runs, in the mean of many. */
const leastOfMany: Readonly<Partial<Record<Simulation, Counts>>> = {
  grid: {
    // Where a line of calls is short, which few worlds draw.
    bursts: { overloaded: 0.1 },
    looks: { handovers: 0.5 },
    faults: {
      'late renewals': 0.2,
      'edge deaf': 0.3,
      'edge unheard': 0.3,
      'edge orphan': 0.3,
      'edge partly-muted': 0.5,
      step: 0.4,
      'lasting one-way': 0.03,
      'lasting pair': 0.01,
      'lasting gone': 0.01,
      'lasting cut-off': 0.01,
      'lasting slow': 0.01,
      ...Object.fromEntries(moveSteps.map((step) => [`step ${step}`, 0.004])),
    },
  },
};

/** What is aimed at edges, and what lasts. */
const aimed = { edge: 0.4, lasting: 0.1 };

const looks = {
  serving: 1,
  promotions: 1.5,
  ackSets: 1,
  copies: 20,
  entries: 100,
  logs: 1,
  prefixes: 10,
  leases: 100,
  toMembers: 50,
  toOwnCallers: 50,
  toOwnClients: 5,
};
const clients = {
  opened: 10,
  lost: 3,
  requests: 50,
  retries: 2,
  moved: 0.5,
  relayed: 10,
  gatewaysChanged: 1,
};

/** How often each has to have happened, in the mean of a run. */
const least: Readonly<Record<Simulation, Counts>> = {
  grid: {
    maps: { ok: 100, destroyed: 1 },
    set: { added: 50, recovered: 0.1, readings: 4 },
    queues: { pushed: 50, taken: 50, inVain: 10, aborted: 10 },
    errands: { pushed: 10, taken: 10, destroyed: 1 },
    faults: { targeted: 2.5, join: 1, leave: 1, step: 0.1, ...aimed },
    looks: { ...looks, digests: 1, moves: 0.25, handovers: 0.2 },
    bursts: { bursts: 0.4, turnedAway: 1, versions: 4 },
    bounds: { bounds: 1_000, copies: 1, chunks: 1 },
    voters: { 3: 0.2, 5: 0.1 },
    membership: { beliefs: 1_000, deaths: 1, calm: 20, rests: 0.5 },
    clients,
  },
  topic: {
    topics: { messages: 750, gaps: 5, acknowledged: 125, owed: 750, subscriptions: 7.5 },
    rumours: { messages: 500, incarnations: 1.5, restarts: 5 },
    bounds: { subscribers: 10 },
    faults: { step: 0.04, ...aimed },
    looks,
    clients,
  },
  expiry: {
    expiry: {
      ok: 100,
      there: 100,
      nothing: 100,
      deadlines: 10,
      prolonged: 10,
      persisted: 5,
      sizes: 5,
    },
    faults: { step: 0.04, ...aimed },
    looks: { ...looks, digests: 1 },
    clients,
  },
  forks: {
    lineages: { forks: 0.9, merges: 0.7, grown: 0.05, joined: 0.1, kept: 20, discarded: 2 },
    registers: { once: 40, shared: 50, reads: 50, contested: 1 },
    goods: { pushed: 50, taken: 50, doubly: 1, published: 50 },
    faults: { crash: 0.2, restart: 0.2 },
    looks: { serving: 1, promotions: 1, ackSets: 1, digests: 1, entries: 1, logs: 1 },
  },
  splits: {
    lineages: { forks: 0.9, merges: 0.7, grown: 0.05, kept: 20, discarded: 2 },
    registers: { once: 40, shared: 50, reads: 50, contested: 1 },
    goods: { pushed: 50, taken: 50, doubly: 1, published: 50 },
    looks: { serving: 1, promotions: 1, ackSets: 1, digests: 1, entries: 1, logs: 1 },
  },
};

export type Counted = Pick<Totals, 'runs' | 'worldMs' | 'messages' | 'counts'>;

export class Totals {
  readonly name: Simulation;
  readonly counts: Counts = {};
  runs = 0;
  worldMs = 0;
  messages = 0;

  constructor(name: Simulation) {
    this.name = name;
  }

  add({ counts, worldMs, messages }: RunResult): void {
    this.merge({ runs: 1, worldMs, messages, counts });
  }

  /** What other runs counted together. */
  merge({ runs, counts, worldMs, messages }: Counted): void {
    this.runs += runs;
    this.worldMs += worldMs;
    this.messages += messages;
    for (const [subject, of] of Object.entries(counts)) {
      const sums = this.counts[subject] ?? {};
      this.counts[subject] = sums;
      for (const [what, count] of Object.entries(of)) sums[what] = (sums[what] ?? 0) + count;
    }
  }

  /** What happened too seldom; nothing can be said of a few runs. */
  get shortfalls(): readonly string[] {
    if (this.runs < runsMin) return [];
    const found = this.#shortOf(least[this.name]);
    const kinds = faultKinds.filter((kind) => (this.counts.faults?.[kind] ?? 0) > 0);
    if (kinds.length < faultKindsMin) found.push(`${this.name}: only the faults ${kinds}`);
    return this.runs < manyRuns ? found : [...found, ...this.#shortfallsOfMany()];
  }

  /** Calls of maps and queues that were answered. */
  get operations(): number {
    return answered.reduce((sum, subject) => sum + (this.counts[subject]?.ok ?? 0), 0);
  }

  #shortOf(wanted: Counts): string[] {
    const found: string[] = [];
    for (const [subject, of] of Object.entries(wanted)) {
      for (const [what, mean] of Object.entries(of)) {
        const count = this.counts[subject]?.[what] ?? 0;
        if (count > mean * this.runs) continue;
        found.push(`${this.name}: ${count} ${what} of ${subject} in ${this.runs} runs`);
      }
    }
    return found;
  }

  #shortfallsOfMany(): readonly string[] {
    const { runs, name, operations } = this;
    const rare = faultKinds.filter(
      (kind) => !withoutKinds[name]?.includes(kind) && this.ofKind(kind) < faultsOfKindMin * runs,
    );
    const found = rare.map((kind) => `${name}: ${this.ofKind(kind)} of ${kind} in ${runs} runs`);
    found.push(...this.#shortOf(leastOfMany[name] ?? {}));
    const least = (operationsMin[name] ?? 0) * runs;
    if (operations < least) found.push(`${name}: ${operations} answers, ${least} wanted`);
    return found;
  }

  /** How often a kind of fault was injected. */
  ofKind(kind: FaultKind): number {
    return this.counts.kinds?.[kind] ?? 0;
  }
}

/** What happened too seldom in all simulations together, where all have run. */
export function shortfallsOfAll(totals: readonly Totals[]): readonly string[] {
  const seeds = Math.min(...totals.map(({ runs }) => runs));
  if (totals.length < names.length || seeds < manyRuns) return [];
  const sumOf = (count: (of: Totals) => number) => totals.reduce((sum, of) => sum + count(of), 0);
  const found: string[] = [];
  for (const kind of faultKinds) {
    const count = sumOf((of) => of.ofKind(kind));
    const least = ofAll.faultsOfKindMin * seeds;
    if (count < least) found.push(`all: ${count} of ${kind} with ${seeds} seeds, ${least} wanted`);
  }
  const operations = sumOf((of) => of.operations);
  const wanted = ofAll.operationsMin * seeds;
  if (operations < wanted) found.push(`all: ${operations} answers, ${wanted} wanted`);
  return found;
}

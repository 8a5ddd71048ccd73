/**
 * What the simulations of members have in common: a grid drawn from a seed, what goes wrong in it, the calm
 * afterwards, and what is counted.
 */
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { FaultKind, FaultLimits } from '../../src/testing/fault-kinds.ts';
import { drawSwarm, FaultPlan, type Swarm } from '../../src/testing/faults.ts';
import type { SendHook } from '../../src/testing/sim-network.ts';
import { ClientFaults } from './client-faults.ts';
import { ComingsAndGoings } from './comings-and-goings.ts';
import { CopyFlights } from './copy-flights.ts';
import { EdgeFaults } from './edge-faults.ts';
import { describeGrid } from './grid-description.ts';
import { drawShape, type GridShape, GridWorld } from './grid-world.ts';
import { Invariants } from './invariants.ts';
import { LastingFault, type Within } from './lasting-faults.ts';
import { LateRenewals } from './late-renewals.ts';
import { mayCrash } from './may-crash.ts';
import { Silences } from './silences.ts';
import { SwimInvariants } from './swim-invariants.ts';
import { TargetedFaults } from './targeted-faults.ts';

/** What else goes wrong, beside the kinds of faults of every world. */
export const troubles = ['targeted', 'edges', 'renewals', 'comings', 'clients', 'lasting'] as const;

export type Trouble = FaultKind | (typeof troubles)[number];

export interface RunOptions {
  /** How long faults go on, in the world's time. */
  readonly faultsMs: number;
  readonly traceLinesMax: number;
  /** What does not go wrong, though the seed says so. */
  readonly without?: readonly Trouble[];
}

/** How often what happened, by subject. */
export type RunCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface RunResult {
  readonly seed: number;
  /** Empty where everything held. */
  readonly violations: readonly string[];
  readonly hash: string;
  readonly worldMs: number;
  readonly messages: number;
  readonly counts: RunCounts;
  readonly shape: string;
  readonly trace: readonly string[];
}

export interface TrialOptions extends RunOptions {
  /** @default a grid that never forks */
  readonly shape?: (random: Random) => GridShape;
  /** Whether members may go on alone. @default false */
  readonly hasForks?: boolean;
}

const convergeMs = 90_000;
/** How often the invariants are looked at while there are faults. */
const lookMs = 20;
const calmLookMs = 100;
const restLookMs = 400;
/** What was begun before the healing may go on for so long. */
const restlessMs = 2_000;
/** Beliefs change seldom. */
const looksPerMembership = 4;

export class Trial {
  readonly grid: GridWorld;
  /** A stream of its own, so that what the world draws does not change what is drawn here. */
  readonly random: Random;
  /** Whether there are targeted faults as well. */
  readonly isTargeted: boolean;
  readonly invariants: Invariants;
  readonly #membership: SwimInvariants;
  readonly #violations: string[] = [];
  readonly #seed: number;
  readonly #swarm: Swarm;
  readonly #shape: GridShape;
  readonly #options: TrialOptions;
  /** What becomes of single messages, while there are faults. */
  #judge: SendHook | undefined;
  readonly #plans: FaultPlan[] = [];
  #looks = 0;

  constructor(seed: number, options: TrialOptions) {
    this.#seed = seed;
    this.#options = options;
    this.random = seededRandom(seed * 2 + 1);
    this.#swarm = drawSwarm(this.random);
    this.#shape = (options.shape ?? drawShape)(this.random);
    this.isTargeted = this.random.below(2) === 0;
    const { mode, quality } = this.#swarm;
    const { traceLinesMax } = options;
    this.grid = new GridWorld(seed, this.#shape, { mode, quality, traceLinesMax });
    this.invariants = new Invariants(this.grid, options.hasForks);
    this.#membership = new SwimInvariants(this.grid);
    // Whoever lets members lose each other begins faults of its own.
    const isCalm = mode === 'stream' && quality.loss === 0 && options.hasForks !== true;
    if (isCalm) this.#membership.calm(0);
    this.#watchAnswers();
  }

  /** Faults of some kinds, or of those that it has drawn, in the manner of this world. */
  plan(limits: FaultLimits, kinds: readonly FaultKind[] = this.#swarm.kinds): FaultPlan {
    const swarm = { ...this.#swarm, kinds: kinds.filter((kind) => this.has(kind)) };
    const plan = new FaultPlan(this.grid.world, swarm, limits);
    this.#plans.push(plan);
    return plan;
  }

  has(trouble: Trouble): boolean {
    return this.#options.without?.includes(trouble) !== true;
  }

  /** Lets time pass, and looks at the invariants meanwhile; until it holds, where something is to be waited for. */
  watch(ms: number, isOver: () => boolean = () => false): boolean {
    const { world } = this.grid;
    const end = world.now + ms;
    while (world.now < end && this.#areKept && !isOver()) {
      world.runFor(lookMs);
      this.#look();
    }
    return isOver();
  }

  #look(): void {
    this.invariants.check();
    if (this.#looks++ % looksPerMembership === 0) this.#membership.check();
  }

  get #areKept(): boolean {
    return this.invariants.violations.length + this.#membership.violations.length === 0;
  }

  /** Lets calm time pass, in which little happens and little is looked at. */
  rest(ms: number): void {
    const { world } = this.grid;
    const end = world.now + ms;
    while (world.now < end) {
      world.runFor(Math.min(restLookMs, end - world.now));
      this.invariants.check();
      this.#membership.check();
    }
  }

  /** Notes a violation where it is not so. */
  expect(isTrue: boolean, what: string): void {
    if (!isTrue) this.#violations.push(`${this.grid.world.now.toFixed(0)} ms: ${what}`);
  }

  /** Goes on until it holds, for so long at most; a violation where it does not. */
  expectWithin(ms: number, what: string, isSo: () => boolean): void {
    this.expect(this.#within(ms, isSo), what);
  }

  /** Also in the calm the invariants are looked at. */
  #within(ms: number, isSo: () => boolean): boolean {
    const { world } = this.grid;
    let lookAt = world.now;
    const look = () => {
      if (world.now >= lookAt) {
        lookAt = world.now + calmLookMs;
        this.#look();
      }
      return isSo();
    };
    return world.runUntil(look, world.now + ms);
  }

  /** False where nothing can be tried in it. */
  settle(what: string): boolean {
    const isSettled = this.#within(convergeMs, () => this.grid.isSafe);
    if (!isSettled) this.expect(false, `${what}:\n  ${describeGrid(this.grid)}`);
    return isSettled;
  }

  /** Faults, and then the calm in which everything has to come back without anybody's help. */
  disturb(): void {
    const { grid } = this;
    const { world } = grid;
    const may = (name: string) => mayCrash(grid, name);
    const { comings, heal } = this.#inject(may);
    this.watch(this.#options.faultsMs);
    heal();
    this.#within(restlessMs, () => false);
    for (const process of grid.callers) if (!process.isUp) world.restart(process.name);
    const haveLeft = () => comings.isSettled;
    this.expectWithin(convergeMs, 'members could not leave', haveLeft);
    this.#converge();
    // In one of three worlds something stays wrong after that.
    if (this.#seed % 3 === 1 && this.has('lasting')) this.#endure(may);
  }

  /** Begins all that goes wrong in this world. */
  #inject(may: (name: string) => boolean): { comings: ComingsAndGoings; heal: () => void } {
    const { grid } = this;
    const { faultsMs } = this.#options;
    const mayRestart = (name: string) => grid.mayRestart(name);
    const plan = this.plan({ mayCrash: may, mayRestart });
    const silences = new Silences();
    const targeted = new TargetedFaults(grid, this.#seed, may);
    const edges = new EdgeFaults(grid, this.#seed, silences, may);
    const ofClients = new ClientFaults(grid, this.#seed);
    const comings = new ComingsAndGoings(grid, this.#seed);
    this.#membership.disturbed();
    plan.inject(faultsMs);
    if (this.has('clients')) ofClients.inject();
    // In two of three worlds, so that one is left in which the members stay who they are.
    if (this.#seed % 3 !== 0 && this.has('comings')) comings.inject(faultsMs);
    const hasTargeted = this.isTargeted && this.has('targeted');
    if (this.isTargeted && this.has('edges')) edges.inject();
    const renewals = this.has('renewals') ? new LateRenewals(grid) : undefined;
    this.#judge = (from, to, message) => {
      if (silences.isLost(from, to, message, grid.world.now)) return 'drop';
      const verdict = renewals?.judge(to, message) ?? 'pass';
      return verdict === 'pass' && hasTargeted ? targeted.judge(from, to, message) : verdict;
    };
    const heal = () => {
      this.#judge = undefined;
      targeted.heal();
      edges.heal();
      ofClients.heal();
      plan.heal();
      this.#membership.calm();
    };
    return { comings, heal };
  }

  #converge(): void {
    const { grid } = this;
    this.settle('the grid did not converge');
    const isLevel = () => grid.isLevel && grid.isSafe;
    this.expectWithin(convergeMs, 'copies did not become level', isLevel);
  }

  #endure(may: (name: string) => boolean): void {
    if (this.#violations.length > 0 || !this.#areKept) return;
    this.#membership.disturbed();
    const within: Within = (ms, isSo) => this.#within(ms, isSo);
    for (const what of new LastingFault(this.grid, this.#seed, may, within).endure()) {
      this.expect(false, what);
    }
    this.#membership.calm();
    this.#converge();
  }

  /** From the beginning to the end, beside what faults make of them. */
  #watchAnswers(): void {
    const { grid } = this;
    const { leases, bounds } = this.invariants;
    const copies = new CopyFlights(bounds);
    grid.world.network.onSend = (from, to, message) => {
      if (message.kind === 'op.reply') leases.replied(from, 'toMembers');
      copies.sent(from, to, message);
      return this.#judge?.(from, to, message) ?? 'pass';
    };
    grid.onAnswer = (where, whom) => leases.replied(where, whom);
  }

  /** How often each kind of fault was injected. */
  get #kinds(): Readonly<Record<string, number>> {
    const kinds: Record<string, number> = {};
    for (const [kind, count] of this.#plans.flatMap(({ counts }) => [...counts])) {
      kinds[kind] = (kinds[kind] ?? 0) + count;
    }
    return kinds;
  }

  result(violations: readonly string[], counts: RunCounts): RunResult {
    const { world, clientLooks, newest } = this.grid;
    const { mode } = this.#swarm;
    const kinds = this.#swarm.kinds.filter((kind) => this.has(kind));
    const found = [...this.#violations, ...violations, ...this.invariants.violations];
    if (found.length === 0) this.#membership.checkAtRest();
    const all = [...found, ...this.#membership.violations];
    const { isTargeted, invariants } = this;
    return {
      seed: this.#seed,
      violations: all,
      hash: world.traceHash,
      worldMs: world.now,
      messages: [...world.counts.messages.values()].reduce((sum, count) => sum + count, 0),
      counts: {
        ...counts,
        clients: { ...Object.fromEntries(world.counts.sockets), ...clientLooks.counts },
        looks: { ...invariants.looks, ...invariants.leases.looks, ...invariants.entries.looks },
        bounds: invariants.bounds.looks,
        membership: this.#membership.looks,
        faults: Object.fromEntries(world.counts.faults),
        kinds: this.#kinds,
        voters: { [`${newest?.meta.raft?.config.voters.length}`]: 1 },
      },
      shape: JSON.stringify({ ...this.#shape, limits: undefined, kinds, mode, isTargeted }),
      trace: all.length > 0 ? world.traceLines : [],
    };
  }
}

/**
 * One run of a grid that falls apart and heals, some times, from a seed: all sides go on writing, and in the
 * end there is one lineage again, in which everything is that was acknowledged, or that was told as discarded.
 * There are two members, or some more in mode `availability`, which fall apart into two or three.
 */

import type { MemberId } from '../../src/base/ids.ts';
import type { Random } from '../../src/base/random.ts';
import { presets } from '../../src/base/timings.ts';
import { heritagesIn } from '../../src/member/inheritance.ts';
import { isServing, rowOf } from '../../src/partition/meta-state.ts';
import type { FaultKind } from '../../src/testing/fault-kinds.ts';
import { ForkCalls, type MemberProcess } from './fork-calls.ts';
import { ForkGoods, queueName, topicName } from './fork-goods.ts';
import { ForkRegisters, mapName } from './fork-registers.ts';
import type { Report, Round } from './fork-round.ts';
import { groups, type Parting, pairs, policies, shapeOf, type Variety } from './fork-variety.ts';
import { MergeReports } from './merge-reports.ts';
import { type RunOptions, type RunResult, Trial, type Trouble } from './trial.ts';

/** While they are apart, and while they come together. */
const faultsApart: readonly FaultKind[] = ['stall', 'slow', 'clock-rate', 'clock-jump', 'clog'];
const faultsHealing: readonly FaultKind[] = [
  'cut',
  'cut-one-way',
  'reset',
  'half-open',
  'pause',
  'stall',
  'clog',
];

/** What else a parting takes that may be left out. */
const troublesOf: Readonly<Record<Parting, readonly Trouble[]>> = {
  cut: [],
  pause: ['pause'],
  crash: ['crash'],
  join: ['crash', 'comings'],
};

const { forkAfterMs } = presets.lan;
const forkWithinMs = forkAfterMs + 8_000;
const roundsMax = 3;
/** A connection that is half-open is not noticed for so long: until then all seems well. */
const unnoticedMs = 4_000;

export function runForks(seed: number, options: RunOptions): RunResult {
  return runOf(pairs, seed, options);
}

export function runSplits(seed: number, options: RunOptions): RunResult {
  return runOf(groups, seed, options);
}

function runOf(variety: Variety, seed: number, options: RunOptions): RunResult {
  const run = new ForkRun(variety, seed, options);
  run.run();
  return run.result();
}

interface Parted extends Pick<Round, 'cutAt' | 'aloneAt'> {
  /** The sides, where all had gone on. */
  readonly settled: { readonly sides: Round['sides']; readonly at: number } | undefined;
}

class ForkRun {
  readonly #variety: Variety;
  readonly #trial: Trial;
  /** No fault of a kind that is drawn lasts for longer. */
  readonly #faultsMs: number;
  readonly #random: Random;
  readonly #calls: ForkCalls;
  readonly #registers: ForkRegisters;
  readonly #goods: ForkGoods;
  readonly #policy: string;
  readonly #counts = {
    forks: 0,
    merges: 0,
    grown: 0,
    joined: 0,
    missing: 0,
    nested: 0,
    adopted: 0,
    orphaned: 0,
    kept: 0,
    discarded: 0,
  };
  readonly #reports: MergeReports;
  /** Writes of one structure come so often. */
  readonly #pauseMs: number;

  constructor(variety: Variety, seed: number, options: RunOptions) {
    this.#variety = variety;
    this.#faultsMs = options.faultsMs;
    const shape = (random: Random) => shapeOf(variety, random);
    this.#trial = new Trial(seed, { ...options, shape, hasForks: true });
    const { grid, random } = this.#trial;
    this.#random = random;
    this.#policy = random.pick(policies);
    this.#pauseMs = random.pick([60, 150, 300]);
    this.#reports = new MergeReports(grid);
    this.#calls = new ForkCalls(grid, random);
    this.#registers = new ForkRegisters(this.#calls, this.#policy);
    this.#goods = new ForkGoods(this.#calls);
  }

  run(): void {
    const { grid } = this.#trial;
    if (!this.#trial.settle('the cluster did not form')) return;
    grid.define('map', mapName, { merge: this.#policy });
    grid.define('queue', queueName);
    grid.define('topic', topicName, { retain: 100_000 });
    if (!this.#trial.settle('the structures did not settle')) return;
    const [first] = grid.processes;
    if (first !== undefined) this.#registers.fill(first);
    for (const process of grid.processes) this.#start(process);
    const rounds = 1 + this.#random.below(roundsMax);
    for (let number = 0; number < rounds && this.#isFine; number++) {
      if (!this.#round(number)) return;
      // Three vote, and never part.
      if (!this.#hasGroups && grid.processes.filter(isData).length > 2) return;
    }
  }

  result(): RunResult {
    const violations = [...this.#registers.violations, ...this.#goods.violations];
    return this.#trial.result(violations, {
      lineages: this.#counts,
      registers: this.#registers.counts,
      goods: this.#goods.counts,
      policies: { [this.#policy]: 1 },
    });
  }

  get #isFine(): boolean {
    const { invariants } = this.#trial;
    return [this.#registers, this.#goods, invariants].every(
      ({ violations }) => violations.length === 0,
    );
  }

  get #hasGroups(): boolean {
    return this.#variety === groups;
  }

  #start(process: MemberProcess): void {
    this.#registers.start(process, this.#pauseMs);
    this.#goods.start(process, this.#pauseMs * 2);
  }

  /** False where nothing can be tried after it. */
  #round(number: number): boolean {
    const { grid } = this.#trial;
    const { world } = grid;
    this.#calls.isQuiet = false;
    this.#trial.watch(500 + this.#random.next() * 2_000);
    const before = grid.successions.length;
    const partings = this.#variety.partings.filter((parting) =>
      troublesOf[parting].every((trouble) => this.#trial.has(trouble)),
    );
    const { cutAt, aloneAt, settled } = this.#part(this.#random.pick(partings));
    const healAt = world.now;
    const orphans = this.#orphans(settled === undefined);
    if (orphans.size > 0) this.#counts.orphaned++;
    const { sides, at: sidesAt } = settled ?? { sides: this.#sides(), at: healAt };
    // Where nobody writes any more, what the merge made of both sides is there to be seen.
    this.#calls.isQuiet = this.#random.below(2) === 0;
    this.#heal();
    if (!this.#trial.settle('the lineages did not become one')) return false;
    const doneAt = world.now;
    this.#trial.watch(500 + this.#random.next() * 2_000);
    this.#calls.isQuiet = true;
    this.#trial.expectWithin(20_000, 'calls did not end', () => this.#calls.open === 0);
    this.#expectCalm();
    this.#trial.watch(unnoticedMs);
    this.#expectCalm();
    const forks = grid.successions.slice(before).filter(({ kind }) => kind === 'fork').length;
    this.#count(forks);
    const commonUntil = this.#hasGroups ? aloneAt : cutAt;
    this.#check({
      number,
      cutAt,
      aloneAt,
      commonUntil,
      healAt,
      doneAt,
      isNested: forks > 1,
      sides,
      sidesAt,
      orphans,
    });
    return true;
  }

  #expectCalm(): void {
    const { grid } = this.#trial;
    const isCalm = () => grid.isLevel && grid.isSafe;
    this.#trial.expectWithin(90_000, 'copies did not become level', isCalm);
  }

  /** The two lose each other, and whoever is younger goes on alone. Gives when they did. */
  #part(parting: Parting): Parted {
    const { grid } = this.#trial;
    const [older, younger] = this.#byAge();
    const { now } = grid.world;
    if (older === undefined || younger === undefined) {
      return { cutAt: now, aloneAt: now, settled: undefined };
    }
    if (parting === 'join') this.#join(older);
    const cutAt = grid.world.now;
    const before = grid.successions.length;
    this.#separate(parting, older, younger);
    const hasForked = () =>
      grid.successions.length > before && this.#serving(younger).every(isReady);
    this.#trial.watch(forkWithinMs, hasForked);
    const aloneAt = grid.world.now;
    // From here on sides may meet before they are healed: over one that joins.
    const settled = hasForked() ? { sides: this.#sides(), at: aloneAt } : undefined;
    if (parting === 'cut' && hasForked() && this.#random.below(3) === 0) this.#grow(older);
    const apartMs = Math.min(this.#random.next() * 8_000, this.#faultsMs);
    if (parting === 'cut') this.#trial.plan({}, faultsApart).inject(apartMs);
    this.#trial.watch(parting === 'cut' ? apartMs - 1 : 4_000);
    return { cutAt, aloneAt, settled };
  }

  /** Who belongs to no side that serves. */
  #orphans(isEarly: boolean): ReadonlySet<string> {
    if (!isEarly || !this.#hasGroups) return new Set();
    return new Set(this.#up.filter((process) => !isReady(process)).map(({ name }) => name));
  }

  /** In which lineage each process is. */
  #sides(): Round['sides'] {
    return new Map(this.#up.map(({ name, program }) => [name, program.member.state.lineage.id]));
  }

  get #up(): readonly MemberProcess[] {
    return this.#trial.grid.processes.filter(({ isUp }) => isUp);
  }

  #separate(parting: Parting, older: MemberProcess, younger: MemberProcess): void {
    const { world, processes } = this.#trial.grid;
    if (parting === 'pause') world.pause(older.name, forkWithinMs + 2_000);
    else if (parting !== 'cut') world.crash(older.name);
    else if (this.#hasGroups) this.#scatter(older, younger);
    else {
      const lite = processes.filter((process) => !isData(process));
      const withOlder = this.#random.below(2) === 0 ? lite : [];
      const withYounger = lite.filter((process) => !withOlder.includes(process));
      const names = (side: readonly MemberProcess[]) => side.map(({ name }) => name);
      world.split(names([older, ...withOlder]), names([younger, ...withYounger]));
    }
  }

  /** Into two sides, or three. */
  #scatter(older: MemberProcess, younger: MemberProcess): void {
    const sides = [[older.name], [younger.name], ...(this.#random.below(4) === 0 ? [[]] : [])];
    for (const { name } of this.#trial.grid.processes) {
      if (name !== older.name && name !== younger.name) this.#random.pick(sides).push(name);
    }
    this.#trial.grid.world.split(...sides);
  }

  /** Who has to serve before all have gone on: where there are more than two, each of them. */
  #serving(younger: MemberProcess): readonly MemberProcess[] {
    return this.#hasGroups ? this.#trial.grid.processes : [younger];
  }

  /** A third comes, and perhaps has not got a vote or a copy yet when the older dies: two may go on alone then. */
  #join(older: MemberProcess): void {
    const third = this.#trial.grid.add(true);
    this.#counts.joined++;
    const all = this.#trial.grid.processes.length;
    this.#trial.watch(20_000, () => older.program.member.state.members.size === all);
    this.#start(third);
    this.#trial.watch(this.#random.next() * 300);
  }

  /** Another joins the side of the younger, which is the larger then. */
  #grow(older: MemberProcess): void {
    if (!this.#trial.has('comings')) return;
    const { grid } = this.#trial;
    const third = grid.add(true);
    this.#counts.grown++;
    grid.world.cut(older.name, third.name);
    this.#start(third);
    const isIn = () => third.isUp && third.program.member.isReady && third.program.member.isSafe;
    this.#trial.watch(20_000, isIn);
  }

  #heal(): void {
    const { grid } = this.#trial;
    const { world } = grid;
    for (const process of grid.processes) if (!process.isUp) world.restart(process.name);
    world.healAll();
    if (this.#random.below(2) === 0) {
      const lastsMs = Math.min(2_000 + this.#random.next() * 8_000, this.#faultsMs);
      this.#trial.plan({}, faultsHealing).inject(lastsMs);
      this.#trial.watch(lastsMs);
    } else if (this.#random.below(4) === 0) {
      this.#killWhoBrings();
    }
  }

  /** A member of the losing side dies before it has brought all that it had. */
  #killWhoBrings(): void {
    if (!this.#trial.has('crash')) return;
    const { grid } = this.#trial;
    const bringing = () =>
      grid.processes.find(({ isUp, program }) => isUp && program.member.unfinished !== undefined);
    this.#trial.watch(20_000, () => bringing() !== undefined);
    const victim = bringing();
    if (victim === undefined || grid.members.length < 2) return;
    if (this.#hasGroups && isLast(victim)) return;
    grid.world.crash(victim.name);
    this.#trial.watch(500);
    grid.world.restart(victim.name);
  }

  #check(times: Omit<Round, 'winner' | 'isMissing' | 'adopted'>): void {
    const { grid, invariants } = this.#trial;
    const { state } = grid.newest ?? {};
    if (state === undefined) return;
    const { id: winner } = state.lineage;
    const apart = grid.members.filter((member) => member.state.lineage.id !== winner);
    this.#trial.expect(apart.length === 0, `${apart.map(({ id }) => id)} are in another lineage`);
    const { missing } = this.#reports;
    const adopted = this.#reports.adoptedBy(state.lineage);
    const round: Round = { ...times, winner, isMissing: missing > 0, adopted };
    this.#counts.missing += missing;
    this.#counts.adopted += adopted.size;
    this.#counts.merges = state.merges.length;
    const { processes } = grid;
    this.#registers.check(round, this.#report(mapName), processes);
    this.#goods.check(round, this.#report(queueName), this.#report(topicName), processes);
    invariants.check();
    // The network may lose a ping at any time, and it takes some more to find out that nobody is gone.
    this.#expectCalm();
    invariants.checkQuiescent();
  }

  #count(forks: number): void {
    this.#counts.forks += forks;
    if (forks > 1) this.#counts.nested++;
  }

  /** What the merges of this round said of a structure. */
  #report(name: string): Report {
    const report = this.#reports.of(name);
    this.#counts.kept += report.kept;
    this.#counts.discarded += report.discarded;
    return report;
  }

  /** Data members, the oldest first. */
  #byAge(): MemberProcess[] {
    const { newest, processes } = this.#trial.grid;
    const joinedAt = (process: MemberProcess) =>
      newest?.state.members.get(process.program.member.id)?.joinedAt ?? 0;
    return processes.filter(isData).sort((one, other) => joinedAt(one) - joinedAt(other));
  }
}

/** Whether a member has something, or is to bring it, that the others have not: a death is to cost no more than it may. */
function isLast({ program }: MemberProcess): boolean {
  const { id, state, unfinished } = program.member;
  const serves = (other: MemberId) => other !== id && isServing(state.members.get(other));
  const partitions = heritagesIn(unfinished).flatMap(({ legacy }) => [...legacy.estates.keys()]);
  const rows = [...state.groups.flatMap((group) => group ?? [])].filter(({ inSync }) =>
    inSync.includes(id),
  );
  const brought = partitions.map((partition) => rowOf(state, partition));
  return [...rows, ...brought].some((row) => !row?.inSync.some(serves));
}

function isReady({ program }: MemberProcess): boolean {
  return program.member.isReady;
}

function isData({ program }: MemberProcess): boolean {
  return program.member.settings.data;
}

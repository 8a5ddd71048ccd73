/**
 * A copy moves from one member to another while callers write, and somebody is killed at one of its steps
 * (PROTOCOL.md 3.4): twelve steps, right before and right after, times the meta leader, the primary, the learner and
 * a backup.
 *
 * Checked in each run: nothing acknowledged is lost, nothing takes effect twice, one order explains all that callers
 * saw, there are never fewer copies than before but for the one that was killed, none is left over, and everything
 * comes back by itself.
 */
import type { MemberId, PartitionId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { partitionIdOf } from '../../src/base/partition-id.ts';
import { seededRandom } from '../../src/base/random.ts';
import { type PartitionRow, rowOf } from '../../src/partition/meta-state.ts';
import { type MoveStep, moveSteps } from '../../src/partition/move-steps.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { GridWorld, type Program } from './grid-world.ts';
import { Invariants } from './invariants.ts';
import { mapName, scratchName, Workload } from './workload.ts';

export const roles = ['leader', 'primary', 'learner', 'backup'] as const;
type Role = (typeof roles)[number];

/** The first is that of the controller, which names learner and retiree. */
export const steps = ['plan', ...moveSteps] as const;

export interface KillPoint {
  readonly step: 'plan' | MoveStep;
  readonly when: 'before' | 'after';
  readonly role: Role;
}

export const killPoints: readonly KillPoint[] = steps.flatMap((step) =>
  (['before', 'after'] as const).flatMap((when) => roles.map((role) => ({ step, when, role }))),
);

export interface CrashResult {
  readonly point: KillPoint;
  readonly seed: number;
  readonly violations: readonly string[];
  /** Calls that succeeded. */
  readonly ok: number;
  readonly looks: number;
  /** Whether the copy moved in spite of the kill. */
  readonly hasMoved: boolean;
}

type Process = SimProcess<Program>;

const settleMs = 90_000;
const partitions = 7;
/** The turn in which the step is done has ended by then, and what it sent is on its way. */
const afterMs = 0.05;
/** A killed process comes back at its address after this. */
const restartMs = 1_500;

/** The members of one move. */
interface Cast {
  readonly partition: PartitionId;
  readonly leader: Process;
  readonly primary: Process;
  readonly backup: Process;
  readonly learner: Process;
}

class CrashRun {
  readonly #point: KillPoint;
  readonly #grid: GridWorld;
  readonly #workload: Workload;
  readonly #invariants: Invariants;
  readonly violations: string[] = [];
  /** How often the copies were counted. */
  looks = 0;
  #copiesLeast = 2;
  #victimId: MemberId | undefined;
  #cast: Cast | undefined;

  constructor(point: KillPoint, seed: number) {
    this.#point = point;
    const random = seededRandom(seed * 7 + 5);
    const limits = { ...defaultLimits, copyChunkBytes: 64, copyChunksInFlightMax: 2 };
    const shape = { members: 4, lite: 0, partitions, backups: 1, clients: [], zones: 0, limits };
    const quality = { latencyMs: random.pick([0.05, 0.2, 2]), jitterMs: random.pick([0.1, 1]) };
    this.#grid = new GridWorld(seed, shape, { quality });
    this.#invariants = new Invariants(this.#grid);
    const pauseMs = random.pick([5, 20]);
    this.#workload = new Workload(this.#grid, random, {
      callers: 5,
      keys: 12,
      pauseMs,
      timeoutMs: 4_000,
    });
  }

  run(seed: number): CrashResult {
    this.#begin();
    const cast = this.#castMove();
    this.#cast = cast;
    this.#arm(cast);
    this.#plan(cast);
    this.#expect(
      this.#runUntil(() => this.#victimId !== undefined, 20_000),
      'nobody was killed',
    );
    this.#runFor(restartMs);
    for (const process of this.#grid.processes) if (!process.isUp) process.start();
    this.#expect(
      this.#runUntil(() => this.#isWell, settleMs),
      'the grid did not come back',
    );
    const row = this.#row(cast);
    const { id: learner } = cast.learner;
    this.#finish();
    return {
      point: this.#point,
      seed,
      violations: this.violations,
      ok: this.#workload.calling.ended.ok,
      looks: this.looks,
      hasMoved: row.inSync.includes(learner),
    };
  }

  get #isWell(): boolean {
    return this.#grid.isSafe && this.#grid.isLevel;
  }

  #begin(): void {
    const grid = this.#grid;
    this.#expect(grid.settle(settleMs), 'the cluster did not form');
    for (const name of [mapName, scratchName]) grid.define('map', name);
    this.#expect(
      this.#runUntil(() => this.#isWell, settleMs),
      'the maps did not settle',
    );
    this.#workload.start();
    grid.world.runFor(1_500);
  }

  /** A partition neither of whose copies is the leader's, and the fourth member as its learner. */
  #castMove(): Cast {
    const { processes, newest } = this.#grid;
    const leader = processes.find(({ program }) => program.member.meta.isLeader);
    for (let index = 0; index < partitions && leader !== undefined; index++) {
      const partition = partitionIdOf(1, index, partitions);
      const row = newest === undefined ? undefined : rowOf(newest.state, partition);
      const primary = processes.find(({ id }) => id === row?.primary);
      const backup = processes.find(({ id }) => row?.inSync.includes(id) && id !== row.primary);
      const learner = processes.find((one) => ![leader, primary, backup].includes(one));
      if (primary === undefined || backup === undefined || learner === undefined) continue;
      if (row?.inSync.includes(leader.id)) continue;
      return { partition, leader, primary, backup, learner };
    }
    throw new Error('every partition has a copy at the leader');
  }

  #row({ partition }: Cast): PartitionRow {
    const row = this.#grid.newest && rowOf(this.#grid.newest.state, partition);
    if (row === undefined) throw new Error(`no row of ${partition}`);
    return row;
  }

  /** Kills once, when the step is reached first. */
  #arm(cast: Cast): void {
    const { step, when } = this.#point;
    const grid = this.#grid;
    grid.onStep = (_, reached, partition) => {
      if (reached !== step || partition !== cast.partition) return;
      grid.onStep = undefined;
      if (when === 'before') this.#kill(cast);
      else grid.world.after(afterMs, () => this.#kill(cast));
    };
  }

  #plan(cast: Cast): void {
    const { step, when } = this.#point;
    if (step === 'plan' && when === 'before') this.#kill(cast);
    const { version } = this.#row(cast);
    const { partition, learner, primary } = cast;
    const asker = [cast.backup, primary].find(({ isUp }) => isUp);
    const change = {
      partition,
      version,
      learner: learner.isUp ? learner.id : undefined,
      retiring: primary.isUp ? primary.id : undefined,
      transferTo: undefined,
    };
    asker?.run(({ member, clock }) => {
      const command = { type: 'assign', changes: [change] } as const;
      member.meta.commit(command, clock.monotonic(), 10_000, () => {});
    });
    // The leader has proposed it by then, and the others do not know that it is committed.
    if (step === 'plan' && when === 'after') {
      const { leader } = cast;
      const before = leader.program.member.meta.raft?.lastIndex ?? 0;
      const isProposed = () => (leader.program.member.meta.raft?.lastIndex ?? 0) > before;
      this.#grid.world.runUntil(isProposed, this.#grid.world.now + 5_000, 0.1);
      this.#kill(cast);
    }
  }

  #kill(cast: Cast): void {
    const victim = cast[this.#point.role];
    if (!victim.isUp) return;
    this.#victimId = victim.id;
    if (this.#row(cast).inSync.includes(victim.id)) this.#copiesLeast--;
    this.#grid.world.crash(victim.name);
  }

  #runFor(ms: number): void {
    const end = this.#grid.world.now + ms;
    this.#runUntil(() => this.#grid.world.now >= end, ms);
  }

  #runUntil(isSo: () => boolean, ms: number): boolean {
    const { world } = this.#grid;
    const end = world.now + ms;
    while (!isSo()) {
      if (world.now >= end) return false;
      world.runFor(10);
      this.#invariants.check();
      this.#checkCopies();
    }
    return true;
  }

  /** As many living copies in sync as before the move, less that of whoever was killed. */
  #checkCopies(): void {
    const cast = this.#cast;
    if (cast === undefined) return;
    const { inSync } = this.#row(cast);
    const living = this.#grid.processes.filter(({ isUp }) => isUp).map(({ id }) => id);
    const copies = inSync.filter((id) => living.includes(id)).length;
    this.looks++;
    this.#expect(copies >= this.#copiesLeast, `${copies} living copies of ${inSync}`);
  }

  #finish(): void {
    const { world } = this.#grid;
    const workload = this.#workload;
    workload.stop();
    this.#expect(
      this.#runUntil(() => workload.open === 0, 20_000),
      'calls did not end',
    );
    workload.readAll();
    this.#expect(
      this.#runUntil(() => workload.open === 0, 10_000),
      'the last reads did not end',
    );
    // What is no longer needed is dropped within seconds.
    world.runFor(6_000);
    this.#expect(
      this.#runUntil(() => this.#isWell, settleMs),
      'the grid did not stay level',
    );
    this.#invariants.checkQuiescent();
    this.violations.push(...this.#invariants.violations, ...workload.violations());
  }

  #expect(isTrue: boolean, what: string): void {
    if (isTrue || this.violations.length >= 10) return;
    this.violations.push(`${this.#grid.world.now.toFixed(1)} ms: ${what}`);
  }
}

export function runCrash(point: KillPoint, seed: number): CrashResult {
  return new CrashRun(point, seed).run(seed);
}

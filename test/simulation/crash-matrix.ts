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
import type { GridWorld, Program } from './grid-world.ts';
import { UnderLoad } from './under-load.ts';

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
  readonly #seed: number;
  readonly #trial: UnderLoad;
  readonly #grid: GridWorld;
  #looks = 0;
  #copiesLeast = 2;
  #victimId: MemberId | undefined;

  constructor(point: KillPoint, seed: number) {
    this.#point = point;
    this.#seed = seed;
    const random = seededRandom(seed * 7 + 5);
    const limits = { ...defaultLimits, copyChunkBytes: 64, copyChunksInFlightMax: 2 };
    this.#trial = new UnderLoad({
      seed,
      shape: { members: 4, partitions, limits },
      latencyMs: random.pick([0.05, 0.2, 2]),
      jitterMs: random.pick([0.1, 1]),
      pauseMs: random.pick([5, 20]),
    });
    this.#grid = this.#trial.grid;
  }

  run(): CrashResult {
    const trial = this.#trial;
    trial.begin();
    const cast = this.#castMove();
    trial.onLook = () => this.#checkCopies(cast);
    // Between two looks a row may have several versions.
    this.#grid.onTable = () => this.#checkCopies(cast);
    this.#arm(cast);
    this.#plan(cast);
    trial.until(() => this.#victimId !== undefined, 'nobody was killed', 20_000);
    trial.runFor(restartMs);
    for (const process of this.#grid.processes) if (!process.isUp) process.start();
    trial.untilWell();
    const hasMoved = this.#row(cast).inSync.includes(cast.learner.id);
    trial.onLook = () => {};
    this.#grid.onTable = undefined;
    const violations = trial.finish();
    const { ok } = trial.ended;
    return { point: this.#point, seed: this.#seed, violations, ok, looks: this.#looks, hasMoved };
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

  /** As many living copies in sync as before the move, less that of whoever was killed. */
  #checkCopies(cast: Cast): void {
    const { inSync } = this.#row(cast);
    const living = this.#grid.processes.filter(({ isUp }) => isUp).map(({ id }) => id);
    const copies = inSync.filter((id) => living.includes(id)).length;
    this.#looks++;
    this.#trial.expect(copies >= this.#copiesLeast, `${copies} living copies of ${inSync}`);
  }
}

export function runCrash(point: KillPoint, seed: number): CrashResult {
  return new CrashRun(point, seed).run();
}

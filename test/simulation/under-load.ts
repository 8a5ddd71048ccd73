/**
 * A simulated grid that callers use all the time, for a test that lets something certain happen to it: whatever
 * that is, nothing is lost, nothing takes effect twice, and one order explains what callers saw.
 */
import { defaultLimits } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { type GridShape, GridWorld, type Program } from './grid-world.ts';
import { Invariants } from './invariants.ts';
import { mapName, scratchName, Workload } from './workload.ts';

export interface UnderLoadOptions {
  readonly seed?: number;
  readonly shape?: Partial<GridShape>;
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  /** Mean pause of each of the callers between two calls. */
  readonly pauseMs?: number;
  readonly keys?: number;
  readonly timeoutMs?: number;
}

type Process = SimProcess<Program>;

const settleMs = 90_000;
/** The invariants are looked at as often. */
const lookMs = 10;
const goodbyeMs = 3_000;

export class UnderLoad {
  readonly grid: GridWorld;
  readonly workload: Workload;
  readonly invariants: Invariants;
  readonly violations: string[] = [];
  /** Called at each look. */
  onLook: () => void = () => {};

  constructor(options: UnderLoadOptions = {}) {
    const { seed = 1, latencyMs = 0.2, jitterMs = 0.5, shape = {} } = options;
    const limits = { ...defaultLimits, copyChunkBytes: 256 };
    const whole = {
      members: 3,
      lite: 0,
      partitions: 13,
      backups: 1,
      clients: [],
      zones: 0,
      splitBrain: 'consistency' as const,
      limits,
      ...shape,
    };
    this.grid = new GridWorld(seed, whole, { quality: { latencyMs, jitterMs } });
    this.invariants = new Invariants(this.grid);
    this.workload = new Workload(this.grid, seededRandom(seed * 7 + 5), {
      callers: 5,
      keys: options.keys ?? 12,
      pauseMs: options.pauseMs ?? 20,
      timeoutMs: options.timeoutMs ?? 4_000,
    });
  }

  get world() {
    return this.grid.world;
  }

  /** Whether all are members, every copy is in sync and where it belongs. */
  get isWell(): boolean {
    return this.grid.isSafe && this.grid.isLevel;
  }

  /** How callers' calls have ended. */
  get ended() {
    return this.workload.calling.ended;
  }

  get leader(): Process | undefined {
    return this.grid.processes.find(({ isUp, program }) => isUp && program.member.meta.isLeader);
  }

  process(name: string): Process {
    return this.world.process(name) as Process;
  }

  begin(): void {
    this.expect(this.grid.settle(settleMs), 'the cluster did not form');
    for (const name of [mapName, scratchName]) this.grid.define('map', name);
    this.untilWell('the maps did not settle');
    this.workload.start();
    this.runFor(1_500);
  }

  expect(isTrue: boolean, what: string): void {
    if (isTrue || this.violations.length >= 10) return;
    this.violations.push(`${this.world.now.toFixed(1)} ms: ${what}`);
  }

  runFor(ms: number): void {
    const end = this.world.now + ms;
    this.runUntil(() => this.world.now >= end, ms);
  }

  /** Goes on until it holds, and looks at the invariants meanwhile; false after so long. */
  runUntil(isSo: () => boolean, ms: number = settleMs): boolean {
    const end = this.world.now + ms;
    while (!isSo()) {
      if (this.world.now >= end) return false;
      this.world.runFor(Math.min(lookMs, end - this.world.now));
      this.invariants.check();
      this.onLook();
    }
    return true;
  }

  until(isSo: () => boolean, what: string, ms: number = settleMs): void {
    this.expect(this.runUntil(isSo, ms), what);
  }

  untilWell(what = 'the grid did not come to rest'): void {
    this.until(() => this.isWell, what);
  }

  /** A new process, at an address of its own. */
  join(): Process {
    return this.grid.add(true);
  }

  /** A process that has left or died comes back at its address. */
  restart(process: Process): void {
    if (!this.grid.processes.includes(process)) this.grid.processes.push(process);
    this.world.restart(process.name);
  }

  /** Says that it leaves; nobody calls through it any more. */
  leave(process: Process): void {
    const { processes } = this.grid;
    processes.splice(processes.indexOf(process), 1);
    process.run(({ member }) => member.leave(settleMs));
  }

  /** Waits until one that leaves has handed everything over, and ends it. */
  end(process: Process): void {
    this.until(
      () => process.program.member.isHandedOver,
      `${process.name} could not hand over: ${process.program.member.unsafeReason}`,
    );
    process.run(({ member }) => member.sayGoodbye());
    this.runUntil(() => process.program.member.swim.hasLeft, goodbyeMs);
    process.run(({ member }) => member.close());
    this.world.runFor(1);
    process.crash();
  }

  /** Ends all calls, reads everything once more, and looks at what is left; the violations. */
  finish(): readonly string[] {
    const { workload } = this;
    workload.stop();
    this.until(() => workload.open === 0, 'calls did not end', 20_000);
    workload.readAll();
    this.until(() => workload.open === 0, 'the last reads did not end', 10_000);
    // What is no longer needed is dropped within seconds.
    this.world.runFor(6_000);
    this.untilWell('the grid did not stay well');
    this.invariants.checkQuiescent();
    return [...this.violations, ...this.invariants.violations, ...workload.violations()];
  }
}

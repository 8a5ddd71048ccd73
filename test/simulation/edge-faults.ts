/**
 * Faults at the edges of leases and of changes of the table: at a step of a move, while a row changes that not
 * everybody knows yet, and where a lease runs out though its member is well.
 *
 * A member that is deaf hears nothing of the meta group and everything else, so it goes on by the table that it
 * knows until its lease ends. Where a primary is deaf while its proposal commits, and dies right after, whoever
 * counts on what it was told proves it.
 */
import type { Address } from '../../src/base/ids.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { MoveStep } from '../../src/partition/move-steps.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import type { GridWorld, Program } from './grid-world.ts';
import { crashFor, isolateFor } from './passing-faults.ts';
import type { Silences } from './silences.ts';

type Process = SimProcess<Program>;

/** What decides on the table. */
const ofMeta = ['meta.', 'raft.'];
const acts = ['deaf', 'deaf-crash', 'pause', 'cut-off', 'crash'] as const;
const attacks = ['deaf', 'unheard', 'orphan', 'partly-muted', 'partly-muted'] as const;

export class EdgeFaults {
  readonly #grid: GridWorld;
  readonly #silences: Silences;
  readonly #mayCrash: (name: string) => boolean;
  readonly #random: Random;
  /** That a step is met. */
  readonly #chance: number;
  readonly #gapMs: number;
  #quietUntil = 0;
  #isOver = false;

  constructor(
    grid: GridWorld,
    seed: number,
    silences: Silences,
    mayCrash: (name: string) => boolean,
  ) {
    this.#grid = grid;
    this.#silences = silences;
    this.#mayCrash = mayCrash;
    this.#random = seededRandom(seed * 11 + 6);
    this.#chance = this.#random.pick([0.05, 0.2, 0.5]);
    this.#gapMs = this.#random.pick([1_000, 3_000, 8_000]);
  }

  inject(): void {
    this.#grid.onStep = (where, step) => this.#met(where, step);
    this.#later();
  }

  heal(): void {
    this.#isOver = true;
    this.#grid.onStep = undefined;
  }

  #later(): void {
    this.#grid.world.after(this.#gapMs * (0.2 + 1.6 * this.#random.next()), () => {
      if (this.#isOver) return;
      this.#attack();
      this.#later();
    });
  }

  /** Told in the middle of a turn: what is done about it is done right after. */
  #met(where: Address, step: MoveStep): void {
    const { world } = this.#grid;
    if (this.#isOver || world.now < this.#quietUntil) return;
    if (this.#random.next() >= this.#chance) return;
    const process = this.#at(where);
    if (process === undefined) return;
    this.#quietUntil = world.now + this.#random.pick([300, 1_500, 4_000]);
    world.counts.fault('step');
    world.counts.fault(`step ${step}`);
    const act = this.#random.pick(acts);
    const lastsMs = this.#random.pick([50, 300, 1_200, 3_500]);
    // At once where nothing is to be heard of what this step brings about.
    if (act.startsWith('deaf')) this.#deafen(process, lastsMs);
    world.after(act === 'deaf-crash' ? lastsMs : this.#random.next(), () => {
      if (this.#isOver || !process.isUp) return;
      if (act === 'pause') this.#pause(process, lastsMs);
      if (act === 'cut-off') isolateFor(this.#grid, process.name, lastsMs);
      if (act === 'crash' || act === 'deaf-crash') this.#crash(process, lastsMs);
    });
  }

  #attack(): void {
    const { world } = this.#grid;
    const process = this.#random.pick(this.#grid.processes);
    if (!process.isUp) return;
    const attack = this.#random.pick(attacks);
    const lastsMs = this.#random.pick([400, 1_500, 3_500, 6_000]);
    world.counts.fault('edge');
    world.counts.fault(`edge ${attack}`);
    if (attack === 'deaf') this.#deafen(process, lastsMs);
    if (attack === 'unheard')
      this.#silence(process.address, undefined, ['meta.heartbeat'], lastsMs);
    if (attack === 'orphan') this.#orphan(process, lastsMs);
    if (attack === 'partly-muted') this.#mutePartly(process, lastsMs);
  }

  /** The leader dies, and who holds a lease of it hears nothing of the next. */
  #orphan(process: Process, lastsMs: number): void {
    const leader = this.#grid.processes.find(
      (candidate) => candidate.isUp && candidate.program.member.meta.isLeader,
    );
    if (leader === undefined || leader === process || !this.#crash(leader, lastsMs)) return;
    isolateFor(this.#grid, process.name, lastsMs);
  }

  /** One of its backups gets nothing of what it writes, and then it dies: the others have more. */
  #mutePartly(process: Process, lastsMs: number): void {
    const other = this.#random.pick(this.#grid.processes);
    if (other === process) return;
    const shortMs = Math.min(lastsMs, 1_500);
    this.#silence(process.address, other.address, ['replica.append'], shortMs + 100);
    this.#grid.world.after(shortMs, () => {
      if (this.#isOver || !process.isUp) return;
      if (!this.#crash(process, 1_000)) isolateFor(this.#grid, process.name, 4_000);
    });
  }

  #deafen({ name, address }: Process, lastsMs: number): void {
    this.#grid.world.note('deaf', name);
    this.#silence(undefined, address, ofMeta, lastsMs);
  }

  #silence(
    from: Address | undefined,
    to: Address | undefined,
    kinds: readonly string[],
    lastsMs: number,
  ): void {
    this.#silences.begin({ from, to, kinds, untilMs: this.#grid.world.now + lastsMs });
  }

  #crash({ name }: Process, lastsMs: number): boolean {
    if (!this.#mayCrash(name)) return false;
    crashFor(this.#grid, name, lastsMs);
    return true;
  }

  #pause(process: Process, lastsMs: number): void {
    if (!process.isPaused) this.#grid.world.pause(process.name, lastsMs);
  }

  #at(address: Address): Process | undefined {
    return this.#grid.processes.find((process) => process.address === address);
  }
}

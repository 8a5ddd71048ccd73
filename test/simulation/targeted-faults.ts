/**
 * Faults at the moments that matter: what plain chance hardly ever meets (PROTOCOL.md 2.9, "Mutation check").
 *
 * Single messages of replication and of the meta group are delayed, dropped or doubled, out of a set of kinds
 * that each seed draws. Around what changes a partition's set of copies or its primary, the process that has
 * just spoken stands still, is cut off for a while or dies. And now and then a primary's entries get lost for
 * some time before it goes, so that it dies with what nobody else has.
 */
import type { Address } from '../../src/base/ids.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { Verdict } from '../../src/testing/sim-network.ts';
import type { Message } from '../../src/wire/messages.ts';
import type { GridWorld } from './grid-world.ts';
import { crashFor, isolateFor } from './passing-faults.ts';

/** Those whose delay, loss or repetition the protocol has a rule for. */
const delicate = [
  'replica.fence',
  'replica.fenced',
  'replica.pull',
  'replica.pulled',
  'replica.append',
  'replica.copy',
  'replica.ack',
  'meta.alter',
  'meta.handover',
  'meta.heartbeat',
  'meta.heartbeat-ack',
  'raft.append',
  'op.request',
  'op.reply',
] as const;

type Delicate = (typeof delicate)[number];

/** After these their sender, or their receiver, may stand still or be cut off. */
const turns: ReadonlySet<Message['kind']> = new Set([
  'op.reply',
  'meta.alter',
  'meta.handover',
  'replica.fenced',
  'replica.copy',
]);

export class TargetedFaults {
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #kinds: ReadonlySet<Message['kind']>;
  readonly #chance: number;
  readonly #delayMs: number;
  #isOver = false;
  /** A disturbance at a time: more of them and nothing goes on at all. */
  #quietUntil = 0;
  /** A primary whose entries get lost, and until when. */
  #muted: { readonly from: Address; readonly until: number } | undefined;
  readonly #mayCrash: (name: string) => boolean;
  /** That a message comes again when it is long outdated. */
  readonly #staleChance: number;

  constructor(grid: GridWorld, seed: number, mayCrash: (name: string) => boolean) {
    this.#grid = grid;
    this.#mayCrash = mayCrash;
    this.#random = seededRandom(seed * 3 + 2);
    const drawn = delicate.filter(() => this.#random.next() < 0.4);
    this.#kinds = new Set<Delicate>(drawn);
    this.#chance = this.#random.pick([0.01, 0.05, 0.2]);
    this.#delayMs = this.#random.pick([20, 300, 1_500]);
    this.#staleChance = this.#random.pick([0, 0.002, 0.02]);
  }

  heal(): void {
    this.#isOver = true;
  }

  /** What becomes of a message. */
  judge(from: Address, to: Address, message: Message): Verdict {
    if (this.#isOver) return 'pass';
    const verdict = this.#verdictOn(from, to, message);
    if (verdict !== 'pass' || !this.#isRepeated(message)) return verdict;
    this.#grid.world.counts.fault('targeted again');
    return { againAfterMs: this.#random.pick([300, 1_500, 5_000]) * this.#random.next() };
  }

  /** An op is never sent twice over a link: what its caller says of its outcome builds on that. */
  #isRepeated({ kind }: Message): boolean {
    return !kind.startsWith('op.') && this.#random.next() < this.#staleChance;
  }

  #verdictOn(from: Address, to: Address, message: Message): Verdict {
    if (message.kind === 'replica.append' && message.entries.length > 0) {
      if (this.#isMuted(from)) return 'drop';
    }
    if (turns.has(message.kind)) this.#disturb(from, to, message.kind);
    if (!this.#kinds.has(message.kind) || this.#random.next() >= this.#chance) return 'pass';
    const { counts } = this.#grid.world;
    const draw = this.#random.below(4);
    counts.fault(`targeted ${['drop', 'duplicate', 'delay', 'delay'][draw]}`);
    if (draw === 0) return 'drop';
    // An op is never sent twice over a link: what its caller says of its outcome builds on that.
    if (draw === 1 && !message.kind.startsWith('op.')) return 'duplicate';
    return { delayMs: this.#random.next() * this.#delayMs };
  }

  /** Whether an entry gets lost, as all after it for a while; then its primary goes. */
  #isMuted(from: Address): boolean {
    const { world } = this.#grid;
    if (this.#muted?.from === from && world.now < this.#muted.until) return true;
    if (world.now < this.#quietUntil || this.#random.next() >= 0.005) return false;
    const lastsMs = this.#random.pick([60, 200, 500]);
    this.#muted = { from, until: world.now + lastsMs + 50 };
    this.#quietUntil = world.now + 5_000;
    world.counts.fault('targeted at replica.append');
    const name = this.#nameOf(from);
    world.after(lastsMs, () => {
      if (this.#isOver) return;
      if (!this.#crash(name, 1_000)) isolateFor(this.#grid, name, 4_000);
    });
    return true;
  }

  /** The sender stands still right after it spoke, or can no longer be reached by others. */
  #disturb(from: Address, to: Address, kind: Message['kind']): void {
    const { world } = this.#grid;
    const chance = kind === 'op.reply' ? 0.002 : 0.1;
    if (this.#isOver || world.now < this.#quietUntil || this.#random.next() >= chance) return;
    const name = this.#nameOf(this.#random.below(4) === 0 ? to : from);
    const lastsMs = this.#random.pick([100, 400, 2_200, 4_000]);
    this.#quietUntil = world.now + this.#random.pick([200, 2_000]);
    world.counts.fault(`targeted at ${kind}`);
    const act = this.#random.below(5);
    const other = this.#random.pick(this.#grid.processes).name;
    world.after(this.#random.next(), () => {
      if (this.#isOver) return;
      if (act === 0 && this.#crash(name, lastsMs)) return;
      if (act < 3) this.#pause(name, lastsMs);
      else if (other === name) isolateFor(this.#grid, name, lastsMs);
      else this.#cut(name, other, lastsMs);
    });
  }

  #crash(name: string, lastsMs: number): boolean {
    if (!this.#mayCrash(name)) return false;
    crashFor(this.#grid, name, lastsMs);
    return true;
  }

  #pause(name: string, lastsMs: number): void {
    const { world } = this.#grid;
    const process = world.process(name);
    if (process.isUp && !process.isPaused) world.pause(name, lastsMs);
  }

  #cut(name: string, other: string, lastsMs: number): void {
    const { world } = this.#grid;
    if (this.#random.below(2) === 0) world.cut(name, other);
    else world.cutOneWay(name, other);
    world.healLater(lastsMs, () => world.heal(name, other));
  }

  #nameOf(address: Address): string {
    // Also those that have left: their last messages may still be on their way.
    const { processes } = this.#grid.world;
    const process = processes.find((candidate) => candidate.address === address);
    if (process === undefined) throw new Error(`nobody is at ${address}`);
    return process.name;
  }
}

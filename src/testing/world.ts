/**
 * A simulated world: processes, their clocks, the network between them and what goes wrong, all out of one
 * seed. The real code runs in it unchanged; the same seed gives the same history.
 */
import { assert } from '../base/assert.ts';
import type { Address } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import { Counts } from './counts.ts';
import { type SimCodec, wireCodec } from './sim-codec.ts';
import { type NetworkMode, SimNetwork } from './sim-network.ts';
import type { PathQuality } from './sim-path.ts';
import { type ProcessParts, SimProcess } from './sim-process.ts';
import { codeOf, Timeline } from './timeline.ts';

export interface WorldOptions {
  /** @default 'stream' */
  readonly mode?: NetworkMode;
  /** Of all paths, until one is set. */
  readonly quality?: Partial<PathQuality>;
  /** @default the codec of real members */
  readonly codec?: SimCodec;
  /** How many of the last lines a failure can print. @default 0 */
  readonly traceLinesMax?: number;
}

/** A `buggify` point is awake in this share of the worlds: so faults come together in some, and not in all. */
const buggifyAwake = 0.25;

type Level = 'debug' | 'info' | 'warn' | 'error';

export class World {
  readonly seed: number;
  readonly network: SimNetwork;
  readonly counts = new Counts();
  readonly #timeline: Timeline;
  readonly #codec: SimCodec;
  readonly #processes = new Map<string, SimProcess>();
  readonly #buggified = new Map<string, boolean>();
  /** How often all cuts were ended at once. */
  #healings = 0;

  constructor(seed: number, options: WorldOptions = {}) {
    this.seed = seed;
    this.#codec = options.codec ?? wireCodec();
    this.#timeline = new Timeline(seed, options.traceLinesMax ?? 0);
    const mode = options.mode ?? 'stream';
    this.network = new SimNetwork(this.#timeline, this.counts, mode, options.quality);
  }

  /** For the harness; whatever draws from it is part of the history. */
  get random(): Random {
    return this.#timeline.random;
  }

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#timeline.now;
  }

  get events(): number {
    return this.#timeline.events;
  }

  /** Equal for equal histories. */
  get traceHash(): string {
    return this.#timeline.trace.hash;
  }

  get traceLines(): readonly string[] {
    return this.#timeline.trace.lines;
  }

  get processes(): readonly SimProcess[] {
    return [...this.#processes.values()];
  }

  process(name: string): SimProcess {
    const process = this.#processes.get(name);
    assert(process !== undefined, `there is a process named ${name}`);
    return process;
  }

  /** Starts a process now; `start` is called again with new parts at each restart. */
  spawn<P extends object>(name: string, start: (parts: ProcessParts) => P): SimProcess<P> {
    assert(!this.#processes.has(name), `no process is named ${name} yet`);
    const settings = {
      name,
      number: this.#processes.size + 1,
      timeline: this.#timeline,
      network: this.network,
      codec: this.#codec,
      logger: this.#loggerOf(name),
    };
    const process = new SimProcess(settings, start);
    this.#processes.set(name, process);
    process.start();
    return process;
  }

  crash(name: string, withMachine = false): void {
    this.note(withMachine ? 'machine-crash' : 'crash', name);
    this.process(name).crash(withMachine);
  }

  restart(name: string): void {
    this.note('restart', name);
    this.process(name).start();
  }

  /** Stops it as SIGSTOP does, for so long, or until `resume`. */
  pause(name: string, ms?: number): void {
    this.note('pause', name);
    const process = this.process(name);
    process.pause();
    if (ms === undefined) return;
    const { starts } = process;
    this.after(ms, () => {
      if (process.isUp && process.starts === starts) process.resume();
    });
  }

  resume(name: string): void {
    this.process(name).resume();
  }

  /** One of its turns takes so long. */
  stall(name: string, ms: number): void {
    this.note('stall', name);
    this.process(name).stall(ms);
  }

  slow(name: string, factor: number): void {
    this.note('slow', name);
    this.process(name).slow(factor);
  }

  setRate(name: string, rate: number): void {
    this.note('clock-rate', name);
    this.process(name).setRate(rate);
  }

  jumpWall(name: string, ms: number): void {
    this.note('clock-jump', name);
    this.process(name).jumpWall(ms);
  }

  cutOneWay(from: string, to: string): void {
    this.note('cut-one-way', from, to);
    this.network.cut(this.#address(from), this.#address(to));
  }

  cut(left: string, right: string): void {
    this.note('cut', left, right);
    this.#cutPair(left, right);
  }

  /** Cuts one process off from all others. */
  isolate(name: string): void {
    this.note('isolate', name);
    for (const other of this.#processes.keys()) if (other !== name) this.#cutPair(name, other);
  }

  /** Cuts every pair that shares no group; a process in two groups is a bridge. */
  split(...groups: readonly (readonly string[])[]): void {
    this.note('split', ...groups.map((group) => group.join('+')));
    const names = [...this.#processes.keys()];
    const areTogether = (left: string, right: string) =>
      groups.some((group) => group.includes(left) && group.includes(right));
    for (const [index, left] of names.entries()) {
      for (const right of names.slice(index + 1)) {
        if (!areTogether(left, right)) this.#cutPair(left, right);
      }
    }
  }

  healOneWay(from: string, to: string): void {
    this.network.heal(this.#address(from), this.#address(to));
  }

  heal(left: string, right: string): void {
    this.healOneWay(left, right);
    this.healOneWay(right, left);
  }

  /** Ends all cuts. */
  healAll(): void {
    this.#healings++;
    this.network.healAll();
  }

  /** Ends cuts after a while, unless all are ended before: what is cut from then on is somebody else's fault. */
  healLater(delayMs: number, heal: () => void): void {
    const healings = this.#healings;
    this.after(delayMs, () => {
      if (this.#healings === healings) heal();
    });
  }

  /** Breaks the links of a pair; both hear of it. False where there was none. */
  reset(left: string, right: string): boolean {
    this.#say('reset', left, right);
    return this.network.reset(this.#address(left), this.#address(right)) > 0;
  }

  /** Makes the links of a pair half-open: they look alive, and nothing comes through. False where there was none. */
  halfOpen(left: string, right: string): boolean {
    const links = this.network.silence(this.#address(left), this.#address(right));
    if (links > 0) this.note('half-open', left, right);
    return links > 0;
  }

  /** Changes both directions of a pair. */
  setQuality(left: string, right: string, changes: Partial<PathQuality>): void {
    this.network.setQuality(this.#address(left), this.#address(right), changes);
    this.network.setQuality(this.#address(right), this.#address(left), changes);
  }

  /** Ends what `setQuality` did to a pair. */
  resetQuality(left: string, right: string): void {
    this.network.resetQuality(this.#address(left), this.#address(right));
    this.network.resetQuality(this.#address(right), this.#address(left));
  }

  /**
   * A point at which the harness may do something unlikely: in a quarter of the worlds, with that chance each
   * time, and never in the others.
   */
  buggify(point: string, chance: number): boolean {
    let isAwake = this.#buggified.get(point);
    if (isAwake === undefined) {
      isAwake = this.random.next() < buggifyAwake;
      this.#buggified.set(point, isAwake);
    }
    if (!isAwake || this.random.next() >= chance) return false;
    this.note('buggify', point);
    return true;
  }

  /** Something that the harness does later, outside of any process. */
  after(delayMs: number, act: () => void): void {
    this.#timeline.after(delayMs, codeOf('harness', 0), act);
  }

  /** Counts a fault, and puts it into the trace. */
  note(kind: string, ...whom: readonly string[]): void {
    this.counts.fault(kind);
    this.#say(kind, ...whom);
  }

  /** Lets everything happen up to a time. */
  run(untilMs: number): void {
    while (this.#step(untilMs));
  }

  runFor(ms: number): void {
    this.run(this.now + ms);
  }

  /** Goes on until the predicate holds, which is looked at every 10 ms of the world; false at the deadline. */
  runUntil(predicate: () => boolean, deadlineMs: number, everyMs = 10): boolean {
    while (!predicate()) {
      if (this.now >= deadlineMs) return false;
      this.run(Math.min(this.now + everyMs, deadlineMs));
    }
    return true;
  }

  #step(untilMs: number): boolean {
    try {
      return this.#timeline.step(untilMs);
    } catch (cause) {
      const where = `in the world of seed ${this.seed} after ${this.now.toFixed(3)} ms`;
      const lines = this.traceLines.slice(-50).join('\n');
      throw new Error(`${String(cause)}\n${where}\n${lines}`, { cause });
    }
  }

  #cutPair(left: string, right: string): void {
    this.network.cut(this.#address(left), this.#address(right));
    this.network.cut(this.#address(right), this.#address(left));
  }

  #address(name: string): Address {
    return this.process(name).address;
  }

  #say(kind: string, ...whom: readonly string[]): void {
    this.#timeline.trace.line(this.now, `! ${kind} ${whom.join(' ')}`);
  }

  /** Logs are lines of the trace. */
  #loggerOf(name: string): Logger {
    const { trace } = this.#timeline;
    const log = (level: Level) => (fields: object, message: string) => {
      if (!trace.keepsLines) return;
      trace.line(this.now, `${name} ${level} ${message} ${JSON.stringify(fields)}`);
    };
    return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  }
}

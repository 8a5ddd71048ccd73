/** One process of a simulated world over all its lives: crashed and started anew at the same address. */
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Address, MemberId } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import { type Random, seededRandom } from '../base/random.ts';
import { type Stall, TickStall } from '../base/stall.ts';
import { SimClock } from './sim-clock.ts';
import type { SimCodec } from './sim-codec.ts';
import { SimLoop } from './sim-loop.ts';
import type { SimNetwork } from './sim-network.ts';
import type { SimSockets } from './sim-sockets.ts';
import { SimTransport } from './sim-transport.ts';
import type { Timeline } from './timeline.ts';

/** All that a program touches the world with. */
export interface ProcessParts {
  /** Made anew at every start. */
  readonly id: MemberId;
  readonly address: Address;
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: SimTransport;
  /** Its WebSockets, as a light client and as a member that lets clients in. */
  readonly sockets: SimSockets;
  readonly stall: Stall;
  readonly logger: Logger;
}

export interface ProcessSettings {
  readonly name: string;
  /** From 1; stands for it in the trace. */
  readonly number: number;
  readonly timeline: Timeline;
  readonly network: SimNetwork;
  readonly codec: SimCodec;
  readonly logger: Logger;
}

/** What a life has and a crash takes. */
interface Life<P> {
  readonly id: MemberId;
  readonly loop: SimLoop;
  readonly clock: SimClock;
  readonly transport: SimTransport;
  readonly stall: TickStall;
  program: P | undefined;
}

/** Monotonic clocks begin somewhere below this. */
const originMsMax = 1e9;

/**
 * `P` is the program that it runs: whatever object a harness builds out of the parts. If it has a `stop`,
 * that ends it in order.
 */
export class SimProcess<P extends object = object> {
  readonly name: string;
  readonly address: Address;
  readonly #settings: ProcessSettings;
  readonly #start: (parts: ProcessParts) => P;
  #life: Life<P> | undefined;
  #starts = 0;
  /** Belong to the machine: they outlive a crash. */
  #rate = 1;
  #wallOffsetMs = 0;

  constructor(settings: ProcessSettings, start: (parts: ProcessParts) => P) {
    this.name = settings.name;
    this.address = `10.0.0.${settings.number}:7000` as Address;
    this.#settings = settings;
    this.#start = start;
  }

  get isUp(): boolean {
    return this.#life !== undefined;
  }

  get isPaused(): boolean {
    return this.#life?.loop.isPaused ?? false;
  }

  /** How often it was started. */
  get starts(): number {
    return this.#starts;
  }

  /** Of its present life. */
  get id(): MemberId {
    return this.#living().id;
  }

  /** What `start` returned in its present life. */
  get program(): P {
    const { program } = this.#living();
    assert(program !== undefined, `${this.name} has started`);
    return program;
  }

  /** A new life: a new identity at the same address. */
  start(): void {
    assert(this.#life === undefined, `${this.name} is down when it is started`);
    const life = this.#newLife();
    this.#life = life;
    this.#starts++;
    life.program = this.#start({
      id: life.id,
      address: this.address,
      clock: life.clock,
      random: this.#fork(),
      transport: life.transport,
      sockets: life.transport.sockets,
      stall: life.stall,
      logger: this.#settings.logger,
    });
  }

  /** Its memory is gone. The kernel closes its links, unless the machine is gone too. */
  crash(withMachine = false): void {
    const life = this.#living();
    life.loop.die();
    if (withMachine) this.#settings.network.loseMachine(life.transport);
    else this.#settings.network.unlisten(life.transport);
    this.#life = undefined;
  }

  /** Lets the program stop in a turn of its own; the process exits by a later `crash`. */
  stop(): void {
    this.run((program) => {
      if ('stop' in program && typeof program.stop === 'function') program.stop();
    });
  }

  /** Calls the program from outside, in a turn of its loop: a paused or busy process does it later. */
  run(act: (program: P) => void): void {
    const life = this.#living();
    life.loop.arrive(() => {
      if (life.program !== undefined) act(life.program);
    });
  }

  pause(): void {
    this.#living().loop.pause();
  }

  resume(): void {
    this.#living().loop.resume();
  }

  stall(ms: number): void {
    this.#living().loop.stall(ms);
  }

  /** Turns take so many times as long; 1 is healthy. */
  slow(factor: number): void {
    this.#living().loop.slow(factor);
  }

  setRate(rate: number): void {
    this.#rate = rate;
    this.#life?.clock.setRate(rate);
  }

  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
    this.#life?.clock.jumpWall(ms);
  }

  #living(): Life<P> {
    assert(this.#life !== undefined, `${this.name} is up when something is done to it`);
    return this.#life;
  }

  #newLife(): Life<P> {
    const { timeline, network, codec, number } = this.#settings;
    const random = this.#fork();
    const id = `${this.name}#${random.id()}` as MemberId;
    const loop = new SimLoop(timeline, number);
    const clock = new SimClock(timeline, loop, number, random.below(originMsMax));
    clock.setRate(this.#rate);
    clock.jumpWall(this.#wallOffsetMs);
    const self = { id, address: this.address };
    const transport = new SimTransport({
      self,
      process: number,
      network,
      loop,
      clock,
      random,
      codec,
    });
    return { id, loop, clock, transport, stall: new TickStall(clock), program: undefined };
  }

  #fork(): Random {
    return seededRandom(this.#settings.timeline.random.below(2 ** 32));
  }
}

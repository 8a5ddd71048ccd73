/** All actors of one process, by name, and the thread that they share. */
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { type Logger, silentLogger } from '../base/logger.ts';
import type { ActorRef, Behavior } from './actor.ts';
import { ActorCell, type CellHost, type SpawnOptions } from './actor-cell.ts';
import { Scheduler } from './scheduler.ts';
import type { Directive } from './supervisor.ts';

export interface ActorSystemOptions {
  readonly clock: Clock;
  readonly logger?: Logger;
  /** An actor failed whose supervision cannot repair it: the owner stops the process, or says why not. */
  onEscalation?(name: string, error: unknown): void;
}

export class ActorSystem {
  readonly scheduler: Scheduler;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: ActorSystemOptions;
  readonly #host: CellHost;
  readonly #actors = new Map<string, { stop(): void }>();
  #isStopped = false;

  constructor(options: ActorSystemOptions) {
    this.#clock = options.clock;
    this.#logger = options.logger ?? silentLogger;
    this.#options = options;
    this.scheduler = new Scheduler(options.clock);
    this.#host = {
      clock: this.#clock,
      scheduler: this.scheduler,
      failed: (name, error, directive) => this.#failed(name, error, directive),
      gone: (name) => void this.#actors.delete(name),
    };
  }

  get count(): number {
    return this.#actors.size;
  }

  /** `factory` makes the behavior with its state, and makes it anew at every restart. */
  spawn<M extends object>(
    name: string,
    factory: () => Behavior<M>,
    options: SpawnOptions = {},
  ): ActorRef<M> {
    assert(!this.#isStopped, `no actor can be spawned in a stopped system, and ${name} was`);
    assert(!this.#actors.has(name), `there is an actor named ${name} already`);
    const cell = new ActorCell(name, factory, this.#host, options);
    this.#actors.set(name, cell);
    cell.start();
    return cell;
  }

  /** Stops all actors, the youngest first, since it may lean on its elders. */
  stop(): void {
    this.#isStopped = true;
    for (const actor of [...this.#actors.values()].reverse()) actor.stop();
  }

  #failed(name: string, error: unknown, directive: Directive): void {
    this.#logger.error({ actor: name, err: error, directive }, 'an actor failed');
    if (directive === 'escalate') this.#options.onEscalation?.(name, error);
  }
}

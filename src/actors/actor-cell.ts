/**
 * One living actor: its mailbox, its present behavior and what has to end with it.
 *
 * Invariants
 * 1. `receive` never runs within itself: only the scheduler calls it or allows it, one at a time.
 * 2. Nothing reaches a behavior after its `onStop`, which is called once for each that was made, even where
 *    its `onStart` threw: it may have taken something by then.
 * 3. After a stop the mailbox is empty and stays so; its watchers are told exactly once.
 * 4. `#waiting` is what the mailbox holds.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { ActorContext, ActorRef, Behavior, StopReason, Watch } from './actor.ts';
import { Mailbox, type MailboxOptions } from './mailbox.ts';
import type { Runnable, Scheduler } from './scheduler.ts';
import { type Directive, type Supervision, Supervisor } from './supervisor.ts';

export interface SpawnOptions {
  readonly supervision?: Supervision;
  readonly mailbox?: MailboxOptions;
}

/** What a cell needs of its system. */
export interface CellHost {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** An actor threw; `directive` is what comes of it. */
  failed(name: string, error: unknown, directive: Directive): void;
  gone(name: string): void;
}

const alreadyDone: Watch = { cancel: () => {} };

export class ActorCell<M extends object> implements Runnable, ActorRef<M>, ActorContext<M> {
  readonly name: string;
  readonly #host: CellHost;
  readonly #factory: () => Behavior<M>;
  readonly #mailbox: Mailbox<M>;
  readonly #supervisor: Supervisor;
  readonly #watchers = new Set<(reason: StopReason) => void>();
  /** Timers and watches of the present behavior. */
  readonly #ties = new Set<{ cancel(): void }>();
  /** Undefined once stopped. */
  #behavior: Behavior<M> | undefined;
  #stopReason: StopReason | undefined;
  #isReady = false;
  /** What waits in the mailbox. Counted here: it is asked with every message, and the mailbox is seldom needed. */
  #waiting = 0;

  constructor(
    name: string,
    factory: () => Behavior<M>,
    host: CellHost,
    options: SpawnOptions = {},
  ) {
    this.name = name;
    this.#host = host;
    this.#factory = factory;
    this.#mailbox = new Mailbox(options.mailbox);
    this.#supervisor = new Supervisor(options.supervision);
  }

  get self(): ActorRef<M> {
    return this;
  }

  get waiting(): number {
    return this.#waiting;
  }

  start(): void {
    try {
      this.#behavior = this.#factory();
      this.#behavior.onStart?.(this);
    } catch (error) {
      this.#fail(error);
    }
  }

  tell(message: M, bytes = 0): boolean {
    if (this.#stopReason !== undefined) return false;
    if (this.#handled(message)) return true;
    if (!this.#mailbox.offer(message, bytes)) return false;
    this.#waiting++;
    this.#wake();
    return true;
  }

  tellControl(message: M, bytes = 0): boolean {
    if (this.#stopReason !== undefined) return false;
    if (this.#handled(message)) return true;
    this.#mailbox.offerControl(message, bytes);
    this.#waiting++;
    this.#wake();
    return true;
  }

  runOne(): boolean {
    const message = this.#mailbox.take();
    if (message !== undefined) {
      this.#waiting--;
      this.#handle(message);
    }
    this.#isReady = this.#waiting > 0;
    return this.#isReady;
  }

  stop(): void {
    this.#end('stopped');
  }

  onStopped(act: (reason: StopReason) => void): Watch {
    if (this.#stopReason !== undefined) {
      act(this.#stopReason);
      return alreadyDone;
    }
    // A watcher of its own, so that the same function given twice is two watches.
    const watcher = (reason: StopReason) => act(reason);
    this.#watchers.add(watcher);
    return { cancel: () => void this.#watchers.delete(watcher) };
  }

  schedule(delayMs: number, message: M): Timer {
    const timer = this.#host.clock.setTimer(delayMs, () => {
      this.#ties.delete(tie);
      this.tellControl(message);
    });
    const tie = this.#tie(timer);
    return tie;
  }

  watch<Other extends object>(other: ActorRef<Other>, message: M): Watch {
    let tie: Watch | undefined;
    const watch = other.onStopped(() => {
      if (tie !== undefined) this.#ties.delete(tie);
      this.tellControl(message);
    });
    if (watch === alreadyDone) return alreadyDone;
    tie = this.#tie(watch);
    return tie;
  }

  /** Whether the message was handled here and now: nothing waits before it, and the scheduler lets it. */
  #handled(message: M): boolean {
    const { scheduler } = this.#host;
    if (this.#waiting > 0 || !scheduler.mayHandle()) return false;
    this.#handle(message);
    scheduler.endHandling();
    return true;
  }

  #handle(message: M): void {
    try {
      this.#behavior?.receive(message, this);
    } catch (error) {
      this.#fail(error);
    }
  }

  #wake(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#host.scheduler.ready(this);
  }

  #tie(inner: Timer | Watch): Watch {
    const tie = {
      cancel: () => {
        this.#ties.delete(tie);
        inner.cancel();
      },
    };
    this.#ties.add(tie);
    return tie;
  }

  #fail(error: unknown): void {
    // It threw after it had stopped itself: there is nothing left to decide.
    if (this.#stopReason !== undefined) return;
    const directive = this.#supervisor.decide(error, this.#host.clock.monotonic());
    if (directive === 'restart') {
      this.#dropBehavior('failed');
      this.#host.failed(this.name, error, directive);
      this.start();
    } else {
      this.#end('failed');
      this.#host.failed(this.name, error, directive);
    }
  }

  #end(reason: StopReason): void {
    if (this.#stopReason !== undefined) return;
    this.#stopReason = reason;
    this.#dropBehavior(reason);
    this.#mailbox.clear();
    this.#waiting = 0;
    this.#host.gone(this.name);
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const act of watchers) act(reason);
  }

  #dropBehavior(reason: StopReason): void {
    for (const tie of [...this.#ties]) tie.cancel();
    const behavior = this.#behavior;
    this.#behavior = undefined;
    try {
      behavior?.onStop?.(reason);
    } catch (error) {
      // Its state is thrown away in any case; a failure to say farewell must not keep it.
      this.#host.failed(this.name, error, 'stop');
    }
  }
}

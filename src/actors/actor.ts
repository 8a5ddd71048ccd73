/**
 * What an actor is: a state that only its own `receive` touches, one message at a time.
 *
 * `receive` is synchronous and runs to its end, so that what it does to its state is atomic. What has
 * to wait becomes a message to itself later: there are no promises here.
 */
import type { Timer } from '../base/clock.ts';

/** `stopped`: asked to. `failed`: it threw, and its supervision gave it up. */
export type StopReason = 'stopped' | 'failed';

export interface ActorRef<M extends object> {
  readonly name: string;
  /** Messages that wait to be handled. */
  readonly waiting: number;
  /**
   * Hands over a message; `bytes` is what it counts for in the mailbox. False where the mailbox is at its
   * bound or the actor has stopped: the sender answers its own caller "busy".
   */
  tell(message: M, bytes?: number): boolean;
  /** Overtakes the normal lane and is never dropped at a bound; false only where the actor has stopped. */
  tellControl(message: M, bytes?: number): boolean;
  /** Idempotent. What still waits in the mailbox is discarded. */
  stop(): void;
  /** Death watch: calls once when the actor has stopped, at once where it already has. */
  onStopped(act: (reason: StopReason) => void): Watch;
}

export interface Watch {
  cancel(): void;
}

/** What an actor may do besides changing its own state; the same object for its whole life. */
export interface ActorContext<M extends object> {
  readonly self: ActorRef<M>;
  /** Tells itself a control message later; forgotten when the actor restarts or stops. */
  schedule(delayMs: number, message: M): Timer;
  /** Tells itself a control message when another actor has stopped; forgotten as timers are. */
  watch<Other extends object>(other: ActorRef<Other>, message: M): Watch;
}

export interface Behavior<M extends object> {
  receive(message: M, context: ActorContext<M>): void;
  onStart?(context: ActorContext<M>): void;
  onStop?(reason: StopReason): void;
}

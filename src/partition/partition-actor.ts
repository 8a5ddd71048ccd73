/**
 * The actor that owns one replica: takes its inputs one at a time and carries out what the replica
 * decides. All decisions are in replica.ts.
 */
import type { Behavior } from '../actors/actor.ts';
import { empty } from '../base/empty.ts';
import type { PartitionId } from '../base/ids.ts';
import { Replica, type ReplicaInput } from './replica.ts';
import type { Actions, Estate, ReplicaAction, ReplicaOptions } from './replica-state.ts';

/** What a partition's actor needs of the member around it. */
export interface PartitionShell {
  nowMs(): number;
  carryOut(partition: PartitionId, action: ReplicaAction): void;
  /** The actor has something to send at the turn's end and wants to be flushed then. */
  touched(actor: PartitionActor): void;
}

const flushInput: ReplicaInput = { kind: 'flush' };

export class PartitionActor implements Behavior<ReplicaInput> {
  readonly partition: PartitionId;
  readonly replica: Replica;
  readonly #shell: PartitionShell;
  readonly #out: Actions = [];
  #isTouched = false;

  constructor(options: ReplicaOptions, shell: PartitionShell) {
    this.partition = options.partition;
    this.replica = new Replica(options);
    this.#shell = shell;
  }

  receive(input: ReplicaInput): void {
    this.#step(input);
    if (this.#isTouched || !this.replica.owes) return;
    this.#isTouched = true;
    this.#shell.touched(this);
  }

  /** The turn ends. */
  flush(): void {
    this.#isTouched = false;
    this.#step(flushInput);
  }

  surrender(): Estate | undefined {
    const estate = this.replica.surrender(this.#out);
    this.#carryOut();
    return estate;
  }

  onStop(): void {
    this.replica.release(this.#out);
    this.#carryOut();
  }

  #step(input: ReplicaInput): void {
    this.replica.step(input, this.#shell.nowMs(), this.#out);
    this.#carryOut();
  }

  #carryOut(): void {
    const out = this.#out;
    for (let at = 0; at < out.length; at++) {
      this.#shell.carryOut(this.partition, out[at] as ReplicaAction);
    }
    empty(out);
  }
}

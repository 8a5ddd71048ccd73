/**
 * The actor that owns one replica: takes its inputs one at a time and carries out what the replica
 * decides. All decisions are in replica.ts.
 */
import type { Behavior } from '../actors/actor.ts';
import { empty } from '../base/empty.ts';
import type { PartitionId } from '../base/ids.ts';
import type { OpRequest } from '../wire/op-messages.ts';
import { Replica } from './replica.ts';
import type { ReplicaInput } from './replica-input.ts';
import {
  type Actions,
  type Estate,
  type Origin,
  type ReplicaAction,
  type ReplicaOptions,
  ReplyAction,
} from './replica-state.ts';

/** What a partition's actor needs of the member around it. */
export interface PartitionShell {
  nowMs(): number;
  carryOut(partition: PartitionId, action: ReplicaAction): void;
  /** The actor has something to send at the turn's end and wants to be flushed then. */
  touched(actor: PartitionActor): void;
  /**
   * An empty list, for as long as one step takes: one for all actors, since one of its own would be in no cache
   * where hundreds of partitions take turns. Undefined while somebody has it.
   */
  spare: Actions | undefined;
}

const flushInput: ReplicaInput = { kind: 'flush' };

export class PartitionActor implements Behavior<ReplicaInput> {
  readonly partition: PartitionId;
  readonly replica: Replica;
  readonly #shell: PartitionShell;
  #isTouched = false;

  constructor(options: ReplicaOptions, shell: PartitionShell) {
    this.partition = options.partition;
    this.replica = new Replica(options);
    this.#shell = shell;
  }

  receive(input: ReplicaInput): void {
    if (input.kind === 'request' && this.#tryGlance(input.origin, input.message)) return;
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
    const out = this.#begin();
    const estate = this.replica.surrender(out);
    this.#carryOut(out);
    return estate;
  }

  onStop(): void {
    const out = this.#begin();
    this.replica.release(out);
    this.#carryOut(out);
  }

  /** A read of one key that nothing stands in the way of is answered without a step, from the record itself. */
  #tryGlance(origin: Origin, { structure, opSequence, op, request }: OpRequest): boolean {
    if (opSequence !== 0 || op.length < 2) return false;
    const nowMs = this.#shell.nowMs();
    const seen = this.replica.glance(structure, op[0] as number, op.subarray(1), nowMs);
    if (seen === undefined) return false;
    const result = seen.bytes.subarray(seen.from, seen.to);
    this.#shell.carryOut(this.partition, new ReplyAction(origin, request, result));
    return true;
  }

  #step(input: ReplicaInput): void {
    const out = this.#begin();
    this.replica.step(input, this.#shell.nowMs(), out);
    this.#carryOut(out);
  }

  #begin(): Actions {
    const out = this.#shell.spare ?? [];
    this.#shell.spare = undefined;
    return out;
  }

  #carryOut(out: Actions): void {
    for (let at = 0; at < out.length; at++) {
      this.#shell.carryOut(this.partition, out[at] as ReplicaAction);
    }
    empty(out);
    this.#shell.spare = out;
  }
}

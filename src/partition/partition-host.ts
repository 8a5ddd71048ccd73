/**
 * The replicas of one member: makes an actor for each row that names the member, gives it what comes in
 * for it, and gathers what goes out.
 *
 * Invariants
 * 1. A replica exists while its row names this member, or a copy for it has begun before the row came.
 * 2. A replica is dropped only after a row without this member was learnt, and not by one that is older
 *    than the copy that it holds (PROTOCOL.md 3.4).
 */

import type { ActorRef } from '../actors/actor.ts';
import type { ActorSystem } from '../actors/actor-system.ts';
import { defaultNormalBounds } from '../actors/mailbox.ts';
import type { Clock } from '../base/clock.ts';
import type { MemberId, PartitionId, StructureId } from '../base/ids.ts';
import type { Limits } from '../base/limits.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import type { Timings } from '../base/timings.ts';
import type { InSyncChange, MetaHandover } from '../wire/meta-messages.ts';
import { type OpFailed, type OpRefused, OpReply, type OpRequest } from '../wire/op-messages.ts';
import type { ReplicaCopy } from '../wire/replica-messages.ts';
import { type Catalog, Content } from './content.ts';
import { CopyPump, type CopyPurpose } from './copy-pump.ts';
import { DedupeBudget } from './dedupe-table.ts';
import { groupOf, type MetaState, type PartitionRow, rowOf } from './meta-state.ts';
import { PartitionActor, type PartitionShell } from './partition-actor.ts';
import { MessageInput, type ReplicaInput, RequestInput } from './replica-input.ts';
import type {
  Estate,
  Origin,
  ReplicaAction,
  ReplicaMessage,
  Surroundings,
} from './replica-state.ts';
import type { Glance, StructureType } from './store.ts';

export interface PartitionHostOptions {
  readonly self: MemberId;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly timings: Timings;
  readonly actors: ActorSystem;
  readonly state: MetaState;
  readonly types: ReadonlyMap<string, StructureType>;
  readonly catalog: Catalog;
  readonly surroundings: Surroundings;
  readonly outlet: PartitionOutlet;
  /** That of the identity from which contents are inherited. @default a fresh one */
  readonly budget?: DedupeBudget | undefined;
  /** Gives away a content with which the table says that a partition goes on here. @default none */
  readonly heirloom?: ((partition: PartitionId) => Content | undefined) | undefined;
}

/** Where what replicas decide leaves the host. */
export interface PartitionOutlet {
  send(to: MemberId, message: ReplicaMessage): void;
  answer(to: Origin, message: OpReply | OpRefused | OpFailed): void;
  alter(changes: readonly InSyncChange[]): void;
  handOver(message: MetaHandover): void;
}

/** What a member leaves behind for the next identity of its process. */
export interface Legacy {
  readonly estates: ReadonlyMap<PartitionId, Estate>;
  readonly budget: DedupeBudget;
}

interface Hosted {
  readonly ref: ActorRef<ReplicaInput>;
  readonly actor: PartitionActor;
}

const copyInput: ReplicaInput = { kind: 'copy' };
const learntInput: ReplicaInput = { kind: 'learnt' };
const tickInput: ReplicaInput = { kind: 'tick' };
const sweepInput: ReplicaInput = { kind: 'sweep' };
const sweepMs = 5_000;
/** What a chunk of a copy may wait in queues on its way; more where links are slow. */
const waitMaxMs = 3;
const waitsPerResend = 60;

export class PartitionHost {
  readonly #options: PartitionHostOptions;
  readonly #shell: PartitionShell;
  readonly #budget: DedupeBudget;
  readonly #hosted = new Map<PartitionId, Hosted>();
  readonly #pump: CopyPump;
  #touched: PartitionActor[] = [];
  #alterations: InSyncChange[] = [];
  #sweptAt = 0;
  /** The table's structures as they were looked at last. */
  #structuresAt = -1;

  constructor(options: PartitionHostOptions) {
    this.#options = options;
    this.#budget = options.budget ?? new DedupeBudget(options.limits.dedupeBytesMax);
    this.#pump = new CopyPump({
      clock: options.clock,
      bytesPerSecondMax: options.limits.copyBytesPerSecondMax,
      waitMaxMs: Math.max(waitMaxMs, options.timings.resendMs / waitsPerResend),
      // Behind the requests that wait already: callers come first.
      give: (partition) => {
        const isTaken = this.#hosted.get(partition)?.ref.tell(copyInput);
        if (isTaken === false) this.#want(partition);
      },
    });
    this.#shell = {
      nowMs: () => options.clock.monotonic(),
      carryOut: (partition, action) => this.#carryOut(partition, action),
      touched: (actor) => this.#touched.push(actor),
      spare: [],
    };
    options.actors.scheduler.onTurnEnd(() => this.flush());
  }

  /** The actors here, by partition: what a console and a checker look at. */
  *replicas(): Iterable<PartitionActor> {
    for (const { actor } of this.#hosted.values()) yield actor;
  }

  /** Of all results that this member keeps for retries. */
  get dedupe(): Readonly<DedupeBudget> {
    return this.#budget;
  }

  find(partition: PartitionId): PartitionActor | undefined {
    return this.#hosted.get(partition)?.actor;
  }

  /** Ends every replica and gives away what is whole. Nothing is served here afterwards. */
  surrender(): Legacy {
    const estates = new Map<PartitionId, Estate>();
    for (const [partition, { actor }] of this.#hosted) {
      const estate = actor.surrender();
      if (estate !== undefined) estates.set(partition, estate);
    }
    return { estates, budget: this.#budget };
  }

  /** Begins with what another identity of this process had; before the table is learnt. */
  inherit(partition: PartitionId, content: Content, generation: number): void {
    const { catalog, types } = this.#options;
    content.moveTo({ catalog, types });
    this.#host(partition, content).actor.replica.inherit(generation);
  }

  tableChanged(partitions: ReadonlySet<PartitionId> | 'all'): void {
    this.#structuresChanged();
    if (partitions !== 'all') {
      for (const partition of partitions) this.#rowChanged(partition);
      return;
    }
    const { state } = this.#options;
    state.groups.forEach((rows, backups) => {
      rows?.forEach((_, index) => {
        this.#rowChanged(partitionIdOf(backups, index, rows.length));
      });
    });
  }

  receive(from: MemberId, message: ReplicaMessage): void {
    const known = this.#hosted.get(message.partition);
    const isCopy = message.kind === 'replica.copy' && message.chunk === 0;
    const hosted = known ?? (isCopy ? this.#hostCopy(message) : undefined);
    if (message.kind === 'replica.ack') this.#pump.confirmed(from, message);
    hosted?.ref.tellControl(new MessageInput(from, message));
  }

  request(origin: Origin, message: OpRequest): void {
    const { request } = message;
    const hosted = this.#hosted.get(message.partition);
    if (hosted === undefined) {
      const row = rowOf(this.#options.state, message.partition);
      const isLost = row !== undefined && row.primary === undefined;
      const reason = isLost ? 'lost' : 'not-primary';
      this.#options.outlet.answer(origin, { kind: 'op.refused', request, reason });
      return;
    }
    const isTaken = hosted.ref.tell(new RequestInput(origin, message), message.op.length + 64);
    if (!isTaken) {
      this.#options.outlet.answer(origin, { kind: 'op.refused', request, reason: 'busy' });
    }
  }

  /** What a read gives that needs not wait for a turn; see `Replica.glance`. */
  glance(
    partition: PartitionId,
    structure: StructureId,
    code: number,
    key: Uint8Array,
  ): Glance | undefined {
    const hosted = this.#hosted.get(partition);
    // What waits came first, and may be a write of the same caller.
    if (hosted === undefined || hosted.ref.waiting > 0) return undefined;
    return hosted.actor.replica.glance(structure, code, key, this.#options.clock.monotonic());
  }

  tick(nowMs: number): void {
    this.#pump.tick();
    for (const { ref, actor } of this.#hosted.values()) {
      if (!actor.replica.isCalm(nowMs)) ref.tellControl(tickInput);
    }
    if (nowMs - this.#sweptAt < sweepMs) return;
    this.#sweptAt = nowMs;
    for (const { ref } of this.#hosted.values()) ref.tellControl(sweepInput);
  }

  /** The end of a turn: one message a stream, one proposal for all that primaries want changed. */
  flush(): void {
    while (this.#touched.length > 0) {
      const touched = this.#touched;
      this.#touched = [];
      for (const actor of touched) {
        actor.flush();
        if (actor.replica.wantsCopy) this.#want(actor.partition);
      }
    }
    if (this.#alterations.length === 0) return;
    const changes = this.#alterations;
    this.#alterations = [];
    this.#options.outlet.alter(changes);
  }

  /** What waits in a replica waits for the news of a structure. */
  #structuresChanged(): void {
    const { structuresAt } = this.#options.state;
    if (structuresAt === this.#structuresAt) return;
    this.#structuresAt = structuresAt;
    for (const { ref, actor } of this.#hosted.values()) {
      if (actor.replica.isBehind) ref.tellControl(learntInput);
    }
  }

  #want(partition: PartitionId): void {
    const row = rowOf(this.#options.state, partition);
    this.#pump.want(partition, row === undefined ? 'repair' : this.#purposeOf(row));
  }

  #purposeOf({ retiring, inSync }: PartitionRow): CopyPurpose {
    if (retiring !== undefined) return 'balance';
    const { members } = this.#options.state;
    const leaves = (id: MemberId) => members.get(id)?.status === 'leaving';
    return inSync.some(leaves) ? 'departure' : 'repair';
  }

  #rowChanged(partition: PartitionId): void {
    const row = rowOf(this.#options.state, partition);
    if (row === undefined) return;
    if (!this.#isNamed(row)) {
      this.#drop(partition, row);
      return;
    }
    this.#adopt(partition, row);
    const hosted = this.#hosted.get(partition) ?? this.#host(partition);
    hosted.ref.tellControl({ kind: 'row', row });
  }

  /** Where another lineage's content goes on here (adoption.ts), nobody is born with it, and it is not here yet. */
  #adopt(partition: PartitionId, { primary, born, generation }: PartitionRow): void {
    if (primary !== this.#options.self || born.length > 0) return;
    const before = this.#hosted.get(partition);
    if (before?.actor.replica.state.generation === generation) return;
    const content = this.#options.heirloom?.(partition);
    if (content === undefined) return;
    this.#pump.forget(partition);
    before?.ref.stop();
    this.inherit(partition, content, generation);
  }

  #isNamed(row: PartitionRow | undefined): boolean {
    const { self } = this.#options;
    return row !== undefined && (row.inSync.includes(self) || row.learner === self);
  }

  /** A copy begins, perhaps before the row is known that asks for it; undefined where it is long over. */
  #hostCopy({ partition, version }: ReplicaCopy): Hosted | undefined {
    const row = rowOf(this.#options.state, partition);
    const isOver = row !== undefined && row.version >= version && !this.#isNamed(row);
    return isOver ? undefined : this.#host(partition);
  }

  #host(partition: PartitionId, inherited?: Content): Hosted {
    const { self, limits, timings, actors, catalog, types, surroundings } = this.#options;
    const content = inherited ?? new Content({ catalog, types, budget: this.#budget });
    const { minInSync = 1, partitions = 1 } = this.#options.state.settings ?? {};
    // What has fewer copies by the wish of its user is taken with all of them.
    const copies = groupOf(partition, partitions) + 1;
    const actor = new PartitionActor(
      {
        partition,
        self,
        content,
        limits,
        timings,
        minInSync: Math.min(minInSync, copies),
        surroundings,
      },
      this.#shell,
    );
    // A replica that throws has lost an invariant: the member stops rather than limp on.
    const ref = actors.spawn(`partition ${partition}`, () => actor, {
      supervision: { onFailure: 'escalate' },
      mailbox: { normal: { ...defaultNormalBounds, countMax: limits.partitionQueueMax } },
    });
    const hosted = { ref, actor };
    this.#hosted.set(partition, hosted);
    return hosted;
  }

  #drop(partition: PartitionId, row: PartitionRow): void {
    const hosted = this.#hosted.get(partition);
    // Content that was copied here under a later row is acknowledged content: an old row cannot end it.
    if (hosted === undefined || hosted.actor.replica.state.copiedAt > row.version) return;
    this.#options.surroundings.beforeStep?.('drop', partition);
    this.#hosted.delete(partition);
    this.#pump.forget(partition);
    hosted.ref.stop();
  }

  #carryOut(partition: PartitionId, action: ReplicaAction): void {
    const { outlet } = this.#options;
    switch (action.kind) {
      case 'send':
        if (action.message.kind === 'replica.copy') this.#pump.sent(action.message);
        outlet.send(action.to, action.message);
        break;
      case 'reply': {
        const { request, result } = action;
        outlet.answer(action.to, new OpReply(request, result));
        break;
      }
      case 'refuse': {
        const { request, reason } = action;
        outlet.answer(action.to, { kind: 'op.refused', request, reason });
        break;
      }
      case 'fail': {
        const { request, code, message } = action;
        outlet.answer(action.to, { kind: 'op.failed', request, code, message });
        break;
      }
      case 'alter': {
        const { term, version } = action.row;
        this.#alterations.push({ partition, term, version, inSync: action.inSync });
        break;
      }
      case 'handover': {
        const { term, version } = action.row;
        outlet.handOver({ kind: 'meta.handover', partition, term, version, to: action.to });
        break;
      }
    }
  }
}

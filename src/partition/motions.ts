/**
 * Commands on their way to the log: this member's own, which it sends to whoever leads, and those of
 * others, which it has committed while it leads itself.
 *
 * Invariants
 * 1. Only the leader proposes, on its own account or for another member.
 * 2. A command is committed in the lineage for which it was meant, or nowhere: another lineage's leader says
 *    only which lineage it is of. A process outside of any takes the first that it hears of for its own.
 */
import type { MemberId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { RaftActions } from '../consensus/raft-actions.ts';
import type { RaftCore } from '../consensus/raft-core.ts';
import type { RaftEntry } from '../wire/consensus-messages.ts';
import type { MetaPropose, MetaProposed } from '../wire/meta-messages.ts';
import { encodeCommand } from './meta-codec.ts';
import type { Command, MetaState } from './meta-state.ts';
import { type Awaited, type ProposalResult, Proposals } from './proposals.ts';

type Send = (to: MemberId, message: MetaPropose | MetaProposed) => void;

export interface MotionsOptions {
  readonly self: MemberId;
  readonly random: Random;
  readonly state: MetaState;
  readonly resendMs: number;
  /** How long the lineage that was asked may be silent. */
  readonly strayedMs: number;
  raft(): RaftCore | undefined;
  /** Whether whoever leads could take somebody in now. */
  isLed(): boolean;
  /** Members that may know the leader, while this one does not. */
  contacts(): readonly MemberId[];
  /** Why a command may not be proposed; empty where it may. */
  refusalOf(command: Uint8Array): string;
}

export class Motions {
  readonly #options: MotionsOptions;
  readonly #proposals: Proposals;
  /** What the leader proposed and has not applied, by index. */
  readonly #awaited = new Map<number, Awaited>();
  /** The member that a refusal named as the leader. */
  #hint: MemberId | undefined;
  /** The lineage that this process asks to take it in; empty while it knows of none. */
  #lineage: string;
  /** When anybody of that lineage last answered. */
  #heardAt = 0;

  constructor(options: MotionsOptions, lineage = '') {
    this.#options = options;
    this.#lineage = lineage;
    this.#proposals = new Proposals(options.resendMs);
  }

  /** The lineage that this process belongs to, or asks to take it in. */
  get lineage(): string {
    const { lineage } = this.#options.state;
    return lineage.id === '' ? this.#lineage : lineage.id;
  }

  /** `done` as in `Proposals.open`. */
  open(
    command: Command,
    nowMs: number,
    timeoutMs: number,
    done: (result: ProposalResult | undefined) => void,
  ): void {
    this.#proposals.open(encodeCommand(command), nowMs, timeoutMs, done);
  }

  /** Somebody wants a command committed, this member itself perhaps. */
  asked(
    from: MemberId,
    message: MetaPropose,
    nowMs: number,
    raftOut: RaftActions,
    send: Send,
  ): void {
    const { request, lineage } = message;
    const { state, raft } = this.#options;
    if (state.lineage.id !== '' && lineage !== state.lineage.id) {
      this.#answer(from, request, 'other-lineage', 0, '', send);
      return;
    }
    if (raft()?.role === 'leader') {
      const refusal = this.#options.refusalOf(message.command);
      // As if it were committed and had changed nothing.
      if (refusal !== '') {
        this.#answer(from, request, 'committed', state.applied, refusal, send);
        return;
      }
    }
    const result = raft()?.propose(message.command, nowMs, raftOut) ?? 'not-leader';
    if (typeof result === 'object') {
      this.#awaited.set(result.index, { from, request, term: result.term });
      return;
    }
    const dropped = result === 'overloaded' ? 'dropped' : 'not-leader';
    const outcome = state.settings === undefined ? 'unformed' : dropped;
    this.#answer(from, request, outcome, 0, '', send);
  }

  /** False where this process asks a lineage that is no more, and others go on in another. */
  answered(message: MetaProposed, nowMs: number): boolean {
    const { outcome, leader, lineage } = message;
    if (lineage === this.lineage) this.#heardAt = nowMs;
    if (outcome === 'other-lineage') return this.#met(lineage, leader !== '', nowMs);
    if (leader !== '') this.#hint = leader as MemberId;
    this.#proposals.answered(message);
    return true;
  }

  get #isIn(): boolean {
    return this.#options.state.lineage.id !== '';
  }

  /** One that nobody leads could take nobody in. */
  #met(lineage: string, isLed: boolean, nowMs: number): boolean {
    if (!isLed) return true;
    if (this.lineage === '') {
      this.#lineage = lineage;
      this.#heardAt = nowMs;
      this.#proposals.hurry();
    }
    // Its own lineage may have taken it in without its knowledge: it cannot ask another under the same identity.
    return (
      this.#isIn || lineage === this.#lineage || nowMs - this.#heardAt < this.#options.strayedMs
    );
  }

  /** Sends what is due to whoever leads, as far as is known. */
  send(nowMs: number, raftOut: RaftActions, send: Send): void {
    if (this.#proposals.size === 0) return;
    const { self, random } = this.#options;
    const contacts = this.#options.contacts();
    const { lineage } = this;
    this.#proposals.due(nowMs, (request, command) => {
      const message: MetaPropose = { kind: 'meta.propose', request, command, lineage };
      const raft = this.#options.raft();
      if (raft?.role === 'leader') {
        this.asked(self, message, nowMs, raftOut, send);
        return;
      }
      const hint = this.#hint;
      this.#hint = undefined;
      // A process that nobody has taken in yet is not told that its leader is gone.
      const leader = raft?.leader;
      const isThere = leader !== undefined && (this.#isIn || contacts.includes(leader));
      const known = isThere ? leader : hint;
      const to = known ?? (contacts.length > 0 ? random.pick(contacts) : undefined);
      if (to !== undefined && to !== self) send(to, message);
    });
  }

  /** An entry was applied; whoever asked for it is told. */
  applied(entry: RaftEntry, refusal: string, send: Send): void {
    const awaited = this.#awaited.get(entry.index);
    this.#awaited.delete(entry.index);
    if (awaited === undefined || entry.kind !== 'command') return;
    const { from, request, term } = awaited;
    const outcome = term === entry.term ? 'committed' : 'dropped';
    this.#answer(from, request, outcome, entry.index, refusal, send);
  }

  leaderChanged(leader: MemberId | undefined): void {
    if (leader !== this.#options.self) this.#awaited.clear();
    if (leader !== undefined) this.#proposals.hurry();
  }

  #answer(
    to: MemberId,
    request: number,
    outcome: MetaProposed['outcome'],
    index: number,
    refusal: string,
    send: Send,
  ): void {
    const { state, self, raft } = this.#options;
    const isStale = outcome === 'other-lineage' && !this.#options.isLed();
    const leader = isStale ? '' : (raft()?.leader ?? '');
    const leaderAddress = state.members.get(leader as MemberId)?.address ?? '';
    const message: MetaProposed = {
      kind: 'meta.proposed',
      request,
      outcome,
      index,
      refusal,
      leader,
      leaderAddress,
      lineage: state.lineage.id,
    };
    if (to === self) this.#proposals.answered(message);
    else send(to, message);
  }
}

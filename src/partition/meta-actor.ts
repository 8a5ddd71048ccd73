/** The actor that owns this member's part of the meta group; all decisions are in meta-group.ts. */
import type { Behavior } from '../actors/actor.ts';
import type { MemberId } from '../base/ids.ts';
import type { RaftMessage } from '../wire/consensus-messages.ts';
import type { MetaAction, MetaMessage } from './meta-actions.ts';
import { MetaGroup, type MetaGroupOptions } from './meta-group.ts';
import type { ClusterSettings, Command, MetaState } from './meta-state.ts';
import type { ProposalResult } from './proposals.ts';

export type MetaInput =
  | { readonly kind: 'message'; readonly from: MemberId; readonly message: MetaMessage }
  | { readonly kind: 'raft'; readonly from: MemberId; readonly message: RaftMessage }
  | { readonly kind: 'tick'; readonly stallMs: number }
  | { readonly kind: 'form'; readonly clusterId: string; readonly settings: ClusterSettings }
  | { readonly kind: 'inherit'; readonly state: MetaState; readonly gridTime: number }
  | { readonly kind: 'follow' }
  | { readonly kind: 'go-on-alone'; readonly done: (refusal: string | undefined) => void }
  | {
      readonly kind: 'commit';
      readonly command: Command;
      readonly timeoutMs: number;
      readonly done: (result: ProposalResult | undefined) => void;
    };

export interface MetaShell {
  nowMs(): number;
  carryOut(action: MetaAction): void;
}

export class MetaActor implements Behavior<MetaInput> {
  readonly group: MetaGroup;
  readonly #shell: MetaShell;

  constructor(options: MetaGroupOptions, shell: MetaShell) {
    this.group = new MetaGroup(options);
    this.#shell = shell;
  }

  receive(input: MetaInput): void {
    const out: MetaAction[] = [];
    this.#step(input, this.#shell.nowMs(), out);
    for (const action of out) this.#shell.carryOut(action);
  }

  /** The turn ends. */
  flush(): void {
    const out: MetaAction[] = [];
    this.group.flush(this.#shell.nowMs(), out);
    for (const action of out) this.#shell.carryOut(action);
  }

  #step(input: MetaInput, nowMs: number, out: MetaAction[]): void {
    switch (input.kind) {
      case 'message':
        this.group.receive(input.from, input.message, nowMs, out);
        break;
      case 'raft':
        this.group.receiveRaft(input.from, input.message, nowMs, out);
        break;
      case 'tick':
        this.group.tick(nowMs, input.stallMs, out);
        break;
      case 'form':
        this.group.form(input.clusterId, input.settings, nowMs, out);
        break;
      case 'inherit':
        this.group.inherit(input.state, input.gridTime, nowMs, out);
        break;
      case 'follow':
        this.group.follow();
        break;
      case 'go-on-alone':
        input.done(this.group.goOnAlone(nowMs));
        break;
      case 'commit':
        this.group.commit(input.command, nowMs, input.timeoutMs, input.done);
        break;
    }
  }
}

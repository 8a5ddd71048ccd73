/** The actor that owns this member's view of who is there; all decisions are in swim.ts. */
import type { Behavior } from '../actors/actor.ts';
import type { Address, MemberId } from '../base/ids.ts';
import type { DownReason, Peer } from '../transport/transport.ts';
import type { SwimMessage } from '../wire/membership-messages.ts';
import { Swim } from './swim.ts';
import type { SwimAction, SwimOptions } from './swim-types.ts';

export type MembershipInput =
  | { readonly kind: 'message'; readonly from: Peer; readonly message: SwimMessage }
  | { readonly kind: 'up'; readonly peer: Peer }
  | {
      readonly kind: 'down';
      readonly address: Address;
      readonly id: MemberId | undefined;
      readonly reason: DownReason;
    }
  | { readonly kind: 'tick'; readonly stallMs: number }
  | { readonly kind: 'forget'; readonly id: MemberId }
  | { readonly kind: 'leave' };

export interface MembershipShell {
  nowMs(): number;
  carryOut(action: SwimAction): void;
}

export class MembershipActor implements Behavior<MembershipInput> {
  readonly swim: Swim;
  readonly #shell: MembershipShell;

  constructor(options: SwimOptions, shell: MembershipShell) {
    this.swim = new Swim(options);
    this.#shell = shell;
  }

  receive(input: MembershipInput): void {
    const out: SwimAction[] = [];
    this.#step(input, this.#shell.nowMs(), out);
    for (const action of out) this.#shell.carryOut(action);
  }

  #step(input: MembershipInput, nowMs: number, out: SwimAction[]): void {
    switch (input.kind) {
      case 'message':
        this.swim.receive(input.from, input.message, nowMs, out);
        break;
      case 'up':
        this.swim.linkUp(input.peer, nowMs, out);
        break;
      case 'down':
        this.swim.linkDown(input.address, input.id, input.reason, nowMs, out);
        break;
      case 'tick':
        this.swim.tick(nowMs, input.stallMs, out);
        break;
      case 'forget':
        this.swim.forget(input.id);
        break;
      case 'leave':
        this.swim.leave(nowMs, out);
        break;
    }
  }
}

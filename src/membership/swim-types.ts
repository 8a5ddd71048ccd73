/** What goes into the membership protocol and what comes out of it. */
import type { Address, MemberId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { Timings } from '../base/timings.ts';
import type { SwimMessage, SwimState } from '../wire/membership-messages.ts';

/** A snapshot of what is believed of one member. */
export interface SwimMember {
  readonly id: MemberId;
  readonly address: Address;
  readonly name: string;
  readonly zone: string;
  /** False for a lite member. */
  readonly isData: boolean;
  readonly state: SwimState;
  readonly incarnation: number;
  /** How late its event loop was, as its last ack to this member said: alive, but slow. */
  readonly stallMs: number;
}

export interface SwimTuning {
  /** Members that are asked to ping a target that did not answer. */
  readonly indirectProbes: number;
  /** `suspicionMult - 2` independent accusers bring a suspicion down to its minimum. */
  readonly suspicionMult: number;
  /** The longest suspicion, in shortest ones. */
  readonly suspicionMaxMult: number;
  /** Local health counts from 0 to one less than this; 1 switches it off. */
  readonly localHealthMax: number;
  /** An update is sent `retransmitMult * ceil(log10(n + 1))` times. */
  readonly retransmitMult: number;
  /** Members that each gossip tick reaches. */
  readonly fanout: number;
  /** Up to this size of the grid what a member finds out itself goes to everybody at once. */
  readonly directMax: number;
  /** Whether a member that stalled blames itself for what it did not hear. */
  readonly stallAmnesty: boolean;
}

export const defaultTuning: SwimTuning = {
  indirectProbes: 3,
  suspicionMult: 4,
  suspicionMaxMult: 6,
  localHealthMax: 8,
  retransmitMult: 4,
  fanout: 3,
  directMax: 32,
  stallAmnesty: true,
};

export interface SwimOptions {
  readonly self: MemberId;
  readonly address: Address;
  readonly name: string;
  readonly zone: string;
  readonly isData: boolean;
  readonly timings: Timings;
  readonly random: Random;
  /** Where other members may be found. The own address is skipped. */
  readonly seeds: readonly Address[];
  /** @default defaultTuning */
  readonly tuning?: Partial<SwimTuning>;
}

export type SwimAction =
  /** To go out on the control lane. With an `id`, only to the process of that identity. */
  | {
      readonly kind: 'send';
      readonly to: Address;
      readonly id: MemberId | undefined;
      readonly message: SwimMessage;
    }
  /** `joined`: new, or back from the dead. `refuted`: suspected no more. */
  | {
      readonly kind: 'joined' | 'suspected' | 'refuted' | 'dead' | 'left';
      readonly member: SwimMember;
    }
  /**
   * Proof that `old` is dead: another identity is at its address. It comes instead of `dead`, or after it
   * where time alone had condemned `old`. Where nothing is known yet of the new one but who it is, its
   * zone is empty and its incarnation 0; `joined` follows.
   */
  | { readonly kind: 'replaced'; readonly old: SwimMember; readonly by: SwimMember };

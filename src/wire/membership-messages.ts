/** What members tell each other about who is there (SWIM, PROTOCOL.md 1). */
import type { Address, MemberId } from '../base/ids.ts';

export type SwimState = 'alive' | 'suspect' | 'dead' | 'left';

/** What is said of a member: the unit of gossip. */
export interface SwimUpdate {
  readonly state: SwimState;
  readonly id: MemberId;
  readonly address: Address;
  readonly incarnation: number;
  /** Who suspects it or declared it dead; its own id where it speaks of itself. */
  readonly accuser: MemberId;
  /** A human name. */
  readonly name: string;
  readonly zone: string;
  /** False for a lite member. */
  readonly data: boolean;
}

export interface SwimPing {
  readonly kind: 'swim.ping';
  readonly sequence: number;
  /** A process that was reborn at the same address does not answer for its predecessor. */
  readonly target: MemberId;
  readonly updates: readonly SwimUpdate[];
}

export interface SwimPingRequest {
  readonly kind: 'swim.ping-request';
  readonly sequence: number;
  readonly target: MemberId;
  readonly address: Address;
  /** The prober's timeout; a helper answers with a nack at 80 % of it. */
  readonly timeoutMs: number;
  readonly updates: readonly SwimUpdate[];
}

export interface SwimAck {
  readonly kind: 'swim.ack';
  readonly sequence: number;
  /** How late the responder's event loop has lately been. */
  readonly stallMs: number;
  readonly updates: readonly SwimUpdate[];
}

export interface SwimNack {
  readonly kind: 'swim.nack';
  readonly sequence: number;
}

export interface SwimGossip {
  readonly kind: 'swim.gossip';
  readonly updates: readonly SwimUpdate[];
}

/** Half of a push/pull: all that the sender knows. */
export interface SwimSync {
  readonly kind: 'swim.sync';
  /** True where the other side is to answer with all that it knows. */
  readonly wantsReply: boolean;
  readonly updates: readonly SwimUpdate[];
}

export type SwimMessage = SwimPing | SwimPingRequest | SwimAck | SwimNack | SwimGossip | SwimSync;

/** What two processes say to each other before the first message. */
import type { Address, CallerId, MemberId } from '../base/ids.ts';
import { boolean, bytes, count, name, oneOf, record, sentence } from './fields.ts';

export interface Hello {
  /** The version that the sender speaks best, and the lowest that it still speaks. */
  readonly protocol: number;
  readonly protocolMin: number;
  readonly features: number;
  readonly role: 'member';
  readonly lane: 'control' | 'data';
  readonly cluster: string;
  readonly id: MemberId;
  /** Where others reach the sender. */
  readonly address: Address;
  /** A human name; may be empty. */
  readonly name: string;
  /** The sender has a secret and wants proof of it. */
  readonly secured: boolean;
  /** Random, used once. */
  readonly nonce: Uint8Array;
}

/** That the sender knows the secret, for both nonces. */
export interface Proof {
  readonly mac: Uint8Array;
}

/** How a light client begins. It says all that a member needs to let it in, or not. */
export interface ClientHello {
  readonly protocol: number;
  readonly protocolMin: number;
  readonly features: number;
  readonly cluster: string;
  /** Drawn at random by the client: who knows it can act as this client. */
  readonly session: CallerId;
  /** Empty where a token says who it is. */
  readonly user: string;
  /** A token or a password; empty where none is needed. */
  readonly credential: string;
}

export interface Refused {
  /** A code of `GridError`. */
  readonly code: string;
  /** For the log of the refused: names both sides. */
  readonly sentence: string;
}

export const hello = record<Hello>({
  protocol: count(),
  protocolMin: count(),
  features: count(),
  role: oneOf({ member: 0 }),
  lane: oneOf({ control: 0, data: 1 }),
  cluster: name(),
  id: name(),
  address: name(),
  name: name(),
  secured: boolean,
  nonce: bytes,
});

export const proof = record<Proof>({ mac: bytes });
export const refused = record<Refused>({ code: name(), sentence });
export const clientHello = record<ClientHello>({
  protocol: count(),
  protocolMin: count(),
  features: count(),
  cluster: name(),
  session: name(),
  user: name(),
  credential: sentence,
});

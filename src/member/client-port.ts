/** What a member tells whoever speaks for its clients. */
import type { CallerId, MemberId } from '../base/ids.ts';
import { requestsMax } from '../transport/open-calls.ts';
import type { OpFailed, OpRefused, OpReply } from '../wire/op-messages.ts';

export type Answer = OpReply | OpRefused | OpFailed;

/** Requests from this number on were passed on for a client; those of a member itself stay below. */
export const relayedFrom = requestsMax;

export interface ClientPort {
  /** An answer of a partition that is here; false where it is not for a client. */
  answer(to: string, message: Answer): boolean;
  /** An answer of another member to what was passed on to it. */
  relayed(message: Answer): void;
  /** A member is gone, or the link to it. */
  peerLost(id: MemberId): void;
  tableChanged(): void;
  /** Whether a client has been away for so long that nobody waits for it any more. */
  isGone(session: CallerId): boolean;
}

/** Of a member that lets no clients in. */
export const noClients: ClientPort = {
  answer: () => false,
  relayed: () => {},
  peerLost: () => {},
  tableChanged: () => {},
  isGone: () => false,
};

/** What all links of a transport share. */
import type { Clock } from '../base/clock.ts';
import type { Limits } from '../base/limits.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import type { SharedSecret } from '../security/shared-secret.ts';
import type { BusyPoll } from './busy-poll.ts';
import type { Identity } from './handshake.ts';

export interface TlsOptions {
  readonly key: string | Uint8Array;
  readonly cert: string | Uint8Array;
  /** Who signs the certificates of members; without it, the authorities that Node knows. */
  readonly ca?: string | Uint8Array;
  /** Members show their certificate when they dial, too. */
  readonly requireClientCert?: boolean;
}

export interface TransportTimings {
  readonly pingMs: number;
  /** Without a sign of life for so long a control link is down; a data link after three times as long. */
  readonly silentMs: number;
  /** Connecting, upgrading and proving, together. */
  readonly handshakeMs: number;
  readonly backoffFirstMs: number;
  readonly backoffLongestMs: number;
  /** How often the same refusal is logged. */
  readonly repeatWarningMs: number;
}

export const defaultTransportTimings: TransportTimings = {
  pingMs: 1_000,
  silentMs: 3_000,
  handshakeMs: 5_000,
  backoffFirstMs: 50,
  backoffLongestMs: 2_000,
  repeatWarningMs: 10_000,
};

/** Counts since the start, for metrics. */
export interface TransportStats {
  framesSent: number;
  messagesSent: number;
  bytesSent: number;
  framesReceived: number;
  messagesReceived: number;
  /** Closed for bytes that were not what they should be. */
  badFrames: number;
}

export interface LinkSettings {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly busyPoll: BusyPoll;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: Limits;
  readonly timings: TransportTimings;
  readonly secret: SharedSecret | undefined;
  readonly tls: TlsOptions | undefined;
  readonly stats: TransportStats;
}

/** The path on which members reach each other. */
export const memberPath = '/member';
export const memberProtocol = 'shoal.v1';
/** A sealed frame is longer than what it seals by a header and a tag. */
export const sealedBytes = 24;

/** What both ends of a WebSocket between members are given. */
export function socketOptions(limits: Limits) {
  return {
    perMessageDeflate: false,
    maxPayload: limits.frameBytesMax + sealedBytes,
    maxFragments: 64,
    maxBufferedChunks: 65_536,
  } as const;
}

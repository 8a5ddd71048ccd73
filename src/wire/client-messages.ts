/**
 * What a light client and a member exchange beside ops: the table, structures, signs of life. Each
 * request is answered by `client.rows` or `client.done` with its number.
 */
import type { CallerId, MemberId, StructureId } from '../base/ids.ts';

/** The path on which clients reach a member, and the subprotocol that they ask for. */
export const clientPath = '/client';
export const clientProtocol = 'shoal.client.v1';

const sessionPattern = /^~[\w-]{22,64}$/;

/** A session is no member's identity: those have a `#`, which a session never has. */
export function isSession(id: string): id is CallerId {
  return sessionPattern.test(id);
}

/** The first message of a member to a client. */
export interface ClientWelcome {
  readonly kind: 'client.welcome';
  readonly member: MemberId;
  /** The history that the member belongs to for as long as it lives, those that it comes from, and those it took in. */
  readonly lineage: string;
  readonly ancestors: readonly string[];
  readonly merged: readonly string[];
  /** How long a client of another lineage is to miss its own before it follows this one. */
  readonly followAfterMs: number;
}

export interface ClientMember {
  readonly id: MemberId;
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  readonly state: 'joining' | 'up' | 'suspected' | 'leaving';
}

export interface ClientGroup {
  readonly backups: number;
  /** By partition: the place of its primary among the members, from 1; 0 where it is lost. */
  readonly primaries: readonly number[];
  /** By partition: how often it began with nothing. */
  readonly generations: readonly number[];
}

/** Where things are. Sent first of all where there is a table, and after every change. */
export interface ClientTable {
  readonly kind: 'client.table';
  /** Another one knows nothing of what the one before did. */
  readonly cluster: string;
  /** A larger one is newer. */
  readonly index: number;
  readonly partitions: number;
  readonly isSafe: boolean;
  /** Oldest first. */
  readonly members: readonly ClientMember[];
  readonly groups: readonly ClientGroup[];
}

export interface ClientDefine {
  readonly kind: 'client.define';
  readonly request: number;
  readonly type: string;
  readonly name: string;
  /** JSON. */
  readonly options: string;
}

export interface ClientDestroy {
  readonly kind: 'client.destroy';
  readonly request: number;
  readonly structure: StructureId;
}

/** Asks for the structures after an id, so many as one answer holds. */
export interface ClientList {
  readonly kind: 'client.list';
  readonly request: number;
  readonly after: number;
}

/** Asks whether every copy is in sync. */
export interface ClientSafe {
  readonly kind: 'client.safe';
  readonly request: number;
}

export interface ClientAcceptLoss {
  readonly kind: 'client.accept-loss';
  readonly request: number;
}

export interface ClientRow {
  readonly id: StructureId;
  readonly name: string;
  readonly type: string;
  readonly backups: number;
  /** JSON. */
  readonly options: string;
}

export interface ClientRows {
  readonly kind: 'client.rows';
  readonly request: number;
  readonly rows: readonly ClientRow[];
}

export interface ClientDone {
  readonly kind: 'client.done';
  readonly request: number;
  /** A code of `GridError`, or empty. */
  readonly code: string;
  readonly message: string;
  /** Whether what was asked for may have happened in spite of the error. */
  readonly isDoubtful: boolean;
}

/** Asks to be told when one of these is destroyed. */
export interface ClientWatch {
  readonly kind: 'client.watch';
  readonly structures: readonly StructureId[];
}

/** Of what the client has defined or watches, these are no more. */
export interface ClientDropped {
  readonly kind: 'client.dropped';
  readonly structures: readonly StructureId[];
}

/** Browsers cannot ping below messages, so signs of life are messages. */
export interface ClientPing {
  readonly kind: 'client.ping';
}

export interface ClientPong {
  readonly kind: 'client.pong';
}

export type ClientRequest =
  | ClientDefine
  | ClientDestroy
  | ClientList
  | ClientSafe
  | ClientAcceptLoss;

/** What a client may send, beside `op.request`. */
export type FromClient = ClientRequest | ClientWatch | ClientPing;

/** What a member sends to a client, beside the answers to ops. */
export type ToClient =
  | ClientWelcome
  | ClientTable
  | ClientRows
  | ClientDone
  | ClientDropped
  | ClientPong;

export type ClientMessage = FromClient | ToClient;
export type ClientKind = ClientMessage['kind'];

export function isClientMessage(message: { readonly kind: string }): message is ClientMessage {
  return message.kind.startsWith('client.');
}

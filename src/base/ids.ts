/** Identifiers that look alike at run time and must not be mixed up at compile time. */

declare const tag: unique symbol;
type Tagged<Base, Tag extends string> = Base & { readonly [tag]: Tag };

/** One process as a member: `name#random`, made anew at every start and never used again. */
export type MemberId = Tagged<string, 'MemberId'>;

/** `host:port`, as others reach a member. */
export type Address = Tagged<string, 'Address'>;

/**
 * One partition of one partition group: `group * partitions + index`, where the group is the number
 * of backups (0 to 3). So one number names a row of the table and a replica.
 */
export type PartitionId = Tagged<number, 'PartitionId'>;

/** One incarnation of a structure: never used again after `destroy`. */
export type StructureId = Tagged<number, 'StructureId'>;

/** Counts the primaries of one partition. The fence: a larger term always wins. */
export type Term = Tagged<number, 'Term'>;

/** Counts the changes of one partition's row in the table; what a change of the row is compared with. */
export type Version = Tagged<number, 'Version'>;

/** Counts the changes of one partition's content, without gaps. */
export type Sequence = Tagged<number, 'Sequence'>;

/** Who sends operations: a member's identity, or a client's session. */
export type CallerId = Tagged<string, 'CallerId'>;

/** Counts the mutating operations of one caller, from 1. */
export type OpSequence = Tagged<number, 'OpSequence'>;

/**
 * One replication channel from a primary to a peer, quoted in everything that belongs to it. A primary
 * counts its streams up, so (term, stream) names a channel once and for ever, and the later is larger.
 */
export type StreamId = Tagged<number, 'StreamId'>;

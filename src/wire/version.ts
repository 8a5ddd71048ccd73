/**
 * Which protocol is spoken (PROTOCOL.md 0, "Versions"): a process speaks its own version and the one
 * before, says both in its greeting, and the higher one that both speak is used.
 */

export const protocolVersion = 1;
/** The lowest that this code still speaks. */
export const protocolVersionMin = 1;
/** One bit for each thing that a peer may or may not be able to do. None yet. */
export const featureBits = 0;

export interface SpokenVersions {
  readonly protocol: number;
  readonly protocolMin: number;
}

/** Undefined where the two have no version in common. */
export function commonVersion(mine: SpokenVersions, theirs: SpokenVersions): number | undefined {
  const version = Math.min(mine.protocol, theirs.protocol);
  return version >= mine.protocolMin && version >= theirs.protocolMin ? version : undefined;
}

/** MurmurHash3 (x86, 32 bits): the hash that places keys, the same on every platform. */

/** How many hashes there are. */
export const hashCount = 2 ** 32;

/** The hash of the bytes, unsigned. */
export function murmur3(bytes: Uint8Array, seed = 0): number {
  const length = bytes.length;
  const blocksEnd = length & ~3;
  let hash = seed | 0;
  for (let at = 0; at < blocksEnd; at += 4) {
    hash ^= mixedBlock(word(bytes, at));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (blocksEnd < length) hash ^= mixedBlock(tail(bytes, blocksEnd));
  return finish(hash ^ length);
}

/** The index of a partition for a hash: 0 to `partitions` - 1. */
export function partitionOf(hash: number, partitions: number): number {
  return hash % partitions;
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function tail(bytes: Uint8Array, from: number): number {
  let block = 0;
  for (let at = bytes.length - 1; at >= from; at--) block = (block << 8) | (bytes[at] as number);
  return block;
}

function mixedBlock(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function finish(state: number): number {
  let hash = state;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

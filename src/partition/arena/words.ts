/**
 * Numbers in bytes, the lowest byte first. By hand, not by a `DataView`: that is an object of its own beside each
 * slab, and where there are thousands of slabs it is in no cache when a record is looked at.
 */
const high = 2 ** 32;

/** 16 bits. */
export function readShort(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

export function writeShort(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

/** 32 bits, unsigned. */
export function readWord(bytes: Uint8Array, at: number): number {
  return (readShort(bytes, at) | (readShort(bytes, at + 2) << 16)) >>> 0;
}

/** `value` as 32 bits, signed or not. */
export function writeWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** 48 bits: times, and what counts up. */
export function readLong(bytes: Uint8Array, at: number): number {
  return readShort(bytes, at + 4) * high + readWord(bytes, at);
}

export function writeLong(bytes: Uint8Array, at: number, value: number): void {
  writeWord(bytes, at, (value % high) | 0);
  writeShort(bytes, at + 4, Math.floor(value / high));
}

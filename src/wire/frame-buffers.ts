/**
 * Buffers of long frames, used again once their frame has left: memory outside the heap that comes and goes by the
 * megabyte has the garbage collector walk the whole heap many times a second. They are powers of two long, so that
 * they serve any frame that fits. Those of all connections are one stock, as most connections are idle.
 *
 * Invariants
 * 1. A buffer is in stock once at most, and then nobody else has it: whoever gives it back does so once.
 * 2. What is in stock is `spareBytes` long together, and at most `spareBytesMax`.
 */

const bytesMin = 16_384;
const bytesMax = 1_048_576;
/** Of all buffers that wait to be used again. */
const spareBytesMax = 4 * bytesMax;

const spare = new Map<number, Uint8Array[]>();
let spareBytes = 0;

/** Room for so many bytes at least, with any content. */
export function takeBuffer(bytes: number): Uint8Array {
  if (bytes > bytesMax) return new Uint8Array(bytes);
  const size = Math.max(bytesMin, 2 ** Math.ceil(Math.log2(bytes)));
  const buffer = spare.get(size)?.pop();
  if (buffer === undefined) return new Uint8Array(size);
  spareBytes -= size;
  return buffer;
}

/** Nobody reads the frame any more. What is no buffer of this kind is left to the garbage collector. */
export function giveBack({ buffer }: Uint8Array): void {
  const size = buffer.byteLength;
  const isOfUse = size >= bytesMin && size <= bytesMax && (size & (size - 1)) === 0;
  if (!isOfUse || spareBytes + size > spareBytesMax) return;
  const alike = spare.get(size) ?? [];
  spare.set(size, alike);
  alike.push(new Uint8Array(buffer));
  spareBytes += size;
}

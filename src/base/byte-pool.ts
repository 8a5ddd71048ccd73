/**
 * Small byte arrays cut from larger ones: an allocation of its own costs the garbage collector more than
 * the bytes that it holds. What is cut out belongs to whoever asked, and is never handed out twice.
 *
 * A slab stays in memory as long as anything cut from it. So a pool is for bytes that live about as long as
 * their neighbours; what stays longer is copied out of it.
 */
export class BytePool {
  readonly #slabBytes: number;
  /** What is larger gets an allocation of its own. */
  readonly #pooledBytesMax: number;
  #slab: Uint8Array = new Uint8Array(0);
  #used = 0;

  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
    this.#pooledBytesMax = slabBytes >>> 3;
  }

  /** So many bytes with any content; the caller writes all of them. */
  take(length: number): Uint8Array {
    if (length > this.#pooledBytesMax) return new Uint8Array(length);
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(this.#slabBytes);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += length;
    return this.#slab.subarray(from, this.#used);
  }

  copy(bytes: Uint8Array): Uint8Array {
    const taken = this.take(bytes.length);
    copyBytes(bytes, taken, 0);
    return taken;
  }
}

/** For what lives as long as one operation: ops, results, keys and values on their way. */
const shortLived = new BytePool(16_384);

export function pooledBytes(length: number): Uint8Array {
  return shortLived.take(length);
}

export function pooledCopy(bytes: Uint8Array): Uint8Array {
  return shortLived.copy(bytes);
}

/** A loop for a few bytes, because `set` costs more than it saves for them. */
export function copyBytes(from: Uint8Array, to: Uint8Array, at: number): void {
  const length = from.length;
  if (length > 48) {
    to.set(from, at);
    return;
  }
  for (let i = 0; i < length; i++) to[at + i] = from[i] as number;
}

/**
 * Blocks of bytes in slabs outside the V8 heap: what the records of a table are kept in.
 *
 * A block is found by its ref, one number: the slab's id and the offset within it. Freed blocks are
 * reused by exact size; what that cannot reuse is won back by emptying the slab with the most waste.
 *
 * Invariants
 * 1. [0, used) of a slab is a row of blocks without gaps; each begins with a word of its size and state.
 * 2. A block that is `linked` stands in the list of its size; no block of the victim gets linked.
 * 3. `live` is the sum of the sizes of the live blocks, `shared` that of those in shared slabs,
 *    `capacity` the sum of the sizes of the slabs.
 * 4. 0 is never a ref.
 */
import { assert } from '../../base/assert.ts';
import { GridError } from '../../base/errors.ts';
import { readWord, writeWord } from './words.ts';

/** Blocks are whole numbers of units; a ref counts offsets in them. */
export const unitBytes = 8;
const unitShift = 3;
const slabBytesMin = 1_024;
const slabBytesMax = 1_048_576;
/** Up to it a slab is about as large as what lives already. */
const slabBytesSmall = 8_192;
/** What the objects of a slab take, and its share of the allocator's. */
const slabCostBytes = 512;
/** Units of the largest slab that several blocks share, as bits of a ref. */
const offsetBits = 17;
const offsetMask = (1 << offsetBits) - 1;
/** Past it `GRID_OVERLOADED`: 32 GiB in slabs of 1 MiB. */
const slabsMax = 2 ** (32 - offsetBits);
/** A larger share of a slab than this gets a slab of its own, so that little is lost at a slab's end. */
const blocksPerSlabMin = 8;
const blockUnitsMax = (1 << 24) - 1;
/** A linked block holds its own word, the next ref and the one before. */
const linkedUnitsMin = 2;
/** Blocks up to this size are reused by exact size. */
const linkedUnitsMax = 128;
/** Waste below it is not worth the work. */
const wasteBytesMin = 2_048;

const liveState = 0x80000000;
const linkedState = 0x40000000;
const unitsMask = blockUnitsMax;

/** The size of the block that begins at such an offset of a slab. */
export function blockBytes(bytes: Uint8Array, at: number): number {
  return (readWord(bytes, at) & unitsMask) << unitShift;
}

/** What the owner of a block may keep in its fourth byte. */
export const ownerBits = 0x3f;

interface Slab {
  readonly bytes: Uint8Array;
  /** Bytes from the start that blocks have been made of. */
  used: number;
  live: number;
  /** Made for one large block. */
  readonly isOwn: boolean;
}

export class Slabs {
  readonly #slabs: (Slab | undefined)[] = [undefined];
  /** Their bytes, for who wants nothing else of a slab: it is one object less to look at. */
  readonly #bytes: (Uint8Array | undefined)[] = [undefined];
  readonly #freeIds: number[] = [];
  /** The first linked block of each size; made with the first such block. */
  #heads: Uint32Array | undefined;
  /** The slab that new blocks are cut from; 0 when there is none. */
  #current = 0;
  /** The slab that is being emptied; 0 when there is none. */
  #victim = 0;
  #victimAt = 0;
  #capacity = 0;
  #live = 0;
  #shared = 0;

  /** Bytes of all slabs. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes of all live blocks. */
  get live(): number {
    return this.#live;
  }

  /** The bytes of the slab in which a block is. */
  bytes(ref: number): Uint8Array {
    return this.#bytes[ref >>> offsetBits] as Uint8Array;
  }

  /** Where a block begins within its slab. */
  offset(ref: number): number {
    return (ref & offsetMask) << unitShift;
  }

  /** The size of a block in bytes. */
  size(ref: number): number {
    return (this.#word(ref) & unitsMask) << unitShift;
  }

  /**
   * Gives a block of at least `bytes` bytes. Its first four belong to this class, except for six bits,
   * `ownerBits` of the fourth, which are zero at first.
   */
  allocate(bytes: number): number {
    const units = (bytes + unitBytes - 1) >>> unitShift;
    if (units > blockUnitsMax) {
      throw new GridError('GRID_TOO_LARGE', `A record of ${bytes} bytes is over 128 MiB`);
    }
    const reused = this.#reuse(units);
    const ref = reused === 0 ? this.#cut(units) : reused;
    const slab = this.#slab(ref);
    writeWord(slab.bytes, this.offset(ref), (liveState | units) >>> 0);
    this.#count(slab, units << unitShift);
    return ref;
  }

  free(ref: number): void {
    const word = this.#word(ref);
    assert(word >>> 31 === 1, 'only a live block is freed');
    const id = ref >>> offsetBits;
    const units = word & unitsMask;
    const slab = this.#slab(ref);
    this.#count(slab, -(units << unitShift));
    if (this.#live === 0) this.release();
    else if (slab.live === 0 && id !== this.#current && id !== this.#victim) this.#drop(id);
    else this.#link(ref, id, units);
  }

  /** Whether emptying slabs is worth the work. */
  get isWasteful(): boolean {
    if (this.#victim !== 0) return true;
    const waste = this.#capacity - this.#live - this.#spare();
    return waste > wasteBytesMin && waste * 4 > this.#capacity;
  }

  /**
   * Moves live blocks of about `bytesMax` bytes out of the slab with the most waste, and says each move.
   * True while there is more to do.
   */
  compact(bytesMax: number, moved: (from: number, to: number) => void): boolean {
    if (!this.isWasteful) return false;
    if (this.#victim === 0) this.#pickVictim();
    let budget = bytesMax;
    while (budget > 0 && this.#victim !== 0) budget -= this.#evacuateOne(moved);
    return this.isWasteful;
  }

  release(): void {
    this.#slabs.length = 1;
    this.#bytes.length = 1;
    this.#freeIds.length = 0;
    this.#heads = undefined;
    this.#current = 0;
    this.#victim = 0;
    this.#capacity = 0;
    this.#live = 0;
    this.#shared = 0;
  }

  #slab(ref: number): Slab {
    return this.#slabs[ref >>> offsetBits] as Slab;
  }

  #count(slab: Slab, bytes: number): void {
    slab.live += bytes;
    this.#live += bytes;
    if (!slab.isOwn) this.#shared += bytes;
  }

  #word(ref: number): number {
    return readWord(this.bytes(ref), this.offset(ref));
  }

  /** What the current slab has yet to give; not waste unless it dwarfs what lives. */
  #spare(): number {
    const current = this.#slabs[this.#current];
    if (current === undefined || current.bytes.length > 8 * this.#shared) return 0;
    return current.bytes.length - current.used;
  }

  #reuse(units: number): number {
    if (this.#heads === undefined || units > linkedUnitsMax) return 0;
    let ref = this.#heads[units] as number;
    while (ref !== 0) {
      this.#unlink(ref);
      // A block of the victim is about to go with its slab.
      if (ref >>> offsetBits !== this.#victim) return ref;
      ref = this.#heads[units] as number;
    }
    return 0;
  }

  #cut(units: number): number {
    const bytes = units << unitShift;
    const current = this.#slabs[this.#current];
    if (current !== undefined && current.used + bytes <= current.bytes.length) {
      return this.#cutFrom(this.#current, current, bytes);
    }
    const bytesMin = bytes * blocksPerSlabMin;
    if (bytesMin > sharedSlabBytes(this.#live)) return this.#own(bytes);
    const sharedBytes = Math.max(bytesMin, sharedSlabBytes(this.#shared));
    this.#seal();
    this.#current = this.#addSlab(sharedBytes, false);
    return this.#cutFrom(this.#current, this.#slabs[this.#current] as Slab, bytes);
  }

  #own(bytes: number): number {
    const id = this.#addSlab(bytes, true);
    (this.#slabs[id] as Slab).used = bytes;
    return (id << offsetBits) >>> 0;
  }

  #cutFrom(id: number, slab: Slab, bytes: number): number {
    const ref = ((id << offsetBits) | (slab.used >>> unitShift)) >>> 0;
    slab.used += bytes;
    return ref;
  }

  /** Leaves the current slab as it is; what is left at its end can serve small blocks. */
  #seal(): void {
    const id = this.#current;
    const slab = this.#slabs[id];
    this.#current = 0;
    if (slab === undefined) return;
    if (slab.live === 0) {
      this.#drop(id);
      return;
    }
    const units = (slab.bytes.length - slab.used) >>> unitShift;
    if (units < linkedUnitsMin || units > linkedUnitsMax) return;
    const ref = this.#cutFrom(id, slab, units << unitShift);
    this.#link(ref, id, units);
  }

  #addSlab(bytes: number, isOwn: boolean): number {
    const id = this.#freeIds.pop() ?? this.#slabs.length;
    if (id >= slabsMax) {
      this.#freeIds.push(id);
      throw new GridError('GRID_OVERLOADED', 'A table has no room for more slabs; use more maps');
    }
    const slab: Slab = { bytes: new Uint8Array(bytes), used: 0, live: 0, isOwn };
    this.#slabs[id] = slab;
    this.#bytes[id] = slab.bytes;
    this.#capacity += bytes;
    return id;
  }

  /** Gives a slab without live blocks back; no block before `from` is linked. */
  #drop(id: number, from = 0): void {
    const slab = this.#slabs[id] as Slab;
    assert(slab.live === 0, 'nothing lives in a slab that is given back');
    this.#unlinkFrom(id, slab, from);
    this.#capacity -= slab.bytes.length;
    this.#slabs[id] = undefined;
    this.#bytes[id] = undefined;
    this.#freeIds.push(id);
  }

  #unlinkFrom(id: number, slab: Slab, from: number): void {
    for (let at = from; at < slab.used; ) {
      const word = readWord(slab.bytes, at);
      if ((word & linkedState) !== 0) {
        this.#unlink(((id << offsetBits) | (at >>> unitShift)) >>> 0);
      }
      at += (word & unitsMask) << unitShift;
    }
  }

  /** Puts a block at the head of the list of its size, or only marks it dead. */
  #link(ref: number, id: number, units: number): void {
    const slab = this.#slabs[id] as Slab;
    const at = this.offset(ref);
    if (units < linkedUnitsMin || units > linkedUnitsMax || id === this.#victim) {
      writeWord(slab.bytes, at, units);
      return;
    }
    this.#heads ??= new Uint32Array(linkedUnitsMax + 1);
    const next = this.#heads[units] as number;
    writeWord(slab.bytes, at, linkedState | units);
    writeWord(slab.bytes, at + 4, next);
    writeWord(slab.bytes, at + 8, 0);
    if (next !== 0) writeWord(this.bytes(next), this.offset(next) + 8, ref);
    this.#heads[units] = ref;
  }

  #unlink(ref: number): void {
    const heads = this.#heads as Uint32Array;
    const bytes = this.bytes(ref);
    const at = this.offset(ref);
    const units = readWord(bytes, at) & unitsMask;
    const next = readWord(bytes, at + 4);
    const previous = readWord(bytes, at + 8);
    writeWord(bytes, at, units);
    if (previous === 0) heads[units] = next;
    else writeWord(this.bytes(previous), this.offset(previous) + 4, next);
    if (next !== 0) writeWord(this.bytes(next), this.offset(next) + 8, previous);
  }

  #pickVictim(): void {
    let worst = 0;
    let worstShare = 0;
    for (let id = 1; id < this.#slabs.length; id++) {
      const slab = this.#slabs[id];
      if (slab === undefined) continue;
      const spare = id === this.#current ? this.#spare() : 0;
      const share = (slab.bytes.length - slab.live - spare) / slab.bytes.length;
      if (share <= worstShare) continue;
      worst = id;
      worstShare = share;
    }
    assert(worst !== 0, 'waste is in some slab');
    // The next slab takes over from a current one that is emptied.
    if (worst === this.#current) this.#current = 0;
    this.#victim = worst;
    this.#victimAt = 0;
  }

  /** Deals with the victim's next block; gives what that cost in bytes. */
  #evacuateOne(moved: (from: number, to: number) => void): number {
    const id = this.#victim;
    const slab = this.#slabs[id] as Slab;
    if (this.#victimAt >= slab.used || slab.live === 0) {
      this.#victim = 0;
      this.#drop(id, this.#victimAt);
      return unitBytes;
    }
    const at = this.#victimAt;
    const word = readWord(slab.bytes, at);
    const bytes = (word & unitsMask) << unitShift;
    this.#victimAt += bytes;
    const from = ((id << offsetBits) | (at >>> unitShift)) >>> 0;
    if ((word & linkedState) !== 0) this.#unlink(from);
    if (word >>> 31 === 0) return unitBytes;
    this.#move(from, slab, bytes, moved);
    return bytes;
  }

  #move(from: number, slab: Slab, bytes: number, moved: (from: number, to: number) => void): void {
    const at = this.offset(from);
    const to = this.allocate(bytes);
    const target = this.#slab(to);
    // Word and all: blocks are reused by exact size, so the sizes are equal.
    target.bytes.set(slab.bytes.subarray(at, at + bytes), this.offset(to));
    writeWord(slab.bytes, at, bytes >>> unitShift);
    this.#count(slab, -bytes);
    moved(from, to);
  }
}

/**
 * Slabs grow with the table. Small ones cost more objects, and of a large one half is empty on average while it is
 * filled: both together are least where a slab is the root of what lives times twice its cost. Powers of two.
 */
function sharedSlabBytes(live: number): number {
  const best = Math.sqrt(2 * slabCostBytes * live);
  const wanted = Math.min(live, Math.max(slabBytesSmall, best), slabBytesMax);
  return Math.max(slabBytesMin, 2 ** (31 - Math.clz32(Math.max(wanted, 1))));
}

/**
 * Looks through msgpack bytes before they are decoded: within the bounds, whole, and made only of what
 * frames use (nil, booleans, numbers, strings, bytes, lists). Everything else of msgpack (maps,
 * extensions) is refused here, so the decoder's rarer paths never see a peer's bytes.
 */
import { WireError } from './wire-error.ts';

/** Lists within lists. The deepest message takes six. */
export const frameNestingMax = 16;

/** Bytes that follow a first byte from 0xc0 to 0xdf: -1 not in frames, -2 to -4 a length of 1, 2, 4. */
const sizes = Int8Array.of(
  ...[0, -1, 0, 0, -2, -3, -4, -1, -1, -1, 4, 8, 1, 2, 4, 8],
  ...[1, 2, 4, 8, -1, -1, -1, -1, -1, -2, -3, -4, -1, -1, -1, -1],
);
const notInFrames = -1;
const list16 = 0xdc;
const list32 = 0xdd;

/** `itemsMax`: values, lists included. Gives how many there are. */
export function scan(bytes: Uint8Array, from: number, itemsMax: number): number {
  const scanner = new Scanner(bytes, from, itemsMax);
  scanner.value(0);
  scanner.end();
  return scanner.items;
}

class Scanner {
  readonly #bytes: Uint8Array;
  readonly #itemsMax: number;
  #position: number;
  #items = 0;

  constructor(bytes: Uint8Array, from: number, itemsMax: number) {
    this.#bytes = bytes;
    this.#position = from;
    this.#itemsMax = itemsMax;
  }

  get items(): number {
    return this.#items;
  }

  value(nesting: number): void {
    const first = this.#bytes[this.#position];
    if (first === undefined) throw truncated();
    if (++this.#items > this.#itemsMax) {
      throw new WireError('expected fewer values in a frame of its length');
    }
    if (first < 0x80 || first >= 0xe0) this.#position++;
    else if (first >= 0xa0 && first < 0xc0) this.#skip(first - 0x9f);
    else if (first >= 0x90 && first < 0xa0) this.#list(1, first - 0x90, nesting);
    else if (first === list16) this.#list(3, this.#number(2), nesting);
    else if (first === list32) this.#list(5, this.#number(4), nesting);
    else this.#scalar(first);
  }

  end(): void {
    if (this.#position !== this.#bytes.length) {
      throw new WireError('expected the end of a frame, found more bytes');
    }
  }

  #list(headBytes: number, length: number, nesting: number): void {
    this.#skip(headBytes);
    if (nesting === frameNestingMax) {
      throw new WireError(
        `expected lists nested at most ${frameNestingMax} deep, found deeper ones`,
      );
    }
    // Each item takes a byte at least, so a false length is found before any item is read.
    if (length > this.#bytes.length - this.#position) throw truncated();
    for (let index = 0; index < length; index++) this.value(nesting + 1);
  }

  #scalar(first: number): void {
    const size = first >= 0xc0 ? (sizes[first - 0xc0] as number) : notInFrames;
    if (size === notInFrames) {
      throw new WireError('expected a value that frames use, found another type');
    }
    const width = size < 0 ? 1 << (-size - 2) : 0;
    this.#skip(1 + (size < 0 ? width + this.#number(width) : size));
  }

  /** The length that follows the first byte, big-endian. */
  #number(width: number): number {
    if (this.#position + width >= this.#bytes.length) throw truncated();
    let value = 0;
    for (let index = 1; index <= width; index++) {
      value = value * 256 + (this.#bytes[this.#position + index] as number);
    }
    return value;
  }

  #skip(bytes: number): void {
    this.#position += bytes;
    if (this.#position > this.#bytes.length) throw truncated();
  }
}

function truncated(): WireError {
  return new WireError('expected more bytes, found the end of the frame');
}

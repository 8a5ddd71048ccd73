/**
 * What happened in a simulated world: a rolling hash, by which two runs are compared, and the last lines in
 * words, which a failure prints.
 */

const bits = new Uint32Array(2);
const bitsOfNumber = new Float64Array(bits.buffer);

/** Bytes of a frame that a digest looks at. */
const digestBytesMax = 128;

/** A hash of the length and of up to 128 bytes spread evenly. */
export function digestOf(bytes: Uint8Array): number {
  const stride = Math.max(1, Math.floor(bytes.length / digestBytesMax));
  let hash = 0x811c9dc5 ^ bytes.length;
  for (let index = 0; index < bytes.length; index += stride) {
    hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
  }
  return hash >>> 0;
}

export class Trace {
  #high = 0x9e3779b9;
  #low = 0x85ebca6b;
  readonly #lines: string[] = [];
  readonly #linesMax: number;
  /** Where the next line goes once the ring is full. */
  #next = 0;

  /** Keeps that many lines; with 0 none is even made. */
  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  get keepsLines(): boolean {
    return this.#linesMax > 0;
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  /** Oldest first. */
  get lines(): readonly string[] {
    return [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
  }

  mix(time: number, code: number): void {
    bitsOfNumber[0] = time;
    this.mixWord((bits[0] as number) ^ code);
    this.mixWord(bits[1] as number);
  }

  mixWord(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x9e3779b1);
    this.#low ^= this.#low >>> 15;
    this.#high = Math.imul(this.#high ^ this.#low, 0x85ebca77);
    this.#high ^= this.#high >>> 13;
  }

  line(time: number, text: string): void {
    if (this.#linesMax === 0) return;
    const line = `${time.toFixed(3)} ${text}`;
    if (this.#lines.length < this.#linesMax) {
      this.#lines.push(line);
      return;
    }
    this.#lines[this.#next] = line;
    this.#next = (this.#next + 1) % this.#linesMax;
  }
}

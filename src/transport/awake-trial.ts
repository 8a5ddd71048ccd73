/**
 * Finds out whether staying awake for the next frame pays: for some blocks of frames it is done, for as many it
 * is not, and what was quicker by the median block stays for a while. One late frame spoils one block only.
 *
 * Blocks go in pairs, and a lot says which of the two comes first: the peer may be at a trial of its own.
 */
import type { Random } from '../base/random.ts';

const blockFrames = 16;
/** Of each kind. */
const blocks = 8;
/** Frames until the next trial, at first; twice as many after each trial that says the same again. */
const settledFramesMin = 4_096;
const settledFramesMax = 65_536;
/** It has to be worth its processor time. */
const gainMin = 0.1;

export class AwakeTrial {
  readonly #random: Random;
  /** Whether to stay awake now: as the trial goes, or as it was settled. */
  isWanted = false;
  /** Bytes a millisecond, of each block: many small frames are no gain on few large ones. */
  #awake: number[] = [];
  #asleep: number[] = [];
  #bytes = 0;
  #ms = 0;
  #isSettled = false;
  #framesLeft = blockFrames;
  #settledFrames = settledFramesMin;
  /** What the trial before gave. */
  #before: boolean | undefined;

  constructor(random: Random) {
    this.#random = random;
    this.isWanted = this.#isAwakeFirst();
  }

  /** A frame has come, so long after the one before. */
  count(bytes: number, ms: number): void {
    this.#bytes += bytes;
    this.#ms += ms;
    if (--this.#framesLeft > 0) return;
    if (this.#isSettled) {
      this.#isSettled = false;
      this.#begin(this.#isAwakeFirst());
    } else {
      this.#endBlock();
    }
  }

  #endBlock(): void {
    const rates = this.isWanted ? this.#awake : this.#asleep;
    rates.push(this.#bytes / Math.max(this.#ms, Number.MIN_VALUE));
    if (this.#asleep.length !== this.#awake.length) this.#begin(!this.isWanted);
    else if (rates.length < blocks) this.#begin(this.#isAwakeFirst());
    else this.#settle();
  }

  #begin(isAwake: boolean): void {
    this.isWanted = isAwake;
    this.#bytes = 0;
    this.#ms = 0;
    this.#framesLeft = blockFrames;
  }

  #settle(): void {
    const isWanted = median(this.#awake) > (1 + gainMin) * median(this.#asleep);
    this.#awake = [];
    this.#asleep = [];
    const isSame = isWanted === this.#before;
    this.#settledFrames = isSame
      ? Math.min(2 * this.#settledFrames, settledFramesMax)
      : settledFramesMin;
    this.#before = isWanted;
    this.#begin(isWanted);
    this.#framesLeft = this.#settledFrames;
    this.#isSettled = true;
  }

  #isAwakeFirst(): boolean {
    return this.#random.next() < 0.5;
  }
}

function median(rates: number[]): number {
  rates.sort((a, b) => a - b);
  return rates[rates.length >> 1] ?? 0;
}

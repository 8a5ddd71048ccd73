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
/** Frames until the next trial. One of a process that stays awake costs wakings: there are fewer and fewer. */
const asleepFrames = 2_048;
const awakeFramesMin = 4_096;
const awakeFramesMax = 65_536;
/** It has to be worth its processor time. */
const gainMin = 0.1;
/** So much smaller frames may be by chance. */
const smallerMax = 0.2;

/** What came within the blocks of one kind. */
interface Tally {
  /** The time that a frame took, of each block. */
  readonly frameMs: number[];
  bytes: number;
}

export class AwakeTrial {
  readonly #random: Random;
  /** Whether to stay awake now: as the trial goes, or as it was settled. */
  isWanted: boolean;
  #awake: Tally = { frameMs: [], bytes: 0 };
  #asleep: Tally = { frameMs: [], bytes: 0 };
  #ms = 0;
  #isSettled = false;
  #framesLeft = blockFrames;
  #awakeFrames = awakeFramesMin;

  constructor(random: Random) {
    this.#random = random;
    this.isWanted = this.#isAwakeFirst();
  }

  /** A frame has come, so long after the one before. */
  count(bytes: number, ms: number): void {
    if (!this.#isSettled) this.#tally.bytes += bytes;
    this.#ms += ms;
    if (--this.#framesLeft > 0) return;
    if (this.#isSettled) {
      this.#isSettled = false;
      this.#begin(this.#isAwakeFirst());
    } else {
      this.#endBlock();
    }
  }

  get #tally(): Tally {
    return this.isWanted ? this.#awake : this.#asleep;
  }

  #endBlock(): void {
    const { frameMs } = this.#tally;
    frameMs.push(this.#ms / blockFrames);
    if (this.#asleep.frameMs.length !== this.#awake.frameMs.length) this.#begin(!this.isWanted);
    else if (frameMs.length < blocks) this.#begin(this.#isAwakeFirst());
    else this.#settle();
  }

  #begin(isAwake: boolean): void {
    this.isWanted = isAwake;
    this.#ms = 0;
    this.#framesLeft = blockFrames;
  }

  #settle(): void {
    const isWanted = this.#gain() > 1 + gainMin;
    this.#awake = { frameMs: [], bytes: 0 };
    this.#asleep = { frameMs: [], bytes: 0 };
    this.#begin(isWanted);
    this.#framesLeft = isWanted ? this.#awakeFrames : asleepFrames;
    this.#awakeFrames = isWanted ? Math.min(2 * this.#awakeFrames, awakeFramesMax) : awakeFramesMin;
    this.#isSettled = true;
  }

  /** By how much more comes in a millisecond: many small frames are no gain on few large ones. */
  #gain(): number {
    const frames = median(this.#asleep.frameMs) / median(this.#awake.frameMs);
    const bytes = this.#awake.bytes / Math.max(1, this.#asleep.bytes) / (1 - smallerMax);
    return frames * Math.min(1, bytes);
  }

  #isAwakeFirst(): boolean {
    return this.#random.next() < 0.5;
  }
}

function median(each: number[]): number {
  each.sort((a, b) => a - b);
  return Math.max(each[each.length >> 1] ?? 0, Number.MIN_VALUE);
}

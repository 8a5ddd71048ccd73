/**
 * Timer, stickiness and tally of elections.
 *
 * A voter that heard from a leader less than `electionMinMs` ago gives no vote and no pre-vote, unless
 * that leader itself asked for the election. Leases rest on this: a leader that a majority heard at some
 * time has no successor until `electionMinMs` after it.
 */
import type { MemberId } from '../base/ids.ts';
import type { RaftConfig } from '../wire/consensus-messages.ts';
import { isVoter, majorityOf } from './config.ts';
import type { RaftOptions } from './raft-options.ts';

/** In election timeouts: the voters have had their chance several times over. */
const forsakenAfter = 4;

export class Election {
  readonly #options: RaftOptions;
  readonly #granted = new Set<MemberId>();
  #dueAt = Number.NEGATIVE_INFINITY;
  #heardAt = Number.NEGATIVE_INFINITY;
  #isArmed = false;

  constructor(options: RaftOptions) {
    this.#options = options;
  }

  /** Whether the timer has run out. The first question starts it. */
  isDue(nowMs: number): boolean {
    if (!this.#isArmed) this.arm(nowMs);
    return nowMs >= this.#dueAt;
  }

  arm(nowMs: number): void {
    const { electionMinMs, electionMaxMs, random } = this.#options;
    this.#isArmed = true;
    this.#dueAt = nowMs + electionMinMs + random.next() * (electionMaxMs - electionMinMs);
  }

  /** A leader of the present term has shown itself. */
  heardLeader(nowMs: number): void {
    this.#heardAt = nowMs;
    this.arm(nowMs);
  }

  /** Whether this member still holds on to a leader. */
  isHolding(nowMs: number): boolean {
    return nowMs - this.#heardAt < this.#options.electionMinMs;
  }

  /** Whether no leader has shown itself for so long that the voters seem unable to make one. */
  isForsaken(nowMs: number): boolean {
    return nowMs - this.#heardAt > forsakenAfter * this.#options.electionMaxMs;
  }

  /** A stalled loop has read nobody's messages: the silence was its own. */
  isStalled(stallMs: number): boolean {
    return stallMs > this.#options.electionMinMs / 2;
  }

  beginTally(): void {
    this.#granted.clear();
  }

  /** Notes a vote, and whether it makes a majority. */
  count(from: MemberId, config: RaftConfig): boolean {
    if (isVoter(config, from)) this.#granted.add(from);
    let votes = 0;
    for (const voter of config.voters) if (this.#granted.has(voter)) votes++;
    return config.voters.length > 0 && votes >= majorityOf(config);
  }
}

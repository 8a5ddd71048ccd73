/** Which values a key may have after a merge, as the policies are promised. */
import type { How } from './calling.ts';
import { type Deed, type Round, sideOf } from './fork-round.ts';

export interface Write extends Deed {
  readonly key: string;
  readonly value: number;
  readonly how: Exclude<How, 'failed'>;
  readonly endedAt: number;
}

export interface Allowed {
  readonly values: ReadonlySet<number>;
  readonly why: string;
  /** Whether both sides wrote it. */
  readonly isContested: boolean;
}

/** By so much the clocks of two lineages may differ. */
const skewMs = 7_000;

export interface MergeRules {
  readonly policy: string;
  /** The winner had lost the partition: what comes is a matter of no policy. */
  readonly isAdopted: boolean;
}

export function allowedValues(round: Round, rules: MergeRules, writes: readonly Write[]): Allowed {
  const { winner, cutAt, aloneAt } = round;
  const isWinners = (write: Write) => sideOf(round, write) === winner;
  const isLoser = (write: Write) => !isWinners(write) && write.endedAt >= cutAt;
  const theirs = writes.filter((write) => isLoser(write) && write.begunAt >= cutAt);
  const mine = writes.filter((write) => !isLoser(write));
  const mineSince = mine.filter((write) => write.begunAt >= cutAt && isWinners(write));
  // What was on its way at the cut, or at the fork, may be on either side, or on both.
  const either = writes.filter(
    ({ how, begunAt, endedAt }) =>
      endedAt >= cutAt && begunAt < (how === 'unknown' ? aloneAt : cutAt),
  );
  const verdict = verdictOf(round, rules, mineSince, theirs);
  const possible = {
    mine: [...lastOf(mine), ...either],
    theirs: [...lastOf(theirs), ...either],
    any: [...lastOf(mine), ...lastOf(theirs), ...either],
  }[verdict];
  const isContested = mineSince.some(isDone) && theirs.some(isDone);
  return {
    values: new Set(possible.map(({ value }) => value)),
    why: `${rules.policy} ${verdict}`,
    isContested,
  };
}

type Verdict = 'mine' | 'theirs' | 'any';

function verdictOf(
  round: Round,
  { policy, isAdopted }: MergeRules,
  mine: readonly Write[],
  theirs: readonly Write[],
): Verdict {
  // Nothing is brought, or something was written since.
  const isDiscarded = policy === 'discard' && !isAdopted;
  if (isDiscarded || mine.some((write) => isDone(write) && write.begunAt > round.doneAt))
    return 'mine';
  // A copy that was taken over may be older than what the others wrote since, which is discarded.
  if (!isTold(round, theirs) || policy === 'discard') return 'any';
  if (mine.length === 0) return 'theirs';
  if (policy === 'putIfAbsent' && mine.some(isDone)) return 'mine';
  // What has no known end may take effect at any time after.
  if (!mine.every(isDone)) return 'any';
  if (policy === 'passThrough' && mine.every(({ endedAt }) => endedAt < round.healAt))
    return 'theirs';
  return policy === 'latestUpdate' ? laterOf(mine, theirs) : 'any';
}

/** Whether the other side did something for sure, and is known to have brought it as its own. */
function isTold({ isMissing, orphans }: Round, theirs: readonly Write[]): boolean {
  return theirs.some(isDone) && !isMissing && !theirs.some(({ by }) => orphans.has(by));
}

function laterOf(mine: readonly Write[], theirs: readonly Write[]): Verdict {
  const [myLast, theirLast] = [lastOf(mine), lastOf(theirs)];
  if (isBefore(myLast, theirLast)) return 'theirs';
  return isBefore(theirLast, myLast) ? 'mine' : 'any';
}

function isBefore(some: readonly Write[], others: readonly Write[]): boolean {
  if (!some.every(isDone)) return false;
  const ended = Math.max(...some.map(({ endedAt }) => endedAt));
  return ended + skewMs < Math.min(...others.map(({ begunAt }) => begunAt));
}

const isDone = ({ how }: Write) => how === 'ok';

/** Those of one history that nothing has overwritten for sure. */
function lastOf(writes: readonly Write[]): Write[] {
  const done = writes.filter(isDone);
  return writes.filter(
    (write) => write.how !== 'ok' || !done.some(({ begunAt }) => begunAt > write.endedAt),
  );
}

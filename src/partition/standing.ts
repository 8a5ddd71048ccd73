/**
 * How a lineage stands against another one of the same cluster: which of the two ends when they meet.
 *
 * Rules (PROTOCOL.md 2.2, 2.8)
 * 1. One that nobody leads ends before one that is led.
 * 2. Of one cluster: the one that has lost more partitions ends, since what it would be given back had to be
 *    missed meanwhile; then the one with fewer serving data members; of equally many the one with more forks
 *    behind it, and of these the one with the larger id.
 * 3. Of clusters that were formed apart the one without any structure ends, by rule 2 where both are so. Where
 *    both hold something they stay apart, for nobody said that they belong together.
 */
import type { MetaStanding } from '../wire/meta-messages.ts';

/** What is compared of a lineage. */
export type Standing = Omit<MetaStanding, 'kind' | 'speaker'>;

export type Verdict = 'mine-ends' | 'theirs-ends' | 'apart';

export function judged(mine: Standing, theirs: Standing): Verdict {
  if (mine.partitions !== theirs.partitions) return 'apart';
  const isOneCluster = mine.cluster === theirs.cluster;
  if (!isOneCluster && !mine.isEmpty && !theirs.isEmpty) return 'apart';
  // The first that tells them apart decides; the larger stays.
  const reasons = [
    isOneCluster ? 0 : Number(theirs.isEmpty) - Number(mine.isEmpty),
    Number(mine.isLed) - Number(theirs.isLed),
    theirs.lost - mine.lost,
    mine.members - theirs.members,
    theirs.forks - mine.forks,
    mine.lineage < theirs.lineage ? 1 : -1,
  ];
  const decisive = reasons.find((reason) => reason !== 0) ?? 0;
  return decisive > 0 ? 'theirs-ends' : 'mine-ends';
}

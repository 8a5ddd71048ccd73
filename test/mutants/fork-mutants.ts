/** Rules of forks and merges taken out (PROTOCOL.md 2.8, rules 0.5 and 0.11). */
import { inForks, inTest, type Mutant } from './mutant.ts';

const forkWatch = 'src/partition/fork-watch.ts';
const merges = 'src/partition/merges.ts';
const merger = 'src/member/merger.ts';
const history = 'src/member/common-history.ts';
const partings = 'src/partition/parting.ts';
const succession = 'src/partition/succession.ts';
const mapMerge = 'src/structures/map/map-merge.ts';
const mapKept = 'src/structures/map/map-kept.ts';
const queueMerge = 'src/structures/queue/queue-merge.ts';
const topicMerge = 'src/structures/topic/topic-merge.ts';
const inheritance = 'src/member/inheritance.ts';
const mergers = 'member/merger';
const histories = 'member/common-history';
const untold = 'scenario/untold';
const stores = 'structures/merging';

export const forkMutants: readonly Mutant[] = [
  {
    name: 'somebody’s word that the others are gone counts though a majority is seen',
    edits: [
      {
        file: forkWatch,
        from: 'if (this.#seesMajority(config.voters)) {',
        to: 'if (config.voters.length === 0) {',
      },
    ],
    checks: [inTest('partition/fork-watch', 'takes no such word while a majority is there')],
  },
  {
    name: 'somebody’s word that the others are gone outlives their return',
    edits: [
      {
        file: forkWatch,
        from: 'if (view.voidSince === undefined) this.#isTold = false;',
        to: '',
      },
    ],
    checks: [inTest('partition/fork-watch', 'takes no such word while a majority is there')],
  },
  {
    name: 'the winner keeps its ranks, so that fences of the losing side outrank its own',
    edits: [
      {
        file: 'src/partition/meta-machine.ts',
        from: 'this.#setRow(partition, withRank(row, next.rank))',
        to: 'this.#setRow(partition, withRank(row, 0 * next.rank))',
      },
      {
        file: 'src/structures/merging.ts',
        from: 'if (context.sequence >= floor) return;',
        to: 'return;',
      },
    ],
    checks: [inForks(2), inTest('partition/merges', 'ranks all its partitions above both')],
  },
  {
    name: 'what begins after a merge begins below it, and is never let in',
    edits: [
      {
        file: 'src/partition/meta-machine.ts',
        from: 'unbornRow(historyRank(this))',
        to: 'unbornRow(0)',
      },
    ],
    checks: [inTest('partition/merges', 'begins what is new there above both')],
  },
  {
    name: 'who hears that another has gone on already goes on alone as well',
    edits: [
      {
        file: 'src/partition/fork-watch.ts',
        from: 'this.#hasMissed(view, nowMs, this.#goingOverMs(nowMs), since)',
        to: 'this.#hasMissed(view, nowMs, 0, since)',
      },
    ],
    checks: [
      inTest('partition/fork-watch', 'waits to be taken in where another has gone on already'),
      inTest('scenario/forks', 'does so as one lineage'),
    ],
  },
  {
    name: 'one of two voters that are about to be three goes on alone',
    edits: [
      {
        file: 'src/partition/fork-watch.ts',
        from: 'voters.length === 2 && [...members.values()]',
        to: 'voters.length === 0 && [...members.values()]',
      },
    ],
    checks: [inTest('partition/fork-watch', 'where two voters are about to be three')],
  },
  {
    name: 'voters that hear each other wait for ever, though they are too few to decide',
    edits: [
      {
        file: 'src/partition/fork-watch.ts',
        from: 'Math.floor(voters.length / 2) + 1 - own',
        to: '1',
      },
    ],
    checks: [inTest('partition/fork-watch', 'is so for voters that hear each other')],
  },
  {
    name: 'who has heard the one that was to go on alone does so itself at once',
    edits: [
      {
        file: 'src/partition/fork-watch.ts',
        from: 'Math.max(voidSince, heardAt, this.#quietSince(voters))',
        to: 'Math.max(voidSince, this.#quietSince(voters))',
      },
    ],
    checks: [inTest('partition/fork-watch', 'is so for voters that hear each other')],
  },
  {
    name: 'a fork does not raise the ranks',
    edits: [
      {
        file: 'src/partition/fork.ts',
        from: 'const rank = highestRank(state) + 1;',
        to: 'const rank = highestRank(state);',
      },
    ],
    checks: [inForks(2), inTest('partition/fork', 'ranks above everything that was known')],
  },
  {
    name: 'a survivor takes along more than was committed as what both have',
    edits: [
      {
        file: 'src/partition/replica.ts',
        from: 'const last = this.#primary === undefined ? log.last : commit;',
        to: 'const last = Math.max(commit, log.last);',
      },
    ],
    checks: [inTest('partition/replica', 'has of a primary what was committed in common')],
  },
  {
    name: 'the losing side goes on serving when the other has taken it in',
    edits: [
      {
        file: succession,
        from: 'if (this.#mayGo(raft, nowMs)) actions.yield(state.yields);',
        to: 'if (nowMs < 0) actions.yield(state.yields);',
      },
      {
        file: 'src/partition/meta-group.ts',
        from: 'if (this.#machine.yields !== undefined) return;',
        to: '',
      },
    ],
    checks: [inForks(1), inTest('partition/succession')],
  },
  {
    name: 'a leader ends before the others know that the lineage has',
    edits: [
      {
        file: succession,
        from: "if (raft.role !== 'leader' || nowMs - at >= 2 * timings.leaseMs) return true;",
        to: 'if (nowMs - at >= 0) return true;',
      },
    ],
    checks: [inTest('partition/succession', 'comes for the leader when the others know of it')],
  },
  {
    name: 'what was changed on the losing side is brought in part',
    edits: [
      {
        file: mapMerge,
        from: 'version > part.after && version <= part.upTo',
        to: 'version > part.after && version <= part.upTo && version % 7 > 0',
      },
    ],
    checks: [inForks(2, 25)],
  },
  {
    name: 'a key that only the losing side has written is left to the policy',
    edits: [{ file: mapMerge, from: 'return version <= common || wins(', to: 'return wins(' }],
    checks: [inTest(stores, 'is asked for its policy only where both have written'), inForks(8)],
  },
  {
    name: 'what was written since the two met is replaced',
    edits: [{ file: mapMerge, from: 'if (version >= floor) return false;', to: '' }],
    checks: [inTest(stores, 'replaces nothing that was written since the two met')],
  },
  {
    name: 'the policy lets in what it is to keep out',
    edits: [
      {
        file: mapMerge,
        from: "    case 'putIfAbsent':\n    case 'discard':\n      return false;",
        to: "    case 'putIfAbsent':\n      return true;\n    case 'discard':\n      return false;",
      },
    ],
    checks: [inTest(stores, 'is asked for its policy only where both have written')],
  },
  {
    name: 'deletes and takes of the losing side are forgotten',
    edits: [
      {
        file: history,
        from: 'parting !== undefined && this.#contentParting(partition) !== undefined',
        to: 'parting === null',
      },
    ],
    checks: [inForks(3), inTest(mergers, 'tells what it still has of what both had')],
  },
  {
    name: 'what was lost on the losing side is taken for deleted',
    edits: [
      {
        file: history,
        from: 'parting !== undefined && this.#contentParting(partition) !== undefined',
        to: 'parting !== undefined',
      },
    ],
    checks: [inTest(mergers, 'but not of a content that was lost meanwhile')],
  },
  {
    name: 'what the winner has lost counts as what both have',
    edits: [
      {
        file: history,
        from: 'partingOf(lineOf(lineage, partition), whole)',
        to: 'partingOf(commonLine(lineage, partition), whole)',
      },
    ],
    checks: [
      inTest(histories, 'is nothing of a partition that the one that stays has lost since'),
      inTest('scenario/lost-partitions', 'are brought whole to the other'),
    ],
  },
  {
    name: 'what the winner has lost is left to the policy',
    edits: [{ file: mapMerge, from: 'if (common === allLost) return ref === 0;', to: '' }],
    checks: [
      inTest(stores, 'is asked for no policy where the other has lost what both had'),
      inTest('scenario/lost-partitions', 'are brought with a policy that discards'),
    ],
  },
  {
    name: 'two members of a lineage bring the same copy',
    edits: [
      {
        file: history,
        from: 'version <= this.#brought.upToOfSame(partition) || ',
        to: '',
      },
    ],
    checks: [inTest(histories, 'is all that another member of the same lineage has brought')],
  },
  {
    name: 'a partition whose holders are away is taken for one that is there',
    edits: [
      {
        file: history,
        from: 'return inSync?.every((id) => isAway(this.#winner, id)) ?? false;',
        to: 'return rowOf(this.#winner, partition)?.primary === undefined;',
      },
    ],
    checks: [inTest(mergers, 'waits where whoever has a partition is away')],
  },
  {
    name: 'what the winner has written is deleted with what the losing side deleted',
    edits: [{ file: mapKept, from: 'table.version(ref) > common) return;', to: 'false) return;' }],
    checks: [inForks(2), inTest(stores, 'is removed from the other, where that has left it alone')],
  },
  {
    name: 'items that both sides have are brought again',
    edits: [
      {
        file: queueMerge,
        from: 'numbers.filter((number) => number > after)',
        to: 'numbers',
      },
      { file: queueMerge, from: '(this.#own[from] as number) <= after', to: 'false' },
    ],
    checks: [inForks(7), inTest('scenario/merges', 'append what was pushed and published since')],
  },
  {
    name: 'messages that stand at numbers of the other side are left out',
    edits: [
      {
        file: topicMerge,
        from: 'number < own && hasBoth(log, number, value)',
        to: 'number < own',
      },
    ],
    checks: [inTest(stores, 'brings what stands at a number')],
  },
  {
    name: 'an item that may have arrived is brought again',
    edits: [
      {
        file: merger,
        from: "error.outcome === 'unknown' && task.offer?.isRepeatable === false",
        to: "error.outcome === 'unknown' && task.at < 0",
      },
    ],
    checks: [inTest(mergers, 'never appends it again')],
  },
  {
    name: 'the next identity brings everything anew',
    edits: [
      {
        file: 'src/member/merge-task.ts',
        from: 'progress?.places.get(placeName({ row, partition }))',
        to: 'progress?.places.get(String(row.id))',
      },
    ],
    checks: [inTest(mergers, 'goes on where it was under its next identity')],
  },
  {
    name: 'a fork brings again what its lineage has brought',
    edits: [
      {
        file: history,
        from: 'theirsFrom(parting), theirsFrom(other)',
        to: 'theirsFrom(parting ?? other)',
      },
    ],
    checks: [inTest(mergers, 'brings of a partition that was brought before it came to a fork')],
  },
  {
    name: 'a fork keeps items and messages that it had told nobody of',
    edits: [{ file: inheritance, from: 'content.takeBack(untold);', to: '' }],
    checks: [inTest(untold, 'stands in a topic and a queue once')],
  },
  {
    name: 'a fork takes back a push that had waited since before',
    edits: [
      {
        file: 'src/structures/queue/queue-records.ts',
        from: 'if (kind === kinds.item && !admitted.has(number))',
        to: 'if (kind === kinds.item)',
      },
    ],
    checks: [inTest('structures/taking-back', 'keeps what had waited for room before')],
  },
  {
    name: 'a topic does not retain again what those had pushed out that it takes back',
    edits: [
      {
        file: 'src/structures/topic/topic-log.ts',
        from: 'retained: kept, last: number - 1',
        to: 'retained: Math.min(this.#head.retained, number), last: number - 1',
      },
    ],
    checks: [inTest('structures/taking-back', 'retains as many as it may again')],
  },
  {
    name: 'what a fork that stays had told nobody of counts as written by it',
    edits: [
      {
        file: partings,
        from: 'ownFrom(parting.commonUpTo, parting.mine)',
        to: 'ownFrom(parting.commonUpTo, undefined)',
      },
    ],
    checks: [inForks(34), inTest(untold, 'does not come back where it was deleted')],
  },
  {
    name: 'what a fork that ends had told nobody of counts as written by it',
    edits: [
      {
        file: partings,
        from: 'ownFrom(parting.commonUpTo, parting.theirs)',
        to: 'ownFrom(parting.commonUpTo, undefined)',
      },
    ],
    checks: [inTest(untold, 'is no reason to ask a policy')],
  },
  {
    name: 'what a fork had told nobody of is left out though the other took less along',
    edits: [{ file: partings, from: 'step.left > 0 && step.left <= common', to: 'step.left > 0' }],
    checks: [
      inTest(histories, 'is not all that a fork had told nobody of'),
      inTest(mergers, 'brings all that it has to a fork that took less along'),
    ],
  },
  {
    name: 'items are named by the rank that a partition has now',
    edits: [
      { file: history, from: 'if (this.#merge !== undefined) return this.#merge.rank;', to: '' },
    ],
    checks: [inTest(mergers, 'names the rank of its own merge')],
  },
  {
    name: 'a policy is asked again where its write has arrived',
    edits: [
      {
        file: 'src/member/custom-merge.ts',
        from: "if (error.outcome === 'unknown') this.#uncertain = wish;",
        to: '',
      },
    ],
    checks: [inTest('member/custom-merge', 'is not asked again where its write arrived')],
  },
  {
    name: 'a partition comes back for a lineage that has brought everything',
    edits: [
      {
        file: merges,
        from: 'merge.lineage === lineage && merge.open.length > 0',
        to: 'merge.lineage === lineage',
      },
    ],
    checks: [inTest('partition/merges', 'has lost partitions come back only')],
  },
];

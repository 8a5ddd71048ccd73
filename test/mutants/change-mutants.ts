/**
 * Rules of how a grid changes taken out: which of two clusters stays, who is appointed, who votes, and which version
 * is spoken.
 */
import { inTest, type Mutant } from './mutant.ts';

const voters = 'src/partition/voters.ts';
const dialect = 'src/partition/dialect.ts';
const metaGroup = 'src/partition/meta-group.ts';
const metaMachine = 'src/partition/meta-machine.ts';
const growth = 'scenario/voters';
const versions = 'scenario/versions';

const voterMutants: readonly Mutant[] = [
  {
    name: 'one voter becomes three over two',
    edits: [
      {
        file: voters,
        from: "if (voters.length > 1 || target === 1) return { kind: 'promote', member: first };",
        to: "if (voters.length > 0) return { kind: 'promote', member: first };",
      },
    ],
    checks: [inTest(growth, 'has one voter or three at any time')],
  },
  {
    name: 'one becomes three by the word of one that does not vote',
    edits: [{ file: voters, from: '!voters.includes(leader)', to: 'false' }],
    checks: [inTest('partition/voters', 'become three only by the word of the one that votes')],
  },
  {
    name: 'two learners get votes beside several voters',
    edits: [{ file: 'src/consensus/config.ts', from: 'voters.length !== 1 || ', to: '' }],
    checks: [inTest('consensus/raft-changes', 'is taken by the only voter alone')],
  },
  {
    name: 'two learners get votes unheard',
    edits: [
      {
        file: 'src/consensus/leadership.ts',
        from: '(id) => this.#isFitToVote(id, nowMs) && this.#hasAnswered(id, nowMs),',
        to: '(id) => this.#isFitToVote(id, nowMs),',
      },
    ],
    checks: [inTest('consensus/raft-changes', 'is taken by the only voter alone')],
  },
  {
    name: 'who leaves gives its vote up before what it holds',
    edits: [{ file: voters, from: '[...gone, ...relieved]', to: '[...gone, ...leaving]' }],
    checks: [inTest(growth, 'while the third hands over, with consistency')],
  },
  {
    name: 'the only voter that leaves keeps its vote until it has handed over',
    edits: [{ file: voters, from: 'voters.length < 3 || ', to: '' }],
    checks: [inTest('partition/voters', 'pass the only vote on at once')],
  },
  {
    name: 'the step after a change of voters waits for a tick',
    edits: [{ file: metaGroup, from: '      this.#followUp(nowMs);\n', to: '' }],
    checks: [inTest(growth, 'has two voters for no longer than it takes to say so')],
  },
];

const versionMutants: readonly Mutant[] = [
  {
    name: 'what others want committed waits for no version',
    edits: [
      {
        file: 'src/partition/motions.ts',
        from: "if (refusal !== '') {",
        to: "if (refusal === 'never') {",
      },
    ],
    checks: [inTest(versions, 'work together, and the older get no command')],
  },
  {
    name: 'what the leader does by itself waits for no version',
    edits: [
      {
        file: metaGroup,
        from: "    if (refusalOf(command, this.#dialect, this.#machine) !== '') return 0;\n",
        to: '',
      },
    ],
    checks: [inTest(versions, 'get nothing of what the leader would do by itself')],
  },
  {
    name: 'who does not speak the version of the cluster is taken in',
    edits: [{ file: metaMachine, from: "if (objection !== '') return objection;", to: '' }],
    checks: [inTest(versions, 'are not joined by one of the version before')],
  },
  {
    name: 'who is too new for the cluster is taken in',
    edits: [
      {
        file: dialect,
        from: 'if (protocol >= spoken && protocolMin <= spoken)',
        to: 'if (protocol >= spoken)',
      },
    ],
    checks: [inTest('partition/dialect', 'takes nobody in who does not speak it')],
  },
  {
    name: 'a cluster begins with the highest version of its first member',
    edits: [
      {
        file: metaGroup,
        from: 'const protocol = this.#dialect.protocolMin;',
        to: 'const protocol = this.#dialect.protocol;',
      },
    ],
    checks: [inTest(versions, 'are not joined by one of the version before')],
  },
  {
    name: 'the version of a cluster rises whatever its members speak',
    edits: [
      { file: metaMachine, from: 'if (highestCommon(this) < protocol)', to: 'if (protocol < 0)' },
    ],
    checks: [inTest('partition/dialect', 'rises by a command')],
  },
  {
    name: 'the version of a cluster rises at once',
    edits: [
      {
        file: dialect,
        from: 'protocol > state.protocol && isCalm ?',
        to: 'protocol > state.protocol ?',
      },
    ],
    checks: [inTest('partition/dialect', 'waits for half a minute')],
  },
  {
    name: 'a snapshot forgets the version of the cluster',
    edits: [
      {
        file: 'src/partition/meta-codec.ts',
        from: 'protocol: snapshot.protocol,',
        to: 'protocol: 1,',
      },
    ],
    checks: [inTest('partition/dialect', 'rises by a command')],
  },
];

const standing = 'src/partition/standing.ts';
const clusters = 'scenario/two-clusters';

const formationMutants: readonly Mutant[] = [
  {
    name: 'a cluster that was formed apart and holds nothing stays',
    edits: [
      {
        file: standing,
        from: 'if (!isOneCluster && !mine.isEmpty && !theirs.isEmpty)',
        to: 'if (!isOneCluster)',
      },
    ],
    checks: [inTest(clusters, 'become one when they meet')],
  },
  {
    name: 'clusters that were formed apart and hold something are merged in silence',
    edits: [
      {
        file: standing,
        from: 'if (!isOneCluster && !mine.isEmpty && !theirs.isEmpty)',
        to: 'if (mine.members < 0)',
      },
    ],
    checks: [inTest(clusters, 'stay apart where both hold something')],
  },
];

const tableMutants: readonly Mutant[] = [
  {
    name: 'nobody is appointed where a member changes',
    edits: [
      {
        file: 'src/partition/meta-rows.ts',
        from: "type === 'handover';",
        to: "type === 'handover' || type === 'status';",
      },
    ],
    checks: [inTest('partition/meta-machine', 'leaves no partition without a primary')],
  },
];

export const changeMutants: readonly Mutant[] = [
  ...formationMutants,
  ...tableMutants,
  ...voterMutants,
  ...versionMutants,
];

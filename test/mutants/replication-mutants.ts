/** Rules of replication taken out: who acknowledges, who is fenced, who is in sync (PROTOCOL.md 2.4 to 2.6). */
import { inGrid, inTest, type Mutant } from './mutant.ts';

const syncSet = 'src/partition/sync-set.ts';
const promotion = 'src/partition/promotion.ts';
const primary = 'src/partition/primary.ts';
const backup = 'src/partition/backup.ts';
const replica = 'src/partition/replica.ts';
const replicas = 'partition/replica';
const aimed = 'mutants/aimed';

export const replicationMutants: readonly Mutant[] = [
  {
    name: 'a primary acknowledges before its backups have it',
    edits: [{ file: syncSet, from: 'if (acked < confirmed) confirmed = acked;', to: '' }],
    checks: [inGrid(2), inTest(replicas, 'answers a write only when every member in sync has it')],
  },
  {
    name: 'a promotion fences nobody: a copy goes on with whoever it followed',
    edits: [
      {
        file: backup,
        from: 'state.term = message.term;\n    state.streamTerm = message.term;\n    state.stream = message.stream;\n    const',
        to: 'const',
      },
      {
        file: backup,
        from: 'term === this.#state.term && term === this.#state.streamTerm && stream === this.#state.stream',
        to: 'term >= 0 && stream >= 0',
      },
      { file: replica, from: 'if (message.term < this.#state.term) return;', to: '' },
    ],
    checks: [inTest(replicas, 'fences its predecessor'), inGrid(1)],
  },
  {
    name: 'a promotion does not wait for all who are in sync',
    edits: [
      {
        file: promotion,
        from: 'if (last === undefined || last > log.last) return undefined;',
        to: 'if (last !== undefined && last > log.last) return undefined;',
      },
      {
        file: promotion,
        from: 'if (last === undefined) return undefined;',
        to: 'if (last === undefined) continue;',
      },
      {
        file: promotion,
        from: 'const from = last as Sequence;',
        to: 'const from = last ?? log.last;',
      },
    ],
    checks: [inGrid(5), inTest(replicas, 'waits for every member in sync')],
  },
  {
    name: 'a promotion pulls no tail',
    edits: [
      {
        file: promotion,
        from: 'if (last === undefined || last > log.last) return undefined;',
        to: 'if (last === undefined) return undefined;',
      },
      {
        file: promotion,
        from: 'const from = last as Sequence;',
        to: 'const from = Math.min(last ?? 0, log.last) as Sequence;',
      },
    ],
    checks: [inGrid(5), inTest(replicas, 'takes the longest log')],
  },
  {
    name: 'a primary serves before what its predecessor left is committed',
    edits: [
      {
        file: primary,
        from: "if (this.#state.commit < this.#servesFrom) return 'not-ready';",
        to: '',
      },
      {
        file: primary,
        from: 'return this.#state.commit >= this.#servesFrom && !this.#sync.isDraining;',
        to: 'return !this.#sync.isDraining;',
      },
    ],
    checks: [inTest(replicas, 'does not serve before the tail'), inGrid(1)],
  },
  {
    name: 'a read sees what is not committed',
    edits: [{ file: primary, from: 'if (needs <= this.#state.commit) {', to: 'if (needs >= 0) {' }],
    checks: [inGrid(5), inTest(replicas, 'one of an unconfirmed key with its write')],
  },
  {
    name: 'a primary acts on a shrink before its commit',
    edits: [
      {
        file: syncSet,
        from: "this.#tellStep('shrink');",
        to: 'this.#ackers = this.#ackers.filter(({ id }) => id !== victim);',
      },
    ],
    checks: [inGrid(2), inTest(replicas, 'only the committed row lets its ack go')],
  },
  {
    name: 'a learner is added before it has caught up',
    edits: [
      {
        file: syncSet,
        from: 'if (!this.#peers.get(learner)?.isCaughtUp) return;',
        to: 'if (!this.#peers.has(learner)) return;',
      },
    ],
    checks: [inTest(replicas, 'does not propose a learner before its copy is whole'), inGrid(2)],
  },
  {
    name: 'no maximal in-sync set: a proposed learner need not confirm',
    edits: [{ file: syncSet, from: 'this.#addAcker(learner);', to: '' }],
    checks: [
      inTest(aimed, 'acknowledges nothing that a proposed learner lacks'),
      inTest(replicas, 'which then has to confirm before it is in'),
    ],
  },
  {
    name: 'no stream in acknowledgements: those of an earlier stream count',
    edits: [
      {
        file: syncSet,
        from: 'if (peer === undefined || peer.stream !== message.stream) return false;',
        to: 'if (peer === undefined) return false;',
      },
    ],
    checks: [
      inTest(aimed, 'takes no copy for whole by an acknowledgement'),
      inTest(replicas, 'ignores acknowledgements of another stream'),
    ],
  },
  {
    name: 'a stream is kept over an eviction',
    edits: [
      {
        file: syncSet,
        from: 'if (!row.inSync.includes(id) && !staysLearner) this.#peers.delete(id);',
        to: 'if (!staysLearner && id === this.#state.options.self) this.#peers.delete(id);',
      },
    ],
    checks: [inTest(aimed, 'gives who was in sync before, and comes back, a copy of its own')],
  },
  {
    name: 'a learner’s stream outlives versions that nobody here saw',
    edits: [
      {
        file: syncSet,
        from: 'const staysLearner = isNext && id === row.learner',
        to: 'const staysLearner = (isNext || true) && id === row.learner',
      },
    ],
    checks: [
      inTest(replicas, 'begins a learner’s copy anew where versions of the row were skipped'),
      inGrid(1),
    ],
  },
  {
    name: 'a backup listens to any stream of the term',
    edits: [
      {
        file: backup,
        from: 'term === this.#state.term && term === this.#state.streamTerm && stream === this.#state.stream',
        to: 'term === this.#state.term && term === this.#state.streamTerm && stream >= 0',
      },
    ],
    checks: [inTest(replicas, 'takes no chunk of a copy that has begun anew since'), inGrid(1)],
  },
  {
    name: 'a copy that is not whole answers a fence',
    edits: [
      {
        file: backup,
        from: 'if (!state.isWhole || state.generation !== message.generation) return;',
        to: '',
      },
    ],
    checks: [inTest(replicas, 'answers no fence while its content is not whole'), inGrid(1)],
  },
  {
    name: 'a term may fall',
    edits: [
      { file: replica, from: 'if (message.term < this.#state.term) return;', to: '' },
      { file: replica, from: 'if (message.term === this.#state.term) return;', to: '' },
    ],
    checks: [inTest(replicas, 'is not ended by the late fence of an earlier one'), inGrid(1)],
  },
  {
    name: 'a backup that is silent for its primary alone is never pruned',
    edits: [
      {
        file: syncSet,
        from: 'return nowMs - lagsSince > timings.writeStallMaxMs || surroundings.isRefused(id);',
        to: 'return surroundings.isRefused(id);',
      },
    ],
    checks: [inGrid(22), inTest(replicas, 'waits for a silent peer for two seconds')],
  },
  {
    name: 'a learner that gets nowhere is never given up',
    edits: [
      {
        file: syncSet,
        from: 'return nowMs - this.#copyHeardAt > this.#state.options.timings.copyStallMaxMs;',
        to: 'return false;',
      },
    ],
    checks: [inTest(replicas, 'gives a learner up that gets nowhere'), inGrid(1)],
  },
  {
    name: 'a write is taken with fewer copies in sync than `minInSync`',
    edits: [
      {
        file: primary,
        from: 'if (this.#sync.committedSize < this.#state.options.minInSync) {',
        to: 'if (this.#sync.committedSize < 0) {',
      },
      { file: primary, from: 'if (this.#sync.committedSize < options.minInSync) return;', to: '' },
    ],
    checks: [
      inGrid(3),
      inTest(replicas, 'takes and answers no write while fewer are in sync than it needs'),
    ],
  },
  {
    name: 'a primary takes writes however many are unconfirmed',
    edits: [
      {
        file: 'src/partition/primary.ts',
        from: "if (this.#pending.writes >= limits.changesInFlightMax) return 'busy';",
        to: '',
      },
    ],
    checks: [inGrid(3, 25)],
  },
];

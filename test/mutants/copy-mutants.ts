/** Rules of copies and of retries taken out (PROTOCOL.md 2.10, 3.1 to 3.4). */
import { inGrid, inTest, type Mutant } from './mutant.ts';

const backup = 'src/partition/backup.ts';
const peerStream = 'src/partition/peer-stream.ts';
const copyBounds = 'src/partition/arena/copy-bounds.ts';
const copyPace = 'src/partition/copy-pace.ts';
const copyPump = 'src/partition/copy-pump.ts';
const gateway = 'src/member/gateway.ts';
const mapRecords = 'src/structures/map/map-records.ts';
const primary = 'src/partition/primary.ts';
const metaRows = 'src/partition/meta-rows.ts';
const placement = 'src/partition/placement.ts';
const replicas = 'partition/replica';
const aimed = 'mutants/aimed';

export const copyMutants: readonly Mutant[] = [
  {
    name: 'primaries move for balance right after a loss',
    edits: [
      {
        file: placement,
        from: 'if (this.#options.mayMove && this.#levelCopies(layout)) this.#levelPrimaries(layout);',
        to: 'if (!this.#options.mayMove || this.#levelCopies(layout)) this.#levelPrimaries(layout);',
      },
    ],
    checks: [inTest('partition/placement', 'by handovers alone, and only in calm')],
  },
  {
    name: 'the last piece of a copy is skipped',
    edits: [
      {
        file: peerStream,
        from: 'this.#retain(copy, piece);',
        to: 'this.#retain(copy, isStoreRead ? nothing : piece);',
      },
    ],
    checks: [inGrid(2), inTest(replicas, 'copies while writes go on')],
  },
  {
    name: 'changes are dropped during a copy',
    edits: [
      {
        file: backup,
        from: 'if (!state.options.content.apply(entry, nowMs)) {',
        to: 'if (state.isWhole && !state.options.content.apply(entry, nowMs)) {',
      },
    ],
    checks: [inGrid(5), inTest(replicas, 'copies while writes go on')],
  },
  {
    name: 'a chunk is applied at any position of the log',
    edits: [
      {
        file: backup,
        from: 'if (message.chunk !== state.chunks || message.at !== state.log.last) return;',
        to: 'if (message.chunk !== state.chunks) return;',
      },
    ],
    checks: [inTest(replicas, 'applies a chunk only at the position')],
  },
  {
    name: 'chunks are applied in any order',
    edits: [
      {
        file: backup,
        from: 'if (message.chunk !== state.chunks || message.at !== state.log.last) return;',
        to: 'if (message.at !== state.log.last) return;',
      },
    ],
    checks: [inTest(replicas, 'applies no entry that came ahead of a lost chunk')],
  },
  {
    name: 'entries are applied beyond a missing chunk',
    edits: [
      {
        file: backup,
        from: 'if (message.previous > state.log.last || message.chunks > state.chunks) return;',
        to: 'if (message.previous > state.log.last) return;',
      },
    ],
    checks: [inTest(replicas, 'applies no entry that came ahead of a lost chunk'), inGrid(2)],
  },
  {
    name: 'a successor begins copies before what its log still has',
    edits: [
      {
        file: primary,
        from: 'if (state.commit < state.log.floor) state.commit = state.log.floor;',
        to: '',
      },
    ],
    checks: [inTest(replicas, 'goes on from a tail as long as its log')],
  },
  {
    name: 'a retry is applied twice',
    edits: [
      {
        file: primary,
        from: "if (known !== 'new') {",
        to: "if (known !== 'new' && opSequence < 0) {",
      },
    ],
    checks: [inGrid(2), inTest(replicas, 'runs a retried op once')],
  },
  {
    name: 'results of earlier ops are lost in a copy',
    edits: [
      {
        file: backup,
        from: 'state.options.content.dedupe.restore(message.content, nowMs);',
        to: 'state.options.content.dedupe.release();',
      },
    ],
    checks: [
      inTest(aimed, 'executes nothing again for which a copy'),
      inTest(replicas, 'takes the results of earlier ops along with a copy'),
    ],
  },
  {
    name: 'a handover goes to one that is suspended',
    edits: [
      {
        file: metaRows,
        from: "return id !== row.primary && row.inSync.includes(id) && state.members.get(id)?.status === 'up';",
        to: 'return id !== row.primary && row.inSync.includes(id) && state.members.has(id);',
      },
    ],
    checks: [
      inTest(
        'partition/meta-machine',
        'refuses a handover at an old version, or to one that is not up',
      ),
    ],
  },
  {
    name: 'who retires goes while fewer than are wanted would serve without it',
    edits: [
      { file: metaRows, from: 'return !isRetiredTooSoon(state, row, change);', to: 'return true;' },
    ],
    checks: [inTest('partition/meta-machine', 'keeps who retires while fewer than are wanted')],
  },
  {
    name: 'a piece of a copy ends only where a step of its measuring does',
    edits: [
      {
        file: copyBounds,
        from: '} else if (step > 1) {',
        to: '} else if (to === from && step > 1) {',
      },
    ],
    checks: [inTest('partition/arena/copy-bounds', 'each with as many as its bytes allow')],
  },
  {
    name: 'a piece of a copy takes two records that are too large for it',
    edits: [{ file: copyBounds, from: 'return to > from ? to : next;', to: 'return next;' }],
    checks: [inTest('partition/arena/copy-bounds', 'are short where two values that fill a frame')],
  },
  {
    name: 'no room is made before a copy comes',
    edits: [{ file: mapRecords, from: 'this.table.reserve(entries);', to: '' }],
    checks: [
      inTest('structures/map-store', 'makes room for all of them before the first is restored'),
    ],
  },
  {
    name: 'copies do not give way',
    edits: [
      { file: copyPace, from: 'if (waitedMs <= this.#waitMaxMs) {', to: 'if (waitedMs >= 0) {' },
    ],
    checks: [inTest('partition/copy-pump', 'slows down where chunks wait on their way')],
  },
  {
    name: 'copies begin as fast as they may go',
    edits: [{ file: copyPace, from: '#gapMs = gapMaxMs;', to: '#gapMs = gapMinMs;' }],
    checks: [inTest('partition/copy-pump', 'begins as slowly as it goes where all is slow')],
  },
  {
    name: 'clients are told of what changes nothing for them',
    edits: [{ file: gateway, from: 'if (words !== this.#words) for', to: 'for' }],
    checks: [inTest('member/gateway', 'tells clients of a table that says something new')],
  },
  {
    name: 'copies for balance are as quick as those that are missing',
    edits: [{ file: copyPump, from: 'balance: 2 }', to: 'balance: 1 }' }],
    checks: [inTest('partition/copy-pump', 'takes twice as long where nothing is missing')],
  },
  {
    name: 'a long way is taken for a queue',
    edits: [
      {
        file: copyPace,
        from: 'const waitedMs = tookMs - this.#shortestOf(peer, tookMs, nowMs);',
        to: 'const waitedMs = tookMs - 0 * this.#shortestOf(peer, tookMs, nowMs);',
      },
    ],
    checks: [inTest('partition/copy-pump', 'does not take a long way for a queue')],
  },
  {
    name: 'copies slow down once for each chunk of a stall',
    edits: [{ file: copyPace, from: 'sentAt > this.#grewAt', to: 'sentAt > 0' }],
    checks: [inTest('partition/copy-pump', 'holds one stall against copies once')],
  },
  {
    name: 'primaries that retire hand over all at once',
    edits: [
      {
        file: placement,
        from: 'if (!isLeaving && !(isRetired && this.#mayHandOver)) return undefined;',
        to: 'if (!isLeaving && !isRetired) return undefined;',
      },
    ],
    checks: [inTest('partition/placement.property', 'moves as few copies as a newcomer')],
  },
  {
    name: 'handovers keep no distance',
    edits: [
      {
        file: 'src/partition/controller.ts',
        from: 'this.#handOverFrom = nowMs + this.#handoverGapMs(state);',
        to: 'this.#handOverFrom = nowMs;',
      },
    ],
    checks: [inTest('partition/controller', 'begin one at a time and at a distance')],
  },
  {
    name: 'the next chunk follows at once',
    edits: [{ file: copyPump, from: 'if (gapMs > 0) {', to: 'if (gapMs > 1_000) {' }],
    checks: [inTest('partition/copy-pump', 'leaves the event loop to others')],
  },
];

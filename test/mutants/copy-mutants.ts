/** Rules of copies and of retries taken out (PROTOCOL.md 2.10, 3.1 to 3.4). */
import { inGrid, inTest, type Mutant } from './mutant.ts';

const backup = 'src/partition/backup.ts';
const peerStream = 'src/partition/peer-stream.ts';
const primary = 'src/partition/primary.ts';
const metaRows = 'src/partition/meta-rows.ts';
const replicas = 'partition/replica';

export const copyMutants: readonly Mutant[] = [
  {
    name: 'the last range of a copy is skipped',
    edits: [
      {
        file: peerStream,
        from: 'this.#retain(copy, structure, from, piece?.to ?? from, piece?.bytes ?? nothing);',
        to: 'if (isStoreRead) this.#retain(copy, structure, from, from, nothing);\n    else this.#retain(copy, structure, from, piece?.to ?? from, piece?.bytes ?? nothing);',
      },
    ],
    checks: [inGrid(1), inTest(replicas, 'copies while writes go on')],
  },
  {
    name: 'changes are dropped during a copy',
    edits: [
      {
        file: backup,
        from: 'if (!state.options.content.apply(entry, nowMs)) break;',
        to: 'if (state.isWhole && !state.options.content.apply(entry, nowMs)) break;',
      },
    ],
    checks: [inGrid(1), inTest(replicas, 'copies while writes go on')],
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
    checks: [inGrid(1), inTest(replicas, 'applies a chunk only at the position')],
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
    checks: [inGrid(1), inTest(replicas, 'applies no entry that came ahead of a lost chunk')],
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
    checks: [inGrid(1), inTest(replicas, 'applies no entry that came ahead of a lost chunk')],
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
    checks: [inGrid(1), inTest(replicas, 'runs a retried op once')],
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
    checks: [inGrid(1), inTest(replicas, 'takes the results of earlier ops along with a copy')],
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
];

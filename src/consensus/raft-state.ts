/**
 * What every role shares: term and vote, the log and its configs, what is committed.
 *
 * Invariants
 * 1. `term` never falls, and `votedFor` is set at most once in a term.
 * 2. `log.base <= commit <= log.lastIndex`; what is committed is never cut off.
 * 3. Every index up to `commit` was given out once, as a `commit` or within a `restore`.
 * 4. Where `log.base > 0` there is a snapshot, and `log.base <= snapshot.index <= commit`.
 */
import { assert } from '../base/assert.ts';
import type { MemberId } from '../base/ids.ts';
import type { RaftEntry } from '../wire/consensus-messages.ts';
import { ConfigHistory, decodeConfig } from './config.ts';
import { entryBytes, RaftLog } from './log.ts';
import type { RaftActions, RaftRole } from './raft-actions.ts';
import { logSnapshotsMax, type RaftOptions } from './raft-options.ts';
import type { StoredSnapshot } from './snapshot.ts';

/** The share of a snapshot's worth of entries that stays in the log for peers close behind. */
const keptShare = 1 / 8;

export class RaftState {
  readonly options: RaftOptions;
  readonly log = new RaftLog();
  readonly configs = new ConfigHistory();
  role: RaftRole = 'follower';
  leader: MemberId | undefined;
  term = 0;
  votedFor: MemberId | undefined;
  commit = 0;
  snapshot: StoredSnapshot | undefined;
  /** Bytes committed since the last snapshot. */
  #committedBytes = 0;

  constructor(options: RaftOptions) {
    this.options = options;
  }

  get self(): MemberId {
    return this.options.self;
  }

  become(role: RaftRole, term: number, leader: MemberId | undefined, out: RaftActions): void {
    assert(term >= this.term, 'a term falls');
    if (role === this.role && term === this.term && leader === this.leader) return;
    if (term > this.term) this.votedFor = undefined;
    this.role = role;
    this.term = term;
    this.leader = leader;
    out.push({ kind: 'role', role, term, leader });
  }

  append(entry: RaftEntry): void {
    this.log.append(entry);
    if (entry.kind === 'config') this.configs.append(entry.index, decodeConfig(entry.body));
  }

  truncateFrom(index: number): void {
    assert(index > this.commit, 'a committed entry is cut off');
    this.log.truncateFrom(index);
    this.configs.truncateFrom(index);
  }

  commitTo(index: number, out: RaftActions): void {
    while (this.commit < index) {
      const entry = this.log.entryAt(this.commit + 1);
      assert(entry !== undefined, 'an entry is committed that is not there');
      this.commit = entry.index;
      this.#committedBytes += entryBytes(entry);
      out.push({ kind: 'commit', entry });
    }
  }

  /** Whether the log holds more than snapshots should ever let it. */
  get isLogFull(): boolean {
    const { snapshotEvery, snapshotBytes } = this.options;
    return (
      this.log.length >= logSnapshotsMax * snapshotEvery ||
      this.log.bytes >= logSnapshotsMax * snapshotBytes
    );
  }

  get isSnapshotDue(): boolean {
    const { snapshotEvery, snapshotBytes } = this.options;
    const entries = this.commit - (this.snapshot?.index ?? 0);
    return entries >= snapshotEvery || (entries > 0 && this.#committedBytes >= snapshotBytes);
  }

  /** The state machine's state at `index`; the entries up to there may go. */
  keepSnapshot(index: number, bytes: Uint8Array): void {
    const isNewer = index > (this.snapshot?.index ?? 0) && index <= this.commit;
    const term = this.log.termAt(index);
    if (!isNewer || term === undefined) return;

    const { snapshotEvery, snapshotBytes } = this.options;
    this.snapshot = { index, term, config: this.configs.at(index), bytes };
    this.#committedBytes = 0;
    this.log.compactTo(index, Math.floor(snapshotEvery * keptShare), snapshotBytes * keptShare);
    this.configs.compactTo(this.log.base);
  }

  /** A leader's snapshot, complete and beyond what is committed here. */
  install(snapshot: StoredSnapshot, out: RaftActions): void {
    assert(snapshot.index > this.commit, 'a snapshot takes back what is committed');
    const { index, term, config, bytes } = snapshot;
    if (this.log.termAt(index) === term) {
      // The entries are all here, and they are the leader's: nothing needs to be replaced.
      this.commitTo(index, out);
      return;
    }
    this.begin(snapshot);
    out.push({ kind: 'restore', index, term, config, bytes });
  }

  /** All that there is is the snapshot. */
  begin(snapshot: StoredSnapshot): void {
    const { index, term, config } = snapshot;
    this.log.reset(index, term);
    this.configs.reset(index, config);
    this.commit = index;
    this.snapshot = snapshot;
    this.#committedBytes = 0;
  }
}

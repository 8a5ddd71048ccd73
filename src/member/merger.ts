/**
 * Brings what this process had in a lineage that ended into the one that took it in: structure by structure
 * and partition by partition, some ops at a time, and reports what came of it.
 *
 * Invariants
 * 1. What is held of a partition is given back only when it was brought in and the report of it is committed.
 * 2. Every record that was offered is counted once: as kept or as discarded.
 * 3. At most `tasksMax` ops are on their way, each of about `offerBytes`.
 * 4. Nothing is appended twice: an item or message of which is not known whether it arrived is not brought
 *    again, and counts as discarded. A map can be told again: what is newer there than the merge stays.
 */
import type { Clock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import type { MemberId, PartitionId } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { MergePolicy } from '../grid-merge.ts';
import type { Content } from '../partition/content.ts';
import type { Command, MetaState } from '../partition/meta-state.ts';
import type { ProposalResult } from '../partition/proposals.ts';
import type { Estate } from '../partition/replica-state.ts';
import type { Router, StructureRow } from '../partition/router-port.ts';
import type { Offer } from '../partition/store.ts';
import { isForPolicy } from '../structures/map/map-merge.ts';
import { type MergeCount, readMergeResult } from '../structures/merging.ts';
import { CommonHistory } from './common-history.ts';
import { CustomMerge } from './custom-merge.ts';
import { contributions, type MergeInheritance, type MergeProgress } from './inheritance.ts';
import { MergeRecord, type MergeRecordParts } from './merge-record.ts';
import { type MergeTask, placesOf, tasksOf, touchedIn } from './merge-task.ts';
import { Precedence } from './precedence.ts';
import { Revival } from './revival.ts';

export interface MergerParts {
  readonly self: MemberId;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly policies: Readonly<Record<string, MergePolicy>>;
  readonly router: Router;
  /** The table of the lineage into which it brings. */
  readonly state: MetaState;
  commit(
    command: Command,
    timeoutMs: number,
    done: (result: ProposalResult | undefined) => void,
  ): void;
}

const tasksMax = 4;
const offerBytes = 65_536;
/** As long as callers send an op again: after that it is not known whether it arrived. */
const opTimeoutMs = 60_000;
const commandTimeoutMs = 10_000;
/** So many partitions in one command, and of so many what has come of them. */
const undertakenMax = 1_024;
const toldMax = 256;
/** While there is more to do it tells of what is done so often. */
const tellMs = 5_000;
const againMs = 200;
/** Errors that sending again cannot mend: the record does not fit there. */
const hopeless: ReadonlySet<string> = new Set([
  'GRID_BAD_VALUE',
  'GRID_BAD_OPTION',
  'GRID_TOO_LARGE',
]);

export class Merger {
  readonly #parts: MergerParts;
  readonly #inheritance: MergeInheritance;
  readonly #estates: Map<PartitionId, Estate>;
  readonly #history: CommonHistory;
  readonly #revival: Revival;
  readonly #precedence: Precedence;
  readonly #record: MergeRecord;
  #tasks: MergeTask[] | undefined;
  /** Before this nothing is looked for to take on. */
  #looksAt = 0;
  #tellsAt = 0;
  /** Whether ops are being given out: what ends meanwhile waits for the next time. */
  #isTicking = false;
  #isOver = false;

  constructor(parts: MergerParts, inheritance: MergeInheritance) {
    this.#parts = parts;
    this.#inheritance = inheritance;
    this.#estates = contributions(inheritance);
    const { self, clock, state } = parts;
    const { state: ended } = inheritance;
    const history = new CommonHistory(state, ended);
    this.#history = history;
    this.#precedence = new Precedence({ self, clock, state, inheritance, history });
    const commit: MergeRecordParts['commit'] = (command, done) =>
      parts.commit(command, commandTimeoutMs, done);
    this.#revival = new Revival({ self, state, ended, commit });
    this.#record = new MergeRecord({ state, inheritance, self, commit });
  }

  /** Whether the lineage here knows of what is to come; of nothing it need not. */
  get isKnown(): boolean {
    const isNothing = this.#estates.size === 0 && this.#record.told.size === 0;
    return this.#isOver || isNothing || this.#record.isKnown;
  }

  /** Whether partitions that are lost here are about to come back with what is held. */
  get isReviving(): boolean {
    return this.#revival.isBusy;
  }

  revives(partition: PartitionId): boolean {
    return this.#revival.has(partition) && this.#estates.has(partition);
  }

  /** What is still to be brought, for the next identity of this process; undefined where all is done. */
  get unfinished(): MergeInheritance | undefined {
    if (this.#isOver) return undefined;
    const { kind, from, state, isAlone } = this.#inheritance;
    const { budget } = this.#inheritance.legacy;
    const legacy = { estates: this.#estates, budget };
    const { to, addresses } = this.#inheritance.into;
    // Where it was to go nobody has taken it in: that may have been merged too, so any other will do.
    const into = { to: this.#parts.state.lineage.id === '' ? '' : to, addresses };
    return { kind, from, state, legacy, into, isAlone, progress: this.#progress };
  }

  get #progress(): MergeProgress | undefined {
    if (this.#tasks === undefined) return this.#inheritance.progress;
    return { places: placesOf(this.#tasks), ...this.#record.progress };
  }

  /** Called while this member serves, every now and then, and when an op has ended. */
  tick(): void {
    if (this.#isTicking || this.#isOver || this.isReviving || this.#record.isBusy) return;
    this.#isTicking = true;
    this.#goOn();
    this.#isTicking = false;
  }

  /** The content of a partition that goes on here as it is, where this lineage had lost it. */
  give(partition: PartitionId): Content | undefined {
    const estate = this.#estates.get(partition);
    if (estate === undefined) return undefined;
    const { content, untold } = estate;
    this.#estates.delete(partition);
    this.#tasks = this.#tasks?.filter((task) => task.partition !== partition);
    content.takeBack(untold);
    content.keepOnly(this.#revival.shared);
    for (const [id, { entries }] of content.stores) {
      const row = this.#inheritance.state.structures.get(id);
      if (row !== undefined) this.#record.count(row, { kept: entries, discarded: 0 });
    }
    return content;
  }

  #goOn(): void {
    if (!this.isKnown) {
      this.#record.announce();
      return;
    }
    if (this.#record.isBehind) {
      this.#record.tell(new Map(), () => {});
      return;
    }
    if (this.#tasks === undefined && this.#precedence.isEarly) return;
    const busy = this.#tasks?.filter(({ isBusy }) => isBusy).map(({ partition }) => partition);
    if (this.#revival.begin(this.#estates, busy)) return;
    if (this.#tasks === undefined) {
      this.#tasks = tasksOf(this.#inheritance, this.#estates);
      this.#record.keepBegun(touchedIn(this.#tasks));
      this.#tellsAt = this.#parts.clock.monotonic() + tellMs;
    }
    const open = this.#tasks.filter(({ at }) => at >= 0);
    if (open.length > 0) {
      this.#undertake(open);
      if (this.#record.isBusy) return;
      this.#giveOut(open);
      this.#tellDone(open);
    } else if ([...this.#estates.keys()].some((id) => this.#history.isInDoubt(id))) {
      this.#tellDone(open);
    } else {
      this.#report();
    }
  }

  #giveOut(open: readonly MergeTask[]): void {
    const now = this.#parts.clock.monotonic();
    let busy = open.filter(({ isBusy }) => isBusy).length;
    for (const task of open) {
      if (busy >= tasksMax) return;
      if (task.isBusy || now < task.notBefore || !this.#isMine(task)) continue;
      if (!this.#isReady(task)) continue;
      this.#step(task);
      if (task.isBusy) busy++;
    }
  }

  /** Takes the next partitions upon itself. */
  #undertake(open: readonly MergeTask[]): void {
    const now = this.#parts.clock.monotonic();
    if (now < this.#looksAt) return;
    const next = new Set<PartitionId>();
    for (const task of open) {
      if (next.size >= undertakenMax) break;
      if (task.isBusy || now < task.notBefore || this.#isMine(task)) continue;
      if (this.#isReady(task)) next.add(task.partition);
    }
    if (next.size > 0) this.#record.undertake([...next]);
    else this.#looksAt = now + againMs;
  }

  #isMine({ partition }: MergeTask): boolean {
    return this.#precedence.isMine(partition);
  }

  /** Whether it is known that something of it is to be brought, and by this one. */
  #isReady(task: MergeTask): boolean {
    const { partition, estate } = task;
    if (this.#history.isInDoubt(partition)) {
      this.#rest(task);
      return false;
    }
    if (!this.#history.isChanged(partition, estate)) {
      task.at = -1;
      this.#record.skips(partition);
    } else if (this.#precedence.isLeftToOther(partition)) this.#rest(task);
    else return true;
    return false;
  }

  /** Others may wait for what is done here. */
  #tellDone(open: readonly MergeTask[]): void {
    const now = this.#parts.clock.monotonic();
    const isWaiting = ({ partition }: MergeTask) =>
      this.#history.isInDoubt(partition) || this.#precedence.isLeftToOther(partition);
    if (now < this.#tellsAt && !open.every(isWaiting)) return;
    const waiting = new Set(open.flatMap(({ at, partition }) => (at < 0 ? [] : partition)));
    const isDone = (id: PartitionId) => !waiting.has(id) && !this.#history.isInDoubt(id);
    const done = new Map([...this.#estates].filter(([id]) => isDone(id)).slice(0, toldMax));
    // What is over with the last task the last report says.
    if (done.size === 0 || (open.length > 0 && waiting.size === 0)) return;
    this.#tellsAt = now + tellMs;
    this.#record.tell(done, () => this.#giveBack(done));
  }

  #step(task: MergeTask): void {
    const { router } = this.#parts;
    const { type, name, backups, options } = task.row;
    const row = router.structure(type, name);
    if (row === undefined) {
      task.isBusy = true;
      // Where others have it with other options, it is as they have it.
      router.define(type, name, { ...options, backups }, () => this.#rest(task));
      return;
    }
    task.offer ??= this.#offerOf(task, row);
    const { op, next } = task.offer;
    if (op === undefined) {
      task.offer = undefined;
      task.at = next ?? -1;
      if (task.at >= 0) this.#step(task);
      return;
    }
    if (task.isUncertain && !task.offer.isRepeatable) {
      this.#abandoned(task);
      return;
    }
    task.isBusy = true;
    if (row.type === 'map' && isForPolicy(op, row.options)) this.#runCustom(task, row, op);
    else {
      const taken = (result: Uint8Array) => this.#taken(task, readMergeResult(result));
      this.#send(task, row, op, true, taken, (error) => this.#refused(task, error));
    }
  }

  /** The policy is a function of the user's: it runs here. */
  #runCustom(task: MergeTask, row: StructureRow, op: Uint8Array): void {
    const { logger, policies } = this.#parts;
    const name = String(row.options.merge);
    const policy = Object.hasOwn(policies, name) ? policies[name] : undefined;
    const failed = (error: unknown) =>
      logger.error(
        { error, map: row.name, policy: name },
        'a merge policy failed; what it was to decide on is discarded',
      );
    if (policy === undefined) {
      failed(
        new GridError(
          'GRID_BAD_OPTION',
          `expected a merge policy named '${name}' on this member, found none`,
        ),
      );
      this.#discarded(task);
      return;
    }
    task.custom ??= new CustomMerge({
      row,
      policy,
      op,
      send: (sent, isWrite, resolve, reject) =>
        this.#send(task, row, sent, isWrite, resolve, reject),
      failed,
      done: (count) => this.#taken(task, count),
      interrupted: (error) => this.#refused(task, error),
    });
    task.custom.run();
  }

  #send(
    { partition }: MergeTask,
    structure: StructureRow,
    op: Uint8Array,
    isWrite: boolean,
    resolve: (result: Uint8Array) => void,
    reject: (error: GridError) => void,
  ): void {
    const { router } = this.#parts;
    router.submit({
      structure,
      partition: partition % router.partitions,
      op,
      isWrite,
      timeoutMs: opTimeoutMs,
      signal: undefined,
      resolve,
      reject,
    });
  }

  #offerOf(task: MergeTask, row: StructureRow): Offer {
    const { partition, store } = task;
    const since = this.#history.since(partition, task.row.backups, row);
    this.#record.begins(partition, this.#history.isBroughtHere(partition));
    return store.offer(task.at, offerBytes, since);
  }

  #taken(task: MergeTask, count: MergeCount): void {
    this.#record.count(task.row, count);
    this.#next(task);
  }

  #refused(task: MergeTask, error: GridError): void {
    const { type, name } = task.row;
    if (hopeless.has(error.code)) {
      this.#parts.logger.error({ error, type, name }, 'what a merge brings does not fit here');
      this.#discarded(task);
    } else if (error.outcome === 'unknown' && task.offer?.isRepeatable === false) {
      this.#abandoned(task);
    } else {
      this.#rest(task);
    }
  }

  /** It may be there or not, and twice is worse than never. */
  #abandoned(task: MergeTask): void {
    const { type, name } = task.row;
    const { count } = task.offer ?? { count: 0 };
    const message =
      'it is not known whether a part of what a merge brings arrived; it counts as discarded';
    this.#parts.logger.error({ type, name, count }, message);
    this.#discarded(task);
  }

  #discarded(task: MergeTask): void {
    this.#record.count(task.row, { kept: 0, discarded: task.offer?.count ?? 0 });
    this.#next(task);
  }

  /** Tries the same again in a while. */
  #rest(task: MergeTask): void {
    task.isBusy = false;
    task.notBefore = this.#parts.clock.monotonic() + againMs;
  }

  #next(task: MergeTask): void {
    task.at = task.offer?.next ?? -1;
    task.offer = undefined;
    task.custom = undefined;
    task.isBusy = false;
    task.isUncertain = false;
    this.tick();
  }

  #report(): void {
    if (this.#estates.size > toldMax) {
      const first = new Map([...this.#estates].slice(0, toldMax));
      this.#record.tell(first, () => this.#giveBack(first));
      return;
    }
    this.#record.report(this.#estates, () => {
      this.#isOver = true;
      this.#giveBack(this.#estates);
    });
  }

  #giveBack(estates: ReadonlyMap<PartitionId, Estate>): void {
    for (const [partition, { content }] of estates) {
      content.release();
      this.#estates.delete(partition);
    }
  }
}

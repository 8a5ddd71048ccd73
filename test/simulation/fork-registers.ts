/**
 * Keys of a map while lineages part and merge. Of keys that are written once everything has to be there in the
 * end, unless it was discarded and counted. Of keys that both sides write the value in the end has to be one
 * that the merge policy allows, and within a lineage nobody reads what was overwritten there.
 */
import { defaultLimits } from '../../src/base/limits.ts';
import { keyOp, mapOps, readEntryResult, valueOp } from '../../src/structures/map/map-ops.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import type { Ended, ForkCalls, MemberProcess } from './fork-calls.ts';
import { type Report, type Round, sideOf } from './fork-round.ts';
import { allowedValues, type Write } from './fork-rules.ts';

export const mapName = 'accounts';
const shared = ['k0', 'k1', 'k2', 'k3'];
/** This one is written by one process alone, so that a side has it untouched while the other writes it. */
const ofOne = { key: 'k3', by: 'm2' };
const violationsMax = 10;

/** A key that is written once, and perhaps deleted once. */
interface Once extends Write {
  deleted?: Pick<Ended, 'how' | 'lineage' | 'begunAt' | 'endedAt'>;
  isBeingDeleted?: boolean;
}

interface Read {
  readonly key: string;
  readonly value: unknown;
  readonly lineage: string;
  readonly begunAt: number;
}

export class ForkRegisters {
  readonly violations: string[] = [];
  readonly counts = { once: 0, deleted: 0, shared: 0, reads: 0, contested: 0, absent: 0 };
  readonly #calls: ForkCalls;
  readonly #policy: string;
  /** What was written since the round began; what all had then comes first. */
  #writes: Write[] = [];
  #reads: Read[] = [];
  readonly #once: Once[] = [];
  /** The highest version that anybody has seen of a key. */
  readonly #versions = new Map<string, number>();
  #values = 0;

  constructor(calls: ForkCalls, policy: string) {
    this.#calls = calls;
    this.#policy = policy;
  }

  start(process: MemberProcess, pauseMs: number): void {
    this.#calls.repeat(process, pauseMs, (next) => {
      const draw = this.#calls.random.below(10);
      if (draw < 4) this.#write(process, this.#keyFor(process), this.#writes, next);
      else if (draw < 7) this.#read(process, this.#calls.random.pick(shared), next);
      else if (draw === 7) this.#delete(process, next);
      else this.#write(process, `once ${this.#values + 1}`, this.#once, next);
    });
  }

  #keyFor({ name }: MemberProcess): string {
    const key = this.#calls.random.pick(shared);
    return key === ofOne.key && name !== ofOne.by ? 'k0' : key;
  }

  /** Everything is written once before anything goes wrong, so that nothing is ever absent. */
  fill(process: MemberProcess): void {
    for (const key of shared) this.#settle(process, key);
  }

  /** In the calm after a merge. */
  check(round: Round, report: Report, processes: readonly MemberProcess[]): void {
    for (const key of shared) {
      const values = processes.map((process) => this.#now(process, key)?.value);
      if (new Set(values).size !== 1) this.#violation(`${key} is ${values} for the members`);
      else if (!round.isNested) this.#checkValue(round, key, values[0]);
    }
    if (!round.isNested) for (const read of this.#reads) this.#checkRead(round, read);
    this.#checkOnce(round, report, processes);
    this.#writes = [];
    this.#reads = [];
    const [first] = processes;
    if (first !== undefined) for (const key of shared) this.#settle(first, key);
  }

  /** A new value, whose version has to be above all that anybody has seen: versions are fences. */
  #settle(process: MemberProcess, key: string): void {
    const value = ++this.#values;
    const begunAt = this.#calls.grid.world.now;
    const op = (bytes: Uint8Array) => valueOp(mapOps.set, bytes, encodeValue(value, defaultLimits));
    const before = this.#versions.get(key) ?? 0;
    if (this.#calls.answer(process, target(key, true), op) === undefined) {
      this.#violation(`a write of ${key} fails in the calm`);
    }
    const endedAt = this.#calls.grid.world.now;
    const lineage = process.program.member.state.lineage.id;
    const { name: by } = process;
    this.#writes.push({ key, value, by, lineage, how: 'ok', begunAt, endedAt });
    const { version = 0 } = this.#now(process, key) ?? {};
    if (version <= before) this.#violation(`${key} has version ${version} after ${before}`);
  }

  #now(process: MemberProcess, key: string) {
    const raw = this.#calls.answer(process, target(key, false), entryOp);
    if (raw === undefined) this.#violation(`a read of ${key} fails in the calm`);
    const entry = raw && readEntryResult(raw);
    if (entry === undefined) return undefined;
    this.#saw(key, entry.version);
    return { value: decodeValue(entry.value), version: entry.version };
  }

  #write(process: MemberProcess, key: string, into: Write[], next: () => void): void {
    const value = ++this.#values;
    const op = (bytes: Uint8Array) => valueOp(mapOps.set, bytes, encodeValue(value, defaultLimits));
    this.#calls.call(process, target(key, true), op, (ended) => {
      const { how, lineage, begunAt, endedAt } = ended;
      if (how !== 'failed')
        into.push({ key, value, by: process.name, lineage, how, begunAt, endedAt });
      next();
    });
  }

  /** Deletes a key that was written before; in another lineage it may not be there. */
  #delete(process: MemberProcess, next: () => void): void {
    const found = this.#once.filter(({ how, isBeingDeleted }) => how === 'ok' && !isBeingDeleted);
    if (found.length === 0) {
      next();
      return;
    }
    const once = this.#calls.random.pick(found);
    once.isBeingDeleted = true;
    const op = (bytes: Uint8Array) => keyOp(mapOps.delete, bytes);
    this.#calls.call(process, target(once.key, true), op, (ended) => {
      const { how, lineage, begunAt, endedAt, raw } = ended;
      const isNone = how === 'failed' || (how === 'ok' && raw[0] === 0);
      if (!isNone) once.deleted = { how, lineage, begunAt, endedAt };
      next();
    });
  }

  #read(process: MemberProcess, key: string, next: () => void): void {
    this.#calls.call(process, target(key, false), entryOp, (ended) => {
      if (ended.how === 'ok') this.#noteRead(key, ended);
      next();
    });
  }

  #noteRead(key: string, { raw, lineage, begunAt }: Ended): void {
    this.counts.reads++;
    const entry = readEntryResult(raw);
    if (entry === undefined) {
      this.#violation(`${key} was absent for a reader at ${begunAt}`);
      return;
    }
    this.#saw(key, entry.version);
    this.#reads.push({ key, value: decodeValue(entry.value), lineage, begunAt });
  }

  #saw(key: string, version: number): void {
    this.#versions.set(key, Math.max(version, this.#versions.get(key) ?? 0));
  }

  #checkValue(round: Round, key: string, value: unknown): void {
    const writes = this.#writes.filter((write) => write.key === key);
    this.counts.shared += writes.length;
    const isAdopted = round.adopted.has(this.#calls.partitionOf(key));
    const rules = { policy: this.#policy, isAdopted };
    const { values, why, isContested } = allowedValues(round, rules, writes);
    if (isContested) this.counts.contested++;
    if (values.has(value as number)) return;
    const seen = writes.map((write) => JSON.stringify(write)).join(' ');
    this.#violation(
      `${key} is ${value}, ${why} allows ${[...values]} (${JSON.stringify(round)}): ${seen}`,
    );
  }

  /** Nobody reads what was overwritten in the same lineage before the read began. */
  #checkRead({ cutAt, doneAt }: Round, { key, value, lineage, begunAt }: Read): void {
    const seen = this.#writes.find((write) => write.key === key && write.value === value);
    if (seen === undefined) return;
    const isBrought = seen.lineage !== lineage && seen.endedAt >= cutAt;
    const from = isBrought ? doneAt : seen.endedAt;
    if (seen.how !== 'ok') return;
    const newer = this.#writes.find(
      (write) =>
        write.key === key &&
        write.lineage === lineage &&
        write.how === 'ok' &&
        write.begunAt > from &&
        write.endedAt < begunAt,
    );
    if (newer === undefined) return;
    this.#violation(
      `stale: ${key} was ${value} at ${begunAt} in ${lineage}, ${newer.value} before`,
    );
  }

  #checkOnce(round: Round, report: Report, processes: readonly MemberProcess[]): void {
    let absent = 0;
    for (const once of this.#once) {
      if (once.how !== 'ok') continue;
      this.counts.once++;
      const process = this.#calls.random.pick(processes);
      const isThere = this.#now(process, once.key)?.value === once.value;
      if (once.deleted !== undefined) this.#checkDeleted(round, once, isThere);
      else if (!isThere) absent += this.#lost(round, once);
    }
    this.counts.absent += absent;
    this.#once.length = 0;
    if (!round.isMissing && absent > report.discarded) {
      this.#violation(`${absent} keys are absent, ${report.discarded} were told as discarded`);
    }
  }

  /** One that is absent; it counts. */
  #lost(round: Round, once: Once): 1 {
    const isOfLoser = sideOf(round, once) !== round.winner && once.endedAt >= round.cutAt;
    const mayBeGone = isOfLoser && (this.#policy === 'discard' || round.isMissing);
    if (!mayBeGone) this.#violation(`lost: ${JSON.stringify(once)}`);
    return 1;
  }

  /**
   * What was deleted on one side stays deleted, whichever that was; unless the winner has written it since the two
   * lost each other: what was on its way then, either may have, and the winner may have acknowledged it after. As
   * well the other may have acknowledged it, while the winner deleted what it had of it and had told nobody of.
   */
  #checkDeleted(round: Round, once: Once, isThere: boolean): void {
    this.counts.deleted++;
    const { winner, cutAt, commonUntil, doneAt, isMissing, isNested } = round;
    const isOfBoth =
      this.#policy !== 'discard' &&
      once.begunAt < commonUntil &&
      once.endedAt >= cutAt &&
      (once.deleted?.begunAt ?? 0) < doneAt;
    const isByWinner = once.deleted?.lineage === winner && !(isOfBoth && once.lineage !== winner);
    const isLeftAlone = once.lineage !== winner || once.endedAt < cutAt;
    const isTold = this.#policy !== 'discard' && !isMissing && !isNested && isLeftAlone;
    const isSure = isByWinner || isTold;
    if (!isThere || !isSure || once.deleted?.how !== 'ok') return;
    this.#violation(`came back: ${JSON.stringify(once)}`);
  }

  #violation(text: string): void {
    if (this.violations.length < violationsMax) this.violations.push(`map: ${text}`);
  }
}

const entryOp = (key: Uint8Array) => keyOp(mapOps.getEntry, key);

function target(key: string, isWrite: boolean) {
  return { type: 'map', name: mapName, key, isWrite };
}

/** The members of a run: started, ended, and asked over HTTP what they see. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { partitionOf } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { partitionIdOf } from '../../src/base/partition-id.ts';
import { type Answers, ask } from '../../src/cli/ask.ts';
import type { JoinOptions } from '../../src/grid.ts';
import { topicHash } from '../../src/structures/topic/topic-source.ts';
import { encodeKey } from '../../src/wire/key.ts';
import type { Outlook, Role } from './history.ts';
import { MemberProcess } from './member-process.ts';
import type { Place } from './network.ts';
import type { Trap } from './trap.ts';
import { until } from './waiting.ts';

/** A thing in use, which lives in one partition. */
export interface Used {
  readonly on: 'map' | 'queue' | 'topic';
  /** The key of a map, or the name of the others. */
  readonly key: string;
}

export interface FleetOptions {
  readonly places: readonly Place[];
  readonly cluster: string;
  /** What all members are given beside their places. */
  readonly join: JoinOptions;
  /** Where the logs go. */
  readonly folder: string;
  /** Told of a member that ended or left of its own accord. */
  readonly onUnexpected: (what: string) => void;
}

/** The row of a partition, with members by their numbers. */
export interface Row {
  readonly primary: number | undefined;
  readonly backups: readonly number[];
  readonly term: number;
}

type View = Answers['/v1/members'];
type PartitionRow = Answers['/v1/partitions']['partitions'][number];

const names = ['ann', 'bob', 'cleo', 'dan', 'eve', 'finn', 'gus', 'hal', 'ida', 'jon'];
const settleMs = 60_000;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #running = new Map<number, MemberProcess>();
  /** Those that are stopped, and would answer nothing. */
  readonly #stopped = new Set<number>();
  #starts = 0;
  #traps = 0;
  #onSprung: (victim: string) => void = () => {};

  constructor(options: FleetOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true });
  }

  /** The numbers of those that run. */
  get running(): number[] {
    return [...this.#running.keys()];
  }

  /** The numbers of those that do not. */
  get absent(): number[] {
    return this.#options.places.map((_, member) => member).filter((at) => !this.#running.has(at));
  }

  get cluster(): string {
    return this.#options.cluster;
  }

  get urls(): string[] {
    return this.#options.places.map(({ advertise }) => `ws://${advertise}`);
  }

  nameOf(member: number): string {
    return names[member] ?? `member ${member}`;
  }

  process(member: number): MemberProcess {
    const process = this.#running.get(member);
    if (process === undefined) throw new Error(`${this.nameOf(member)} does not run`);
    return process;
  }

  /** Resolves when it is in the grid. */
  async start(member: number): Promise<MemberProcess> {
    const process = this.launch(member);
    await process.ready;
    return process;
  }

  /** Its process exists; it is not in the grid yet. */
  launch(member: number): MemberProcess {
    const { places, cluster, join: shared, folder, onUnexpected } = this.#options;
    const { listen, advertise, dialFrom, prefix } = places[member] as Place;
    const seeds = places.map((place) => place.advertise).filter((other) => other !== advertise);
    const name = this.nameOf(member);
    const process = new MemberProcess(`${name} ${++this.#starts}`, {
      config: { ...shared, cluster, name, listen, advertise, seeds, dialFrom },
      prefix,
      logPath: join(folder, `${name}.log`),
      onUnexpected,
      onSprung: (victim) => this.#onSprung(victim),
    });
    this.#running.set(member, process);
    return process;
  }

  /** Sets a trap in all that run; resolves with whom it has killed. */
  trap(trap: Trap): Promise<number> {
    return new Promise((resolve) => {
      this.#onSprung = (victim) => resolve(this.running.find((at) => this.nameOf(at) === victim)!);
      this.#setTraps(trap);
    });
  }

  takeTrapsAway(): void {
    this.#onSprung = () => {};
    this.#setTraps(undefined);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(member: number): Promise<void> {
    const process = this.#running.get(member);
    this.#running.delete(member);
    this.#stopped.delete(member);
    await process?.kill();
  }

  /** Resolves with its exit status, when it has handed over and is gone. */
  async leave(member: number): Promise<number | NodeJS.Signals | null> {
    const status = await this.process(member).leave();
    this.#running.delete(member);
    return status;
  }

  stop(member: number): void {
    this.#stopped.add(member);
    this.process(member).stop();
  }

  goOn(member: number): void {
    this.#stopped.delete(member);
    this.process(member).goOn();
  }

  async killAll(): Promise<void> {
    await Promise.all(this.running.map((member) => this.kill(member)));
  }

  /** Resolves when all that run see each other and nobody else, up, with every copy in sync. */
  settled(deadlineMs = settleMs): Promise<void> {
    const look = async () => (await this.#disagreement()) || this.#missingCopies();
    return untilNothing(look, 'a grid that is settled', deadlineMs);
  }

  /** Resolves when all that run see each other and nobody else. */
  agreed(deadlineMs = settleMs): Promise<void> {
    return untilNothing(() => this.#disagreement(), 'one view', deadlineMs);
  }

  /** Resolves when all copies of each partition are equal. Nobody is to write meanwhile. */
  equal(deadlineMs = settleMs): Promise<void> {
    return untilNothing(() => this.#difference(), 'equal copies', deadlineMs);
  }

  /** Resolves when nobody holds a copy that no row of the table names. */
  withoutOrphans(deadlineMs = settleMs): Promise<void> {
    return untilNothing(() => this.#orphan(), 'no orphans', deadlineMs);
  }

  /** Whether one that is gone is no longer taken for one that is up, by any that run. */
  async isMissed(id: string): Promise<boolean> {
    const views = await this.#views();
    return views.every(({ members }) =>
      members.every((member) => member.id !== id || member.state !== 'up'),
    );
  }

  view(member: number): Promise<View> {
    return ask(this.#addressOf(member), '/v1/members');
  }

  /** Who is there, and the table, as this member sees them. */
  async outlook(member: number): Promise<Outlook> {
    const { members } = await this.view(member);
    const { partitions } = await ask(this.#addressOf(member), '/v1/partitions');
    return {
      members: Object.fromEntries(members.map(({ id, state }) => [id, state])),
      rows: partitions.map(({ backups, partition, primary, inSync, term }) => {
        const copies = inSync.toSorted().join(' ');
        return `${backups}/${partition}: ${primary} in term ${term}, in sync ${copies}`;
      }),
    };
  }

  /** Whether the member leads the meta group, as it sees itself. */
  async roleOf(member: number): Promise<Role> {
    const { self, leader } = await this.view(member);
    return leader === self ? 'leader' : 'follower';
  }

  /** The number of whoever leads the meta group, where there is one that says so. */
  async leader(): Promise<number | undefined> {
    const roles = await Promise.all(this.#answering.map((member) => this.roleOf(member)));
    return this.#answering[roles.indexOf('leader')];
  }

  /** The number of the member that others find at this address. */
  memberAt(address: string): number {
    return this.#options.places.findIndex(({ advertise }) => advertise === address);
  }

  /** The table of the partitions with one backup, as one member sees it. */
  async rows(): Promise<Row[]> {
    const [first] = this.#answering;
    if (first === undefined) throw new Error('no member answers');
    const { members } = await this.view(first);
    const { partitions } = await ask(this.#addressOf(first), '/v1/partitions');
    const numberOf = (id: string | undefined) => {
      const name = members.find((member) => member.id === id)?.name;
      return this.running.find((member) => this.nameOf(member) === name);
    };
    const isHere = (member: number | undefined) => member !== undefined;
    return ofOneBackup(partitions).map(({ primary, inSync, term }) => ({
      primary: numberOf(primary),
      backups: inSync
        .filter((id) => id !== primary)
        .map(numberOf)
        .filter(isHere),
      term,
    }));
  }

  /** The row of the thing. */
  async rowOf(used: Used): Promise<Row> {
    const rows = await this.rows();
    const row = rows[partitionOf(hashOf(used), rows.length)];
    if (row === undefined) throw new Error('the table has no partitions with one backup');
    return row;
  }

  get #answering(): number[] {
    return this.running.filter((member) => !this.#stopped.has(member));
  }

  #views(): Promise<View[]> {
    return Promise.all(this.#answering.map((member) => this.view(member)));
  }

  /** Empty where there is one view. */
  async #disagreement(): Promise<string> {
    const views = await this.#views();
    const ids = views.map(({ self }) => self).sort();
    for (const { self, members } of views) {
      const seen = members.filter(({ state }) => state === 'up').map(({ id }) => id);
      if (seen.sort().join() === ids.join() && members.length === views.length) continue;
      return `${self} sees ${members.map(({ name, state }) => `${name} ${state}`).join(', ')}`;
    }
    return '';
  }

  async #missingCopies(): Promise<string> {
    for (const member of this.#answering) {
      const { ok } = await fetch(`http://${this.#addressOf(member)}/safez`);
      if (!ok) return `${this.nameOf(member)} says that copies are missing`;
    }
    return '';
  }

  async #difference(): Promise<string> {
    const digests = new Map<string, string>();
    for (const member of this.#answering) {
      const { self } = await this.view(member);
      for (const { partition, last, digest } of await this.process(member).digests()) {
        digests.set(`${self} ${partition}`, `${digest} at ${last}`);
      }
    }
    const [first] = this.#answering;
    const { partitions } = await ask(this.#addressOf(first ?? 0), '/v1/partitions');
    const perGroup = ofOneBackup(partitions).length;
    for (const { backups, partition, inSync } of partitions) {
      const id = partitionIdOf(backups, partition, perGroup);
      const found = inSync.map((member) => digests.get(`${member} ${id}`));
      if (new Set(found).size > 1) return `partition ${partition}: ${found.join(', ')}`;
    }
    return '';
  }

  async #orphan(): Promise<string> {
    const [first] = this.#answering;
    const { partitions } = await ask(this.#addressOf(first ?? 0), '/v1/partitions');
    const perGroup = ofOneBackup(partitions).length;
    for (const member of this.#answering) {
      const { self } = await this.view(member);
      const digests = await this.process(member).digests();
      const held = new Set(digests.map(({ partition }) => partition));
      const orphan = partitions.find(
        ({ backups, partition, inSync, learner }) =>
          held.has(partitionIdOf(backups, partition, perGroup)) &&
          !inSync.includes(self) &&
          learner !== self,
      );
      if (orphan !== undefined) return `${self} holds partition ${orphan.partition}`;
    }
    return '';
  }

  #setTraps(trap: Trap | undefined): void {
    const each = [...this.#running];
    const pids = Object.fromEntries(
      each.map(([member, process]) => [this.nameOf(member), process.pid ?? 0]),
    );
    if (trap !== undefined) this.#traps++;
    const lock = join(this.#options.folder, `trap-${this.#traps}`);
    // That of an earlier run. While a trap is taken away it may still spring elsewhere: that lock stays.
    if (trap !== undefined) rmSync(lock, { force: true });
    for (const [, process] of each) process.setTrap({ trap, pids, lock });
  }

  #addressOf(member: number): string {
    const { host, port } = (this.#options.places[member] as Place).listen;
    return `${host}:${port}`;
  }
}

/** Resolves when a look finds nothing amiss; what it found last is told at the end. */
async function untilNothing(
  look: () => Promise<string>,
  what: string,
  deadlineMs: number,
): Promise<void> {
  let amiss = '';
  const isSo = async () => {
    amiss = await look();
    return amiss === '';
  };
  await until(isSo, () => `${what}; ${amiss}`, deadlineMs);
}

function ofOneBackup(partitions: readonly PartitionRow[]): readonly PartitionRow[] {
  return partitions.filter(({ backups }) => backups === 1);
}

function hashOf({ on, key }: Used): number {
  return on === 'topic' ? topicHash(key) : encodeKey(key, defaultLimits).hash;
}

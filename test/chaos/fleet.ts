/** The members of a run: started, ended, and asked over HTTP what they see. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { partitionOf } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { type Answers, ask } from '../../src/cli/ask.ts';
import type { JoinOptions } from '../../src/grid.ts';
import { topicHash } from '../../src/structures/topic/topic-source.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { MemberProcess } from './member-process.ts';
import type { Place } from './proxied-network.ts';
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

type View = Answers['/v1/members'];

const names = ['ann', 'bob', 'cleo', 'dan', 'eve', 'finn', 'gus', 'hal', 'ida', 'jon'];
const startMs = 60_000;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #running = new Map<number, MemberProcess>();

  constructor(options: FleetOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true });
  }

  /** The numbers of those that run. */
  get running(): number[] {
    return [...this.#running.keys()];
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

  /** Resolves when it is in the grid. */
  async start(member: number): Promise<void> {
    const { places, cluster, join: shared, folder, onUnexpected } = this.#options;
    const { listen, advertise, dialFrom } = places[member] as Place;
    const seeds = places.map((place) => place.advertise).filter((other) => other !== advertise);
    const name = this.nameOf(member);
    const process = new MemberProcess(
      { ...shared, cluster, name, listen, advertise, seeds, dialFrom },
      join(folder, `${name}.log`),
      onUnexpected,
    );
    this.#running.set(member, process);
    await process.ready;
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(member: number): Promise<void> {
    const process = this.#running.get(member);
    this.#running.delete(member);
    await process?.kill();
  }

  async killAll(): Promise<void> {
    await Promise.all(this.running.map((member) => this.kill(member)));
  }

  /** Resolves when all that run see each other and nobody else, up, with every copy in sync. */
  async settled(deadlineMs = startMs): Promise<void> {
    let state = '';
    const isSettled = async () => {
      state = await this.#unsettled();
      return state === '';
    };
    await until(isSettled, () => `a grid that is settled; ${state}`, deadlineMs);
  }

  /** Whether one that is gone is no longer taken for one that is up, by any that run. */
  async isMissed(id: string): Promise<boolean> {
    const views = await Promise.all(this.running.map((member) => this.view(member)));
    return views.every(({ members }) =>
      members.every((member) => member.id !== id || member.state !== 'up'),
    );
  }

  view(member: number): Promise<View> {
    return ask(this.#addressOf(member), '/v1/members');
  }

  /** Who is primary of the thing, as the first that runs sees it; undefined where nobody is. */
  async ownerOf(used: Used): Promise<number | undefined> {
    const [first] = this.running;
    if (first === undefined) return undefined;
    const address = this.#addressOf(first);
    const { members } = await ask(address, '/v1/members');
    const { partitions } = await ask(address, '/v1/partitions');
    const rows = partitions.filter(({ backups }) => backups === 1);
    const at = partitionOf(hashOf(used), rows.length);
    const { primary } = rows.find(({ partition }) => partition === at) ?? {};
    const owner = members.find(({ id }) => id === primary)?.name;
    return this.running.find((member) => this.nameOf(member) === owner);
  }

  /** Why it is not settled; empty where it is. */
  async #unsettled(): Promise<string> {
    const views = await Promise.all(this.running.map((member) => this.view(member)));
    const ids = views
      .map(({ self }) => self)
      .sort()
      .join();
    for (const { self, members } of views) {
      const seen = members.filter(({ state }) => state === 'up').map(({ id }) => id);
      if (seen.sort().join() !== ids || members.length !== views.length) {
        return `${self} sees ${members.map(({ name, state }) => `${name} ${state}`).join(', ')}`;
      }
    }
    for (const member of this.running) {
      const { ok } = await fetch(`http://${this.#addressOf(member)}/safez`);
      if (!ok) return `${this.nameOf(member)} says that copies are missing`;
    }
    return '';
  }

  #addressOf(member: number): string {
    const { host, port } = (this.#options.places[member] as Place).listen;
    return `${host}:${port}`;
  }
}

function hashOf({ on, key }: Used): number {
  return on === 'topic' ? topicHash(key) : encodeKey(key, defaultLimits).hash;
}

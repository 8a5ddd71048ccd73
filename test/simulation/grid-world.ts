/**
 * Whole members and light clients in a simulated world: the real code from the transport up, on virtual time.
 */
import type { Clock } from '../../src/base/clock.ts';
import type { Address, PartitionId } from '../../src/base/ids.ts';
import { defaultLimits, type Limits } from '../../src/base/limits.ts';
import type { Random } from '../../src/base/random.ts';
import { presets, type Timings } from '../../src/base/timings.ts';
import type { MergePolicy } from '../../src/grid-merge.ts';
import type { Inheritance } from '../../src/member/inheritance.ts';
import { Member } from '../../src/member/member.ts';
import type { MemberSettings } from '../../src/member/member-settings.ts';
import type { Dialect } from '../../src/partition/dialect.ts';
import type { SplitBrain } from '../../src/partition/meta-state.ts';
import type { MoveStep } from '../../src/partition/move-steps.ts';
import { copiesToCome, type PlacementOptions, plan } from '../../src/partition/placement.ts';
import type { Router } from '../../src/partition/router-port.ts';
import { structureTypes } from '../../src/structures/registry.ts';
import type { ProcessParts, SimProcess } from '../../src/testing/sim-process.ts';
import type { SimTransport } from '../../src/testing/sim-transport.ts';
import { World, type WorldOptions } from '../../src/testing/world.ts';
import type { Refusal } from '../../src/wire/op-messages.ts';
import {
  ClientLooks,
  type ClientProgram,
  letClientsIn,
  type Routing,
  type StructureName,
  startClient,
  urlOf,
} from './grid-client.ts';

export interface GridShape {
  readonly members: number;
  readonly lite: number;
  readonly partitions: number;
  readonly backups: number;
  /** @default 1 */
  readonly minInSync?: number;
  /** Beside those of the preset `lan`. */
  readonly timings?: Partial<Timings>;
  /** 0 where members name none. */
  readonly zones: number;
  readonly limits: Limits;
  /** One light client each. */
  readonly clients: readonly Routing[];
  /** @default 'auto' */
  readonly splitBrain?: SplitBrain;
  /**
   * `expect` of those that are started later. @default they only join: more than half of `expect` that start
   * anew while they are cut off from a grid that has shrunk take themselves for its beginning (docs/decisions/0004)
   */
  readonly lateExpect?: number;
  /** @default none */
  readonly mergePolicies?: Readonly<Record<string, MergePolicy>>;
  /** @default 'fail' */
  readonly onPartitionLost?: 'fail' | 'recreate';
  /** The version that the process at an address is started in. @default that of this code */
  readonly dialectOf?: (address: Address) => Dialect;
}

/** A plan that nothing hinders. */
const levelled: PlacementOptions = {
  slow: new Set(),
  mayMove: true,
  mayHandOver: true,
  copiesMax: 4,
  isOverdue: () => false,
  hasFailed: () => false,
};

/** Of members that come into a grid that is there: more than there ever are. */
const lateExpect = 100;

/** Small bounds, so that what is rare in production is common here. */
export function drawShape(random: Random): GridShape {
  const members = random.pick([3, 3, 3, 3, 4, 4, 5, 5, 6, 7]);
  const backups = random.pick([0, 1, 1, 1, 1, 1, 2, 2, 2, 3]);
  return {
    members,
    lite: random.pick([0, 0, 1]),
    partitions: random.pick([1, 3, 5, 7]),
    backups,
    minInSync: 1 + random.below(Math.min(backups, 2) + 1),
    timings: {
      leaseMs: random.pick([900, 1_500, 1_500, 3_000]),
      rebalanceDelayMs: random.pick([1_000, 5_000, 30_000]),
    },
    zones: random.pick([0, 0, 2, 3]),
    splitBrain: random.pick(['auto', 'consistency']),
    // Two that come late, expect no more than each other and are cut off begin a cluster of their own (decision 4).
    lateExpect,
    clients: random.pick<Routing[]>([['direct'], ['gateway'], ['direct', 'gateway', 'gateway']]),
    limits: {
      ...defaultLimits,
      opsInFlightMax: random.pick([16, 512]),
      opsQueuedMax: random.pick([64, 100_000]),
      partitionQueueMax: random.pick([8, 64, 16_384]),
      changesInFlightMax: random.pick([4, 16, 1_024]),
      changeBytesInFlightMax: random.pick([4_096, 4_194_304, 4_194_304]),
      copyChunkBytes: random.pick([64, 512, 65_536]),
      copyChunksInFlightMax: random.pick([1, 4]),
      copySessionsMax: random.pick([1, 4]),
    },
  };
}

/** Whoever can call the grid: a process that is a member, or a light client. */
export interface Caller {
  readonly router: Router;
  readonly clock: Clock;
}

/** One life of a member's process, and what a harness wants to know of it. */
export interface Program extends Caller {
  readonly member: Member;
  readonly transport: SimTransport;
  readonly stops: string[];
}

/** Whom a primary answers: callers of another member, of its own process, or light clients attached to it. */
export type Answered = 'toMembers' | 'toOwnCallers' | 'toOwnClients';

export class GridWorld {
  readonly world: World;
  readonly shape: GridShape;
  /** Those of members, or that are to be: who has left is none of them. */
  readonly processes: SimProcess<Program>[] = [];
  readonly clients: SimProcess<ClientProgram>[] = [];
  /** Told right before each step of a move, and in which process. */
  onStep: ((where: Address, step: MoveStep, partition: PartitionId) => void) | undefined;
  /** Told of each answer that a primary gives, but to other members: those pass the network. */
  onAnswer: ((where: Address, whom: Answered) => void) | undefined;
  /** Told of each change that a member has applied to its copy of the table, and of which. */
  onTable: ((where: Address) => void) | undefined;
  /** Told of each request of a caller that its own process refuses. */
  onRefusal: ((reason: Refusal) => void) | undefined;
  readonly clientLooks = new ClientLooks();
  /** At which version of its row a set in sync was last proposed to shrink; until there is a later one, it may. */
  readonly shrinks = new Map<PartitionId, number>();
  readonly #used: StructureName[] = [];
  /** What identities left to the next of their process. */
  readonly successions: Inheritance[] = [];
  /** Processes that were told to leave, whether or not anybody has heard of it. */
  readonly leavers = new Set<SimProcess<Program>>();
  /** What members were told of clusters that were formed apart and hold something too. */
  readonly aparts: { readonly address: Address; readonly lineage: string }[] = [];
  /** The process that is about to start was in a cluster before, and only joins (grid-member.ts). */
  #isReturning = false;
  /** For the process that is about to start. */
  #inheritance: Inheritance | undefined;

  constructor(seed: number, shape: GridShape, options: WorldOptions) {
    this.world = new World(seed, options);
    this.shape = shape;
    const total = shape.members + shape.lite;
    for (let index = 0; index < total; index++) this.add(index < shape.members);
    for (const [index, routing] of shape.clients.entries()) {
      const start = (parts: ProcessParts) =>
        startClient(parts, {
          // Whoever starts it knows who is there.
          urls: this.processes.map(({ address }) => urlOf(address)),
          routing,
          limits: shape.limits,
          looks: this.clientLooks,
          used: this.#used,
        });
      this.clients.push(this.world.spawn(`c${index + 1}`, start));
    }
  }

  /** A process of a member, at an address that nobody has had before. */
  add(isData: boolean): SimProcess<Program> {
    const number = this.world.processes.length + 1;
    const { zones } = this.shape;
    const zone = zones === 0 ? '' : `z${number % zones}`;
    const start = (parts: ProcessParts) => this.#start(parts, isData, zone);
    const process = this.world.spawn(`m${number}`, start);
    this.processes.push(process);
    return process;
  }

  get #firstAddresses(): Address[] {
    return Array.from({ length: this.shape.members }, (_, at) => addressOf(at + 1));
  }

  /** Whether every client that is up has heard of one of these members at least, by its URLs or its table. */
  isKnownToClients(members: readonly SimProcess<Program>[]): boolean {
    return this.clients.every((client) => {
      if (!client.isUp) return true;
      const { urls, session } = client.program;
      const told = session.table.latest?.members ?? [];
      return members.some(
        ({ address }) =>
          urls.includes(urlOf(address)) || told.some((member) => member.address === address),
      );
    });
  }

  /** All processes through which the grid can be called. */
  get callers(): readonly SimProcess<Caller>[] {
    return [...this.processes, ...this.clients];
  }

  /** Whether a process that is down is one that ought to be up: who has left stays away until it is asked. */
  mayRestart(name: string): boolean {
    return this.callers.some((process) => process.name === name && !process.isUp);
  }

  /** The programs of the processes that are up. */
  get programs(): Program[] {
    return this.processes.filter(({ isUp }) => isUp).map(({ program }) => program);
  }

  get members(): Member[] {
    return this.programs.map(({ member }) => member);
  }

  /** The member whose copy of the table is the newest. */
  get newest(): Member | undefined {
    let newest: Member | undefined;
    for (const member of this.members) {
      if (newest === undefined || member.state.applied > newest.state.applied) newest = member;
    }
    return newest;
  }

  get isSafe(): boolean {
    const { members } = this;
    const all = this.processes.length;
    return (
      members.length === all &&
      members.every(
        (member) => member.isReady && member.isSafe && member.state.members.size === all,
      )
    );
  }

  /** Whether every copy is where it belongs, with nothing left to level. */
  get isLevel(): boolean {
    const { newest } = this;
    if (newest === undefined || copiesToCome(newest.state) > 0) return false;
    return plan(newest.state, levelled).length === 0;
  }

  /** Runs until every member is ready and every copy in sync. */
  settle(withinMs: number): boolean {
    return this.world.runUntil(() => this.isSafe, this.world.now + withinMs, 50);
  }

  /** Makes a structure, and waits until all processes know it. */
  define(type: string, name: string, options: Readonly<Record<string, unknown>> = {}): void {
    const { backups } = this.shape;
    const [first] = this.processes;
    first?.run(({ router }) => router.define(type, name, { backups, ...options }, () => {}));
    const isKnown = (process: SimProcess<Caller>) =>
      process.isUp && process.program.router.structure(type, name) !== undefined;
    this.#await(() => this.processes.every(isKnown), `the ${type} ${name} was not defined`);
    // Only now: clients ask for no options, and whoever comes first decides.
    this.#used.push({ type, name });
    this.#await(() => this.clients.every(isKnown), `clients do not know the ${type} ${name}`);
  }

  #await(isSo: () => boolean, otherwise: string): void {
    // A link that is half-open for data alone is found within 9 s.
    if (!this.world.runUntil(isSo, this.world.now + 20_000)) throw new Error(otherwise);
  }

  #start(parts: ProcessParts, isData: boolean, zone: string): Program {
    const stops: string[] = [];
    const inheritance = this.#inheritance;
    const { backups, minInSync = 1, partitions, limits, members } = this.shape;
    const late = this.shape.lateExpect ?? Number.POSITIVE_INFINITY;
    const atFirst = this.world.now > 0 ? late : members;
    const expect = this.#isReturning ? Number.POSITIVE_INFINITY : atFirst;
    const known = this.processes.map(({ address }) => address);
    const settings: MemberSettings = {
      cluster: 'simulated',
      name: parts.address,
      zone,
      data: isData,
      weight: 1,
      seeds: [...new Set([...this.#firstAddresses, ...known])],
      mayFormAlone: false,
      expect: isData ? expect : expect + 1,
      backups,
      minInSync,
      partitions,
      onPartitionLost: this.shape.onPartitionLost ?? 'fail',
      splitBrain: this.shape.splitBrain ?? 'auto',
      timings: { ...presets.lan, ...this.shape.timings },
      limits,
    };
    const { mergePolicies = {} } = this.shape;
    const beforeStep = (step: MoveStep, partition: PartitionId) => {
      const version = member.host.find(partition)?.replica.state.row?.version ?? 0;
      if (step === 'shrink') this.shrinks.set(partition, version);
      this.onStep?.(parts.address, step, partition);
    };
    const dialect = this.shape.dialectOf?.(parts.address);
    const own = { ...parts, inheritance, mergePolicies, beforeStep, dialect };
    const member = new Member(own, settings, structureTypes, {
      onTable: () => this.onTable?.(parts.address),
      onSwim: () => {},
      onStopped: (reason, error) => {
        stops.push(`${reason} ${error instanceof Error ? error.stack : String(error)}`);
        if (reason === 'failed') throw error;
        const { unfinished } = member;
        // What grid-member.ts does, or a supervisor of processes: a new one comes in its place.
        if (unfinished !== undefined) this.#succeed(parts.address, unfinished);
        else this.#replace(parts.address);
      },
      onSucceeded: (next) => this.#succeed(parts.address, next),
      onApart: (lineage) => {
        this.aparts.push({ address: parts.address, lineage });
      },
    });
    letClientsIn(member, parts, this.clientLooks, (at) => this.onAnswer?.(at, 'toOwnClients'));
    const { transport, clock } = parts;
    watchOwnAnswers(member, transport, {
      answered: () => this.onAnswer?.(parts.address, 'toOwnCallers'),
      refused: (reason) => this.onRefusal?.(reason),
    });
    return { member, transport, router: member.router, clock, stops };
  }

  /** What grid-member.ts does: the process goes on under a new identity, with what the old one had. */
  #succeed(address: Address, inheritance: Inheritance): void {
    this.world.note('succession', address);
    this.successions.push(inheritance);
    this.#renew(address, (process) => {
      this.#isReturning = true;
      this.#inheritance = inheritance;
      process.crash();
      process.start();
      this.#inheritance = undefined;
      this.#isReturning = false;
    });
  }

  #replace(address: Address): void {
    this.#renew(address, ({ name }) => {
      this.#isReturning = true;
      this.world.crash(name);
      this.world.restart(name);
      this.#isReturning = false;
    });
  }

  #renew(address: Address, act: (process: SimProcess<Program>) => void): void {
    const process = this.processes.find((candidate) => candidate.address === address);
    if (process === undefined) return;
    const { starts } = process;
    this.world.after(10, () => {
      if (!process.isUp || process.starts !== starts) return;
      act(process);
    });
  }
}

interface OwnAnswers {
  answered(): void;
  refused(reason: Refusal): void;
}

/** What the callers of a member are told that no other process has sent, and what they read on the spot. */
function watchOwnAnswers(
  { calls, router }: Member,
  transport: SimTransport,
  { answered, refused }: OwnAnswers,
): void {
  const takeReply = calls.replied.bind(calls);
  calls.replied = (message) => {
    if (transport.delivering !== message) answered();
    takeReply(message);
  };
  const takeRefusal = calls.refused.bind(calls);
  calls.refused = (message) => {
    if (transport.delivering !== message) refused(message.reason);
    takeRefusal(message);
  };
  const glance = router.glance.bind(router);
  router.glance = (...given) => {
    const seen = glance(...given);
    if (seen !== undefined) answered();
    return seen;
  };
}

function addressOf(number: number): Address {
  return `10.0.0.${number}:7000` as Address;
}

/**
 * A Raft group under random faults, in virtual time, with an event loop of its own.
 *
 * Every step is held against `RaftPromises`, and against one more: that a leader's fresh contact excludes
 * a successor. Crashes kill for ever; a new member takes the place.
 */
import type { MemberId } from '../../src/base/ids.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { type ConfigChange, changed, majorityOf } from '../../src/consensus/config.ts';
import type { RaftAction, RaftActions, RaftRestore } from '../../src/consensus/raft-actions.ts';
import { RaftCore } from '../../src/consensus/raft-core.ts';
import type { RaftConfig, RaftEntry, RaftMessage } from '../../src/wire/consensus-messages.ts';
import { EventQueue } from './event-queue.ts';
import { check, RaftPromises } from './raft-promises.ts';
import { calm, type Faults, type Weather, weatherOf } from './raft-weather.ts';

interface Host {
  readonly id: MemberId;
  readonly core: RaftCore;
  /** Clocks start anywhere; they only run at the same rate. */
  readonly clockOffset: number;
  isCrashed: boolean;
  pausedUntil: number;
  pausedForMs: number;
  applied: number;
  hash: number;
}

type Event =
  | { readonly kind: 'tick'; readonly host: Host }
  | {
      readonly kind: 'message';
      readonly host: Host;
      readonly from: MemberId;
      readonly message: RaftMessage;
    };

export interface Counts {
  elections: number;
  commits: number;
  restores: number;
  chunks: number;
  configs: number;
  pairs: number;
  crashes: number;
  transfers: number;
  rivals: number;
  overloads: number;
}

export class RaftWorld {
  readonly counts: Counts = {
    elections: 0,
    commits: 0,
    restores: 0,
    chunks: 0,
    configs: 0,
    pairs: 0,
    crashes: 0,
    transfers: 0,
    rivals: 0,
    overloads: 0,
  };
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #promises = new RaftPromises();
  readonly #hosts = new Map<MemberId, Host>();
  readonly #queue = new EventQueue<Event>();
  #now = 0;
  #steps = 0;
  #faults: Faults = calm;
  readonly #sides = new Map<MemberId, number>();
  #nextId = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#weather = weatherOf(this.#random);
    this.#addHost('bootstrap');
    for (let more = 2 + this.#random.below(3); more > 0; more--) this.#addHost('join');
  }

  get now(): number {
    return this.#now;
  }

  /** Lets the group grow, then lets faults loose on it. */
  runWithFaults(ms: number): void {
    this.#runUntil(this.#now + 2_500, () => this.#grow());
    this.#faults = this.#weather;
    this.#runUntil(this.#now + ms, () => this.#disturb());
  }

  /** Faults stop; a group with a living majority has to come to one mind and stay there. */
  settle(): void {
    this.#faults = calm;
    this.#sides.clear();
    this.#runUntil(this.#now + 9_000, () => {});
    const leader = this.#soleLeader();
    const { term } = leader.core;
    const last = this.#propose(leader);
    check(last !== undefined, `${leader.id} takes no proposal after the faults`);
    this.#runUntil(this.#now + 2_000, () => {});
    this.counts.commits = this.#promises.newest.entry.index;
    this.counts.configs = this.#promises.configs;
    this.counts.pairs = this.#promises.pairs;
    check(this.#soleLeader().core.term === term, 'leadership changes without a fault');
    for (const id of [...leader.core.config.voters, ...leader.core.config.learners]) {
      const host = this.#host(id);
      if (host.isCrashed) continue;
      check(host.applied === leader.applied, `${id} stops at ${host.applied} of ${last}`);
      check(host.hash === leader.hash, `${id} has another state`);
    }
  }

  #addHost(kind: 'bootstrap' | 'join'): void {
    const id = `m${this.#nextId++}` as MemberId;
    const options = {
      self: id,
      random: seededRandom(this.#random.below(2 ** 31)),
      ...this.#weather.timings,
      snapshotEvery: 24,
      snapshotBytes: 4_000,
      uncommittedMax: 20,
      batchEntries: 4,
      batchBytes: 200,
      inFlightMax: 3,
      chunkBytes: 9,
    };
    const host: Host = {
      id,
      core: new RaftCore(options, { kind }),
      clockOffset: this.#random.below(100_000),
      isCrashed: false,
      pausedUntil: 0,
      pausedForMs: 0,
      applied: 0,
      hash: 17,
    };
    this.#hosts.set(id, host);
    this.#queue.push(this.#now + this.#random.below(this.#weather.tickMs), { kind: 'tick', host });
  }

  #runUntil(end: number, act: () => void): void {
    let actAt = this.#now;
    for (let at = this.#queue.nextAt(); at <= end; at = this.#queue.nextAt()) {
      const event = this.#queue.pop();
      this.#now = at;
      if (at >= actAt) {
        act();
        actAt = at + 60 + this.#random.below(120);
      }
      this.#handle(event);
    }
    this.#now = end;
  }

  #handle(event: Event): void {
    const { host } = event;
    if (host.isCrashed) return;
    if (host.pausedUntil > this.#now) {
      this.#queue.push(host.pausedUntil, event);
      return;
    }
    const out: RaftActions = [];
    const now = this.#now + host.clockOffset;
    if (event.kind === 'tick') {
      // A stall is not always noticed in time.
      const stallMs = this.#random.next() < 0.5 ? host.pausedForMs : 0;
      host.pausedForMs = 0;
      host.core.tick(now, stallMs, out);
      this.#queue.push(this.#now + this.#weather.tickMs, event);
    } else {
      host.core.receive(event.from, event.message, now, out);
    }
    this.#carryOut(host, out);
    this.#afterStep(host);
  }

  #carryOut(host: Host, out: RaftActions): void {
    for (const action of out) this.#act(host, action);
  }

  #act(host: Host, action: RaftAction): void {
    switch (action.kind) {
      case 'send':
        this.#send(host, action.to, action.message);
        break;
      case 'commit':
        this.#apply(host, action.entry);
        break;
      case 'restore':
        this.#restore(host, action);
        break;
      case 'take-snapshot': {
        const bytes = new TextEncoder().encode(`snapshot:${host.applied}:${host.hash}`);
        host.core.provideSnapshot(host.applied, bytes);
        break;
      }
      case 'role':
        if (action.role !== 'leader') return;
        this.counts.elections++;
        this.#promises.leads(host.id, host.core);
    }
  }

  #send(host: Host, to: MemberId, message: RaftMessage): void {
    this.#promises.sent(host.id, to, message);
    if (message.kind === 'raft.snapshot') this.counts.chunks++;
    const receiver = this.#hosts.get(to);
    const isCut = (this.#sides.get(host.id) ?? 0) !== (this.#sides.get(to) ?? 0);
    if (receiver === undefined || isCut || this.#random.next() < this.#faults.loss) return;
    const copies = this.#random.next() < this.#faults.duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const isLate = this.#random.next() < this.#faults.delayed;
      const delayMs = isLate ? this.#random.next() * 1_500 : 0.5 + this.#random.next() * 4;
      const event: Event = { kind: 'message', host: receiver, from: host.id, message };
      this.#queue.push(this.#now + delayMs, event);
    }
  }

  #apply(host: Host, entry: RaftEntry): void {
    const { index } = entry;
    check(index === host.applied + 1, `${host.id} applies ${index} after ${host.applied}`);
    const agreed = this.#promises.applied(host.core, entry);
    host.applied = index;
    host.hash = agreed.hash;
  }

  #restore(host: Host, { index, bytes, config }: RaftRestore): void {
    const [, at, hash] = new TextDecoder().decode(bytes).split(':').map(Number);
    const agreed = this.#promises.agreedAt(index);
    check(at === index && agreed.hash === hash, `${host.id} restores another state`);
    check(index > host.applied, `${host.id} goes back to ${index}`);
    const isAgreed = JSON.stringify(config) === JSON.stringify(agreed.config);
    check(isAgreed, `${host.id} restores another config`);
    host.applied = index;
    host.hash = agreed.hash;
    this.counts.restores++;
  }

  #afterStep(host: Host): void {
    const { commit, lastIndex } = host.core;
    check(commit === host.applied && commit <= lastIndex, `${host.id} loses count`);
    this.#checkContact();
    if (++this.#steps % 64 === 0)
      for (const each of this.#hosts.values()) this.#promises.log(each.id, each.core);
  }

  /** Nobody leads in a later term while a majority still holds on to this leader. */
  #checkContact(): void {
    const leaders = this.#living().filter(({ core }) => core.role === 'leader');
    if (leaders.length < 2) return;
    this.counts.rivals++;
    const term = Math.max(...leaders.map(({ core }) => core.term));
    for (const { id, core, clockOffset } of leaders) {
      if (core.term === term) continue;
      const now = this.#now + clockOffset;
      const contactAt = core.contactAt(now) ?? Number.NEGATIVE_INFINITY;
      check(
        now - contactAt >= this.#weather.timings.electionMinMs,
        `${id} claims contact in ${core.term}`,
      );
    }
  }

  #grow(): void {
    for (const host of this.#living()) {
      if (host.core.role !== 'leader') continue;
      if (this.#random.next() < 0.7) this.#changeConfig(host);
      this.#propose(host);
    }
  }

  #disturb(): void {
    const hosts = this.#living();
    const host = this.#random.pick(hosts);
    const chance = this.#random.next();
    const { pause, cut, heal, crash } = this.#faults;
    if (chance < pause) this.#pause(host);
    else if (chance < pause + cut) this.#cut();
    else if (chance < pause + cut + heal) this.#sides.clear();
    else if (chance < pause + cut + heal + crash) this.#crash(host);
    for (const each of hosts) {
      const isRunning = !each.isCrashed && each.pausedUntil <= this.#now;
      if (each.core.role === 'leader' && isRunning) this.#work(each);
    }
  }

  #work(leader: Host): void {
    for (let more = this.#random.below(8); more > 0; more--) this.#propose(leader);
    const chance = this.#random.next();
    if (chance < 0.25) this.#changeConfig(leader);
    if (chance > 0.97) this.#transfer(leader);
  }

  #propose(host: Host): number | undefined {
    const out: RaftActions = [];
    const body = Uint8Array.from({ length: 4 }, () => this.#random.below(256));
    const proposed = host.core.propose(body, this.#now + host.clockOffset, out);
    this.#carryOut(host, out);
    if (proposed === 'overloaded') this.counts.overloads++;
    return typeof proposed === 'string' ? undefined : proposed.index;
  }

  #transfer(leader: Host): void {
    const out: RaftActions = [];
    const to = this.#random.pick(leader.core.config.voters);
    const isBegun = leader.core.transferTo(to, this.#now + leader.clockOffset, out);
    if (isBegun) this.counts.transfers++;
    this.#carryOut(leader, out);
  }

  #pause(host: Host): void {
    host.pausedForMs = 100 + this.#random.below(2_000);
    host.pausedUntil = this.#now + host.pausedForMs;
  }

  /** Between two random sides, or around those who lead. */
  #cut(): void {
    const isAroundLeaders = this.#random.next() < 0.5;
    for (const { id, core } of this.#hosts.values()) {
      const side = isAroundLeaders ? Number(core.role === 'leader') : this.#random.below(2);
      this.#sides.set(id, side);
    }
  }

  /** Only a minority of every config that may still come to count. */
  #crash(host: Host): void {
    host.isCrashed = true;
    if (this.#configsInPlay().every((config) => this.#hasLivingMajority(config))) {
      this.counts.crashes++;
      this.#addHost('join');
    } else {
      host.isCrashed = false;
    }
  }

  #configsInPlay(): RaftConfig[] {
    const held = this.#living().map(({ core }) => core.config);
    const configs = [this.#promises.newest.config, ...held, ...this.#promises.openConfigs()];
    return configs.filter(({ voters }) => voters.length > 0);
  }

  #hasLivingMajority(config: RaftConfig): boolean {
    const living = config.voters.filter((voter) => !this.#host(voter).isCrashed);
    return living.length >= majorityOf(config);
  }

  /** What an operator would do, and now and then what he had better not. */
  #changeConfig(leader: Host): void {
    const { voters, learners } = leader.core.config;
    const all = [...this.#hosts.values()];
    const strangers = all.filter(
      ({ id, isCrashed }) => !isCrashed && !voters.includes(id) && !learners.includes(id),
    );
    const dead = [...voters, ...learners].filter((id) => this.#host(id).isCrashed);
    const changes: ConfigChange[] = [
      ...strangers.map(({ id }) => ({ kind: 'add-learner', member: id }) as const),
      ...dead.map((member) => ({ kind: 'remove', member }) as const),
    ];
    if (voters.length < 5) {
      changes.push(...learners.map((member) => ({ kind: 'promote', member }) as const));
    }
    if (voters.length === 1 && learners.length > 1) {
      const [member, other] = this.#random.shuffle([...learners]);
      if (member !== undefined && other !== undefined) {
        changes.push({ kind: 'promote-pair', member, other });
      }
    }
    if (voters.length > 3) {
      const kind = this.#random.pick(['demote', 'remove'] as const);
      changes.push({ kind, member: this.#random.pick(voters) });
    }
    if (changes.length > 0) this.#begin(leader, this.#random.pick(changes));
  }

  #begin(leader: Host, change: ConfigChange): void {
    const config = changed(leader.core.config, change);
    if (config === undefined || !this.#hasLivingMajority(config)) return;
    const out: RaftActions = [];
    leader.core.changeConfig(change, this.#now + leader.clockOffset, out);
    this.#carryOut(leader, out);
  }

  #soleLeader(): Host {
    const leaders = this.#living().filter(({ core }) => core.role === 'leader');
    const all = this.#living().map(({ id, core }) => {
      const { voters, learners } = core.config;
      return `${id} ${core.role} ${core.term} ${core.commit}/${core.lastIndex} (${voters} | ${learners})`;
    });
    check(leaders.length === 1, `${leaders.length} leaders: ${all.join('; ')}`);
    return leaders[0]!;
  }

  #living(): Host[] {
    return [...this.#hosts.values()].filter(({ isCrashed }) => !isCrashed);
  }

  #host(id: MemberId): Host {
    return this.#hosts.get(id)!;
  }
}

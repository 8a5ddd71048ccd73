/**
 * A Raft group for scripts: messages arrive at once and in order, unless the script drops them, and time
 * passes only when the script says so.
 */
import type { MemberId } from '../../src/base/ids.ts';
import { seededRandom } from '../../src/base/random.ts';
import { encodeConfig } from '../../src/consensus/config.ts';
import type { RaftAction, RaftActions } from '../../src/consensus/raft-actions.ts';
import { RaftCore } from '../../src/consensus/raft-core.ts';
import { defaultRaftLimits, type RaftOptions } from '../../src/consensus/raft-options.ts';
import type { RaftConfig, RaftEntry, RaftMessage } from '../../src/wire/consensus-messages.ts';

export const heartbeatMs = 150;
export const electionMinMs = 600;
export const electionMaxMs = 1_000;
const tickMs = 50;

export function member(name: string): MemberId {
  return name as MemberId;
}

export function optionsOf(name: string, changes: Partial<RaftOptions> = {}): RaftOptions {
  const seed = [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
  const random = seededRandom(seed);
  const timings = { heartbeatMs, electionMinMs, electionMaxMs };
  return { self: member(name), random, ...timings, ...defaultRaftLimits, ...changes };
}

/** A log that begins with the config and goes on with empty commands of the given terms. */
export function entriesOf(
  voters: readonly string[],
  terms: readonly number[],
  learners: readonly string[] = [],
): RaftEntry[] {
  const config: RaftConfig = { voters: voters.map(member), learners: learners.map(member) };
  const body = encodeConfig(config);
  const commands = terms.map((term, at): RaftEntry => {
    return { index: at + 2, term, kind: 'command', body: new Uint8Array(0) };
  });
  return [{ index: 1, term: 1, kind: 'config', body }, ...commands];
}

export function appendOf(
  term: number,
  entries: readonly RaftEntry[],
  previous: readonly [index: number, term: number] = [0, 0],
  commit = 1,
): RaftMessage {
  const [previousIndex, previousTerm] = previous;
  return { kind: 'raft.append', term, round: 1, previousIndex, previousTerm, entries, commit };
}

/** Wants a vote for a log that ends so. */
export function voteOf(
  term: number,
  [lastIndex, lastTerm]: readonly [index: number, term: number],
  flags: { readonly pre?: boolean; readonly transfer?: boolean } = {},
): RaftMessage {
  const { pre = false, transfer = false } = flags;
  return { kind: 'raft.vote', term, pre, transfer, lastIndex, lastTerm };
}

type Filter = (from: string, to: string, message: RaftMessage) => boolean;

interface Seat {
  readonly core: RaftCore;
  isStopped: boolean;
  stallMs: number;
  applied: number;
  readonly commands: string[];
}

export class Group {
  now = 1_000;
  /** Every message that was sent, dropped or not. */
  readonly sent: { readonly from: string; readonly to: string; readonly message: RaftMessage }[] =
    [];
  readonly #seats = new Map<string, Seat>();
  readonly #options: Partial<RaftOptions>;
  readonly #queue: { from: string; to: string; message: RaftMessage }[] = [];
  #drops: Filter = () => false;
  #withholds = false;

  constructor(options: Partial<RaftOptions> = {}) {
    this.#options = options;
  }

  /** The first bootstraps and leads, the others were made voters one after the other. */
  static of(names: readonly string[], options: Partial<RaftOptions> = {}): Group {
    const group = new Group(options);
    const [first, ...others] = names as [string, ...string[]];
    group.seat(first, new RaftCore(optionsOf(first, options), { kind: 'bootstrap' }));
    group.pass(tickMs);
    for (const other of others) {
      group.join(other);
      group.change(first, 'add-learner', other);
      group.pass(heartbeatMs);
      group.change(first, 'promote', other);
      group.pass(heartbeatMs);
    }
    return group;
  }

  join(name: string): void {
    this.seat(name, new RaftCore(optionsOf(name, this.#options), { kind: 'join' }));
  }

  /** Sits down a member with a past: its log, and the last term that it knows of. */
  joinWith(name: string, entries: readonly RaftEntry[], term: number): void {
    this.join(name);
    // Nobody of the script leads in a term that has gone by.
    this.receive(name, 'past', appendOf(term, entries));
    this.#queue.length = 0;
  }

  seat(name: string, core: RaftCore): void {
    this.#seats.set(name, { core, isStopped: false, stallMs: 0, applied: 0, commands: [] });
  }

  core(name: string): RaftCore {
    return this.#seat(name).core;
  }

  /** The commands that a member has applied. */
  commands(name: string): string {
    return this.#seat(name).commands.join(' ');
  }

  terms(name: string): (number | undefined)[] {
    const { core } = this.#seat(name);
    return Array.from({ length: core.lastIndex }, (_, at) => core.termAt(at + 1));
  }

  leaders(): string[] {
    return [...this.#seats.keys()].filter((name) => this.core(name).role === 'leader');
  }

  propose(name: string, command: string): ReturnType<RaftCore['propose']> {
    const body = new TextEncoder().encode(command);
    return this.#step(name, (core, out) => core.propose(body, this.now, out));
  }

  change(
    name: string,
    kind: 'add-learner' | 'promote' | 'demote' | 'remove',
    who: string,
  ): boolean {
    const change = { kind, member: member(who) };
    return this.#step(name, (core, out) => core.changeConfig(change, this.now, out));
  }

  promotePair(name: string, who: string, other: string): boolean {
    const change = { kind: 'promote-pair', member: member(who), other: member(other) } as const;
    return this.#step(name, (core, out) => core.changeConfig(change, this.now, out));
  }

  transfer(name: string, to: string): boolean {
    return this.#step(name, (core, out) => core.transferTo(member(to), this.now, out));
  }

  receive(name: string, from: string, message: RaftMessage): void {
    this.#step(name, (core, out) => core.receive(member(from), message, this.now, out));
  }

  /** What a member answers to a message from outside the script. */
  answer(name: string, from: string, message: RaftMessage): RaftMessage | undefined {
    this.receive(name, from, message);
    return this.sent.at(-1)?.message;
  }

  tick(name: string): void {
    const { stallMs } = this.#seat(name);
    this.#step(name, (core, out) => core.tick(this.now, stallMs, out));
  }

  /** Time goes by, and everyone who runs is ticked. */
  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += tickMs;
      for (const [name, seat] of this.#seats) if (!seat.isStopped) this.tick(name);
    }
  }

  /** A stopped member does nothing and takes nothing in: dead, or asleep until `wake`. */
  stop(name: string): void {
    this.#seat(name).isStopped = true;
  }

  wake(name: string): void {
    this.#seat(name).isStopped = false;
  }

  stall(name: string, ms: number): void {
    this.#seat(name).stallMs = ms;
  }

  drop(filter: Filter): void {
    this.#drops = filter;
  }

  cut(...names: string[]): void {
    this.drop((from, to) => names.includes(from) !== names.includes(to));
  }

  heal(): void {
    this.drop(() => false);
  }

  /** The shells take no snapshots until `grantSnapshots`. */
  withholdSnapshots(): void {
    this.#withholds = true;
  }

  grantSnapshots(): void {
    this.#withholds = false;
  }

  #step<Result>(name: string, act: (core: RaftCore, out: RaftActions) => Result): Result {
    const out: RaftActions = [];
    const result = act(this.core(name), out);
    for (const action of out) this.#carryOut(name, action);
    this.#deliver();
    return result;
  }

  #carryOut(name: string, action: RaftAction): void {
    const seat = this.#seat(name);
    if (action.kind === 'send') {
      const letter = { from: name, to: action.to, message: action.message };
      this.sent.push(letter);
      this.#queue.push(letter);
    } else if (action.kind === 'commit') {
      seat.applied = action.entry.index;
      if (action.entry.kind !== 'command') return;
      seat.commands.push(new TextDecoder().decode(action.entry.body));
    } else if (action.kind === 'restore') {
      const all = new TextDecoder().decode(action.bytes);
      seat.applied = action.index;
      seat.commands.splice(0, seat.commands.length, ...all.split(' '));
    } else if (action.kind === 'take-snapshot' && !this.#withholds) {
      seat.core.provideSnapshot(seat.applied, new TextEncoder().encode(seat.commands.join(' ')));
    }
  }

  #deliver(): void {
    for (let letter = this.#queue.shift(); letter !== undefined; letter = this.#queue.shift()) {
      const { from, to, message } = letter;
      const seat = this.#seats.get(to);
      if (seat === undefined || seat.isStopped || this.#drops(from, to, message)) continue;
      this.#step(to, (core, out) => core.receive(member(from), message, this.now, out));
    }
  }

  #seat(name: string): Seat {
    const seat = this.#seats.get(name);
    if (seat === undefined) throw new Error(`nobody is called ${name}`);
    return seat;
  }
}

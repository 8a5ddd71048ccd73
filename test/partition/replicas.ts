/** Replicas of one partition that exchange their messages by hand: nothing arrives unless a test says so. */

import { GridError } from '../../src/base/errors.ts';
import { hashCount } from '../../src/base/hash.ts';
import type {
  MemberId,
  PartitionId,
  Sequence,
  StreamId,
  StructureId,
  Term,
  Version,
} from '../../src/base/ids.ts';
import { defaultLimits, type Limits } from '../../src/base/limits.ts';
import { presets } from '../../src/base/timings.ts';
import { Content } from '../../src/partition/content.ts';
import { DedupeBudget } from '../../src/partition/dedupe-table.ts';
import { generationSpan, type PartitionRow } from '../../src/partition/meta-state.ts';
import { Replica } from '../../src/partition/replica.ts';
import type { Actions, ReplicaAction, ReplicaMessage } from '../../src/partition/replica-state.ts';
import type { Offer, Store, StructureType } from '../../src/partition/store.ts';
import { wholeStructure } from '../../src/partition/store.ts';
import { type Look, looksOp, severalStructures } from '../../src/wire/looks.ts';
import { app, request } from './entries.ts';

/** The first sequence of the first generation, less one. */
export const origin = generationSpan as Sequence;

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/**
 * A store of eight texts, one for each of the keys `a` to `h`: `+a` appends to a key and gives how often it
 * was done, `a` reads a key, `?a` waits until that is 3, `*` reads all, `!` is refused. Each key is a range of
 * its own.
 */
const hashesPerCount = hashCount / 8;

export class ToyStore implements Store {
  readonly counts = new Array<number>(8).fill(0);

  isWrite(op: Uint8Array): boolean {
    return decode(op).startsWith('+');
  }

  run(op: Uint8Array) {
    const text = decode(op);
    if (text === '!') throw new GridError('GRID_BAD_VALUE', 'the toy store refuses this');
    if (text === '*') return this.#read(this.counts.join(), wholeStructure);
    const key = text.charCodeAt(text.length - 1) - 97;
    if (text.startsWith('?') && (this.counts[key] ?? 0) < 3) {
      return { ...this.#read('', key), waitsFor: key + 1 };
    }
    if (!this.isWrite(op)) return this.#read(String(this.counts[key]), key);
    const count = (this.counts[key] ?? 0) + 1;
    this.counts[key] = count;
    const changes = Uint8Array.of(key, count);
    return { result: encode(String(count)), changes, touched: key, wakes: [key + 1] };
  }

  /** Of a single key, whose letter is the code. */
  glance(code: number) {
    if (this.counts[code - 97] === undefined) return undefined;
    const bytes = encode(String(this.counts[code - 97]));
    return { bytes, from: 0, to: bytes.length, touched: code - 97 };
  }

  apply([key = 0, count = 0]: Uint8Array): void {
    this.counts[key] = count;
  }

  /** While it is, housekeeping counts up `h`. */
  isOverdue = false;

  /** Some day something will be. */
  isDue(gridTime: number): boolean {
    return this.isOverdue || gridTime === Number.MAX_VALUE;
  }

  housekeep() {
    this.isOverdue = false;
    return this.run(encode('+h'));
  }

  /** One count a piece. */
  copy(from: number) {
    const content = Uint8Array.of(this.counts[from / hashesPerCount] ?? 0);
    return { to: from + hashesPerCount, content };
  }

  offer(): Offer {
    return { next: undefined, op: undefined, count: 0, isRepeatable: true };
  }

  restore(from: number, _to: number, [count = 0]: Uint8Array): void {
    this.counts[from / hashesPerCount] = count;
  }

  get entries(): number {
    return this.counts.filter((count) => count > 0).length;
  }

  get bytes(): number {
    return this.entries;
  }

  digest(): number {
    return this.counts.reduce((digest, count) => (digest * 31 + count) >>> 0, 7);
  }

  release(): void {
    this.counts.fill(0);
  }

  #read(text: string, touched: number) {
    return { result: encode(text), changes: new Uint8Array(0), touched };
  }
}

const toyType: StructureType = { name: 'toy', createStore: () => new ToyStore() };
const toyRow = { id: 1 as StructureId, name: 't', type: 'toy', backups: 1, options: {} };

interface Sent {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly message: ReplicaMessage;
}

/** `reply 7, send bob#2 append`: what a test wants to see of actions. */
export function brief(actions: readonly ReplicaAction[]): string {
  return actions.map(briefOne).join(', ');
}

function briefOne(action: ReplicaAction): string {
  switch (action.kind) {
    case 'send':
      return `${action.message.kind.slice(8)} to ${action.to}`;
    case 'reply':
      return `reply ${action.request}`;
    case 'refuse':
      return `refuse ${action.request} ${action.reason}`;
    case 'fail':
      return `fail ${action.request} ${action.code}`;
    case 'alter':
      return `alter ${action.inSync}`;
    case 'handover':
      return `hand over to ${action.to}`;
  }
}

export class Replicas {
  readonly limits: Limits;
  readonly #replicas = new Map<MemberId, Replica>();
  nowMs = 1_000;
  row: PartitionRow;
  /** On its way, oldest first. */
  sent: Sent[] = [];
  /** What was decided beside sending, as text. */
  said: string[] = [];
  replies = new Map<number, string>();
  isLeaseValid = true;
  /** After so many looks at it the lease is over. */
  leaseLooksLeft = Number.POSITIVE_INFINITY;
  readonly away = new Set<MemberId>();
  readonly refused = new Set<MemberId>();
  wanted = 2;
  copyPlaces = 4;
  isStructureKnown = true;
  /** Members whose table does not know of the structure yet. */
  readonly behind = new Set<MemberId>();
  readonly #minInSync: number;
  #streams = 0;

  constructor(inSync: readonly MemberId[], limits: Partial<Limits> = {}, minInSync = 1) {
    this.#minInSync = minInSync;
    this.limits = { ...defaultLimits, ...limits };
    this.row = {
      version: 1 as Version,
      term: 1 as Term,
      primary: inSync[0],
      inSync,
      learner: undefined,
      retiring: undefined,
      transferTo: undefined,
      rank: 1,
      generation: 1,
      born: inSync,
    };
    for (const id of inSync) this.learn(id);
  }

  at(id: MemberId): Replica {
    const known = this.#replicas.get(id);
    if (known !== undefined) return known;
    const replica = new Replica(this.#optionsOf(id));
    this.#replicas.set(id, replica);
    return replica;
  }

  /** A new process has nothing. */
  forget(id: MemberId): void {
    this.#replicas.delete(id);
  }

  /** The table changes; nobody knows it yet. */
  change(changes: Partial<PartitionRow>): this {
    const version = (this.row.version + 1) as Version;
    this.row = { ...this.row, ...changes, version };
    return this;
  }

  /** Members learn of the row as it is. */
  learn(...ids: readonly MemberId[]): string {
    const all: string[] = [];
    for (const id of ids) all.push(this.#step(id, { kind: 'row', row: this.row }));
    return all.filter((text) => text !== '').join(', ');
  }

  request(id: MemberId, number: number, text: string, opSequence?: number): string {
    const message = request(number, text, opSequence);
    return this.#step(id, { kind: 'request', origin: app, message });
  }

  /** One op for several structures. */
  look(id: MemberId, number: number, looks: readonly Look[]): string {
    const op = looksOp(looks);
    const message = { ...request(number, ''), structure: severalStructures, op };
    return this.#step(id, { kind: 'request', origin: app, message });
  }

  /** What a look at a key gives at once; undefined where it has to be asked for. */
  glance(id: MemberId, key: string): string | undefined {
    const code = key.charCodeAt(0);
    const seen = this.at(id).glance(1 as StructureId, code, new Uint8Array(), this.nowMs);
    return seen === undefined ? undefined : decode(seen.bytes.subarray(seen.from, seen.to));
  }

  learnt(id: MemberId): string {
    this.behind.delete(id);
    return this.#step(id, { kind: 'learnt' });
  }

  tick(id: MemberId, ms = 0): string {
    this.nowMs += ms;
    const isCalm = this.at(id).isCalm(this.nowMs);
    const done = this.#step(id, { kind: 'tick' });
    const owes = this.at(id).owes;
    // A host gives no ticks to who is calm.
    if (isCalm && (done !== '' || owes))
      throw new Error(`${id} is calm, and a tick brings ${done}`);
    return done;
  }

  flush(...ids: readonly MemberId[]): void {
    for (const id of ids) {
      this.#step(id, { kind: 'flush' });
      // Nobody else is there who would have to come first.
      while (this.at(id).wantsCopy) {
        this.#step(id, { kind: 'copy' });
        this.#step(id, { kind: 'flush' });
      }
    }
  }

  /** Hands over what is on its way, but for what a test keeps back; the receivers flush. */
  deliver(isKept: (sent: Sent) => boolean = () => false): void {
    for (let round = 0; round < 50 && this.sent.some((sent) => !isKept(sent)); round++) {
      const now = this.sent.filter((sent) => !isKept(sent));
      this.sent = this.sent.filter(isKept);
      for (const one of now) this.give(one);
      this.flush(...this.#replicas.keys());
    }
  }

  /** Everybody flushes, everything arrives, until nothing is left. */
  settle(): void {
    this.flush(...this.#replicas.keys());
    this.deliver();
  }

  give({ from, to, message }: Sent): string {
    if (this.away.has(to) || this.away.has(from)) return '';
    return this.#step(to, { kind: 'message', from, message });
  }

  counts(id: MemberId): string {
    const store = this.at(id).state.options.content.stores.get(1 as StructureId);
    return store instanceof ToyStore ? store.counts.join('') : 'none';
  }

  #step(id: MemberId, input: Parameters<Replica['step']>[0]): string {
    const out: Actions = [];
    this.at(id).step(input, this.nowMs, out);
    for (const action of out) {
      if (action.kind === 'send') {
        // As over the wire: sender and receiver share nothing.
        const message = structuredClone(action.message);
        this.sent.push({ from: id, to: action.to, message });
      } else {
        this.said.push(briefOne(action));
        if (action.kind === 'reply') this.replies.set(action.request, decode(action.result));
      }
    }
    return brief(out);
  }

  #optionsOf(self: MemberId) {
    const types = new Map([['toy', toyType]]);
    const catalog = {
      structure: () => (this.isStructureKnown && !this.behind.has(self) ? toyRow : undefined),
      applied: 1,
    };
    Object.defineProperty(catalog, 'applied', { get: () => (this.behind.has(self) ? 0 : 1) });
    return {
      partition: 0 as PartitionId,
      self,
      content: new Content({ catalog, types, budget: new DedupeBudget(10_000) }),
      limits: this.limits,
      timings: presets.lan,
      minInSync: this.#minInSync,
      surroundings: {
        isLeaseValid: () => this.isLeaseValid && this.leaseLooksLeft-- > 0,
        gridTime: () => this.nowMs,
        isGone: () => false,
        isServing: (id: MemberId) => !this.away.has(id),
        isStaying: (id: MemberId) => !this.away.has(id),
        isRefused: (id: MemberId) => this.refused.has(id),
        copiesWanted: () => this.wanted,
        nextStream: () => ++this.#streams as StreamId,
        beginCopy: () => this.copyPlaces-- > 0,
        endCopy: () => {
          this.copyPlaces++;
        },
      },
    };
  }
}

/**
 * A small world for the membership protocol: members with event loops that may stall, and a network
 * that loses, delays, doubles and cuts, all from one seed.
 *
 * On waking from a stall a member ticks before it reads what waits for it, which is the worst case.
 */
import type { Address, MemberId } from '../../src/base/ids.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { presets, type Timings } from '../../src/base/timings.ts';
import { Swim } from '../../src/membership/swim.ts';
import type { SwimAction, SwimTuning } from '../../src/membership/swim-types.ts';
import type { Peer } from '../../src/transport/transport.ts';
import type { SwimMessage } from '../../src/wire/membership-messages.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly size: number;
  /** The share of messages that is lost, and of those that come twice. */
  readonly loss?: number;
  readonly doubled?: number;
  readonly tickMs?: number;
  readonly tuning?: Partial<SwimTuning>;
  readonly timings?: Timings;
  /** What a message is on the wire; without it no bytes are counted. */
  readonly bytesOf?: (message: SwimMessage) => number;
}

export interface Happening {
  readonly atMs: number;
  /** The name of the member that reports it. */
  readonly by: string;
  readonly kind: Exclude<SwimAction['kind'], 'send'>;
  /** The name of the member that it is about. */
  readonly about: string;
}

export interface Resident {
  readonly name: string;
  readonly id: MemberId;
  readonly address: Address;
  readonly swim: Swim;
  isUp: boolean;
  stalledUntilMs: number;
  /** When it should have ticked while it slept. */
  lateSinceMs: number | undefined;
  stallMs: number;
  stallSeenMs: number;
  inbox: { readonly from: Peer; readonly message: SwimMessage }[];
  /** Kinds of messages sent, counted. */
  readonly sent: Map<string, number>;
  sentBytes: number;
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly act: () => void;
}

export class World {
  readonly random: Random;
  readonly residents: Resident[] = [];
  readonly happenings: Happening[] = [];
  readonly timings: Timings;
  nowMs = 0;
  loss: number;
  lost = 0;
  /** Whether a message from one address to another is cut off. */
  isCut: (from: Address, to: Address) => boolean = () => false;
  readonly #options: WorldOptions;
  readonly #tickMs: number;
  readonly #events: Event[] = [];
  /** Who was started last at each address. */
  readonly #latest = new Map<Address, Resident>();
  #order = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    this.timings = options.timings ?? presets.lan;
    this.loss = options.loss ?? 0;
    this.#tickMs = options.tickMs ?? 50;
    for (let index = 0; index < options.size; index++) this.start(`m${index}`);
  }

  /** Starts a process; a name that was used before gets a new identity at the old address. */
  start(name: string, seeds: readonly Address[] = [addressOf('m0'), addressOf('m1')]): Resident {
    const id = `${name}#${this.random.id()}` as MemberId;
    const address = addressOf(name);
    const resident: Resident = {
      name,
      id,
      address,
      swim: new Swim({
        self: id,
        address,
        name,
        zone: 'z',
        isData: true,
        timings: this.timings,
        random: this.random,
        seeds,
        ...(this.#options.tuning && { tuning: this.#options.tuning }),
      }),
      isUp: true,
      stalledUntilMs: 0,
      lateSinceMs: undefined,
      stallMs: 0,
      stallSeenMs: Number.NEGATIVE_INFINITY,
      inbox: [],
      sent: new Map(),
      sentBytes: 0,
    };
    this.residents.push(resident);
    this.#latest.set(address, resident);
    this.after(this.random.next() * this.#tickMs, () => this.#tick(resident));
    return resident;
  }

  get up(): Resident[] {
    return this.residents.filter(({ isUp }) => isUp);
  }

  named(name: string): Resident {
    return this.residents.findLast((resident) => resident.name === name)!;
  }

  crash(name: string): void {
    this.named(name).isUp = false;
  }

  stall(resident: Resident, forMs: number): void {
    resident.stalledUntilMs = Math.max(resident.stalledUntilMs, this.nowMs + forMs);
  }

  after(delayMs: number, act: () => void): void {
    this.#order++;
    push(this.#events, { atMs: this.nowMs + delayMs, order: this.#order, act });
  }

  run(forMs: number): void {
    const endMs = this.nowMs + forMs;
    while (this.#events[0] !== undefined && this.#events[0].atMs <= endMs) {
      const event = pop(this.#events);
      this.nowMs = event.atMs;
      event.act();
    }
    this.nowMs = endMs;
  }

  /** Runs until something holds; false where it does not within the time. */
  runUntil(holds: () => boolean, withinMs: number): boolean {
    const endMs = this.nowMs + withinMs;
    while (this.nowMs < endMs) {
      if (holds()) return true;
      this.run(100);
    }
    return holds();
  }

  /** True where all that are up hold just those for members that are up, and suspect none of them. */
  isOfOneView(): boolean {
    const expected = this.up
      .map(({ id }) => `${id} alive`)
      .sort()
      .join();
    return this.up.every((resident) => viewOf(resident) === expected);
  }

  count(isWanted: (happening: Happening) => boolean): number {
    return this.happenings.filter(isWanted).length;
  }

  carryOut(resident: Resident, actions: readonly SwimAction[]): void {
    for (const action of actions) {
      if (action.kind === 'send') this.#send(resident, action);
      else {
        const about = action.kind === 'replaced' ? action.old.name : action.member.name;
        const { kind } = action;
        this.happenings.push({ atMs: this.nowMs, by: resident.name, kind, about });
      }
    }
  }

  #tick(resident: Resident): void {
    if (!resident.isUp) return;
    if (this.nowMs < resident.stalledUntilMs) {
      resident.lateSinceMs ??= this.nowMs;
      this.after(resident.stalledUntilMs - this.nowMs, () => this.#tick(resident));
      return;
    }
    this.#measureStall(resident);
    const actions: SwimAction[] = [];
    resident.swim.tick(this.nowMs, resident.stallMs, actions);
    this.carryOut(resident, actions);
    for (const { from, message } of resident.inbox.splice(0)) {
      this.#receive(resident, from, message);
    }
    this.after(this.#tickMs, () => this.#tick(resident));
  }

  /** As src/base/stall.ts does: the worst lateness within the last probe interval. */
  #measureStall(resident: Resident): void {
    if (resident.lateSinceMs !== undefined) {
      resident.stallMs = this.nowMs - resident.lateSinceMs;
      resident.stallSeenMs = this.nowMs;
      resident.lateSinceMs = undefined;
    } else if (this.nowMs - resident.stallSeenMs > this.timings.probeIntervalMs) {
      resident.stallMs = 0;
    }
  }

  #send(sender: Resident, { to, id, message }: SwimAction & { kind: 'send' }): void {
    sender.sent.set(message.kind, (sender.sent.get(message.kind) ?? 0) + 1);
    sender.sentBytes += this.#options.bytesOf?.(message) ?? 0;
    const from: Peer = { id: sender.id, address: sender.address };
    const isDoubled = this.random.next() < (this.#options.doubled ?? 0);
    for (let copy = 0; copy < (isDoubled ? 2 : 1); copy++) {
      if (this.random.next() < this.loss) {
        this.lost++;
        continue;
      }
      // Delays differ, so messages overtake each other.
      this.after(1 + this.random.next() * 4, () => this.#arrive(from, to, id, message));
    }
  }

  #arrive(from: Peer, to: Address, id: MemberId | undefined, message: SwimMessage): void {
    if (this.isCut(from.address, to)) {
      this.lost++;
      return;
    }
    const there = this.#latest.get(to);
    if (there?.isUp !== true || (id !== undefined && there.id !== id)) return;
    if (this.nowMs < there.stalledUntilMs || there.lateSinceMs !== undefined) {
      there.inbox.push({ from, message });
    } else this.#receive(there, from, message);
  }

  #receive(resident: Resident, from: Peer, message: SwimMessage): void {
    const actions: SwimAction[] = [];
    resident.swim.receive(from, message, this.nowMs, actions);
    this.carryOut(resident, actions);
  }
}

export function addressOf(name: string): Address {
  return `${name}:1` as Address;
}

function viewOf({ swim }: Resident): string {
  return [...swim.members]
    .filter(({ state }) => state === 'alive' || state === 'suspect')
    .map(({ id, state }) => `${id} ${state}`)
    .sort()
    .join();
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Event[], event: Event): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(event, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: Event[]): Event {
  const top = heap[0]!;
  const last = heap.pop()!;
  if (heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return top;
}

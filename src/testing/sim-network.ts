/**
 * The network of a simulated world: what becomes of a packet between two addresses.
 *
 * As a `stream` it behaves like TCP: on one link and lane frames arrive in order and whole, or the link
 * breaks; what a cut stops is sent again after it. As `datagram` each message fends for itself: it
 * may be lost, doubled or overtaken. Making, closing and probing a link suffers from cuts only.
 *
 * Invariants
 * 1. A packet reaches the process that listens at its address when it arrives, never an earlier one.
 * 2. On a stream, what arrives on a link and lane is a prefix of what was sent, in order.
 */
import type { Address } from '../base/ids.ts';
import type { Lane } from '../transport/transport.ts';
import type { Message } from '../wire/messages.ts';
import type { Counts } from './counts.ts';
import type { Packet, PacketKind, SimLink } from './sim-link.ts';
import { defaultQuality, type PathQuality, SimPath } from './sim-path.ts';
import { codeOf, type Timeline } from './timeline.ts';
import { digestOf } from './trace.ts';

export type NetworkMode = 'stream' | 'datagram';

export type Verdict = 'pass' | 'drop' | 'duplicate' | { readonly delayMs: number };

/** Decides over a single message as it is sent. */
export type SendHook = (from: Address, to: Address, message: Message) => Verdict;

/** A process as the network sees it. */
export interface Listener {
  readonly address: Address;
  /** For the trace. */
  readonly process: number;
  /** The packet waits for the process's loop. */
  arrive(packet: Packet): void;
  /** Its links that are up or being made. */
  openLinks(): readonly { readonly link: SimLink; readonly to: Address }[];
}

const lanes: readonly Lane[] = ['control', 'data'];
/** A stream that a cut had stopped begins again within this time after the healing. */
const resumeMsMax = 200;

export class SimNetwork {
  readonly mode: NetworkMode;
  readonly counts: Counts;
  /** Set by a harness for targeted faults; asked for every message. */
  onSend: SendHook | undefined;
  readonly #timeline: Timeline;
  #defaults: PathQuality;
  readonly #paths = new Map<Address, Map<Address, SimPath>>();
  readonly #listeners = new Map<Address, Listener>();
  /** Machines that are gone: not even their kernel says that nobody listens. */
  readonly #goneMachines = new Set<Address>();
  /** Links with frames that a cut has stopped. */
  readonly #stopped = new Set<SimLink>();

  constructor(
    timeline: Timeline,
    counts: Counts,
    mode: NetworkMode,
    quality: Partial<PathQuality> = {},
  ) {
    this.#timeline = timeline;
    this.counts = counts;
    this.mode = mode;
    this.#defaults = { ...defaultQuality, ...quality };
  }

  get now(): number {
    return this.#timeline.now;
  }

  path(from: Address, to: Address): SimPath {
    const known = this.#paths.get(from)?.get(to);
    if (known !== undefined) return known;
    const path = new SimPath(this.#defaults);
    const paths = this.#paths.get(from) ?? new Map<Address, SimPath>();
    this.#paths.set(from, paths.set(to, path));
    return path;
  }

  setQuality(from: Address, to: Address, changes: Partial<PathQuality>, only?: Lane): void {
    for (const lane of only === undefined ? lanes : [only]) {
      this.path(from, to).setQuality(lane, changes);
    }
  }

  /** Back to what all paths have. */
  resetQuality(from: Address, to: Address): void {
    this.setQuality(from, to, this.#defaults);
  }

  /** Makes all paths alike, those of addresses that come later too. */
  setQualityOfAll(quality: PathQuality): void {
    this.#defaults = quality;
    for (const [from, paths] of this.#paths) {
      for (const to of paths.keys()) this.resetQuality(from, to);
    }
  }

  listen(listener: Listener): void {
    this.#goneMachines.delete(listener.address);
    this.#listeners.set(listener.address, listener);
  }

  /** Closed in order, or crashed: the kernel tells the other ends. What is on its way may still arrive. */
  unlisten(listener: Listener): void {
    if (this.#listeners.get(listener.address) !== listener) return;
    this.#listeners.delete(listener.address);
    for (const { link, to } of listener.openLinks()) {
      this.#reply('close', link, listener.address, to);
    }
  }

  /** The machine is gone with the process: nobody is told. */
  loseMachine(listener: Listener): void {
    if (this.#listeners.get(listener.address) !== listener) return;
    this.#listeners.delete(listener.address);
    this.#goneMachines.add(listener.address);
  }

  cut(from: Address, to: Address): void {
    this.path(from, to).isCut = true;
  }

  heal(from: Address, to: Address): void {
    this.path(from, to).isCut = false;
    for (const link of [...this.#stopped]) this.#resume(link, from, to);
  }

  healAll(): void {
    for (const [from, paths] of this.#paths) {
      for (const [to, path] of paths) if (path.isCut) this.heal(from, to);
    }
  }

  /** Breaks every link between two addresses; both ends hear of it. Returns how many there were. */
  reset(left: Address, right: Address): number {
    const links = this.#linksBetween(left, right);
    for (const link of links) this.#break(link, left, right);
    return links.length;
  }

  /** Makes every link between two addresses half-open. Returns how many there were. */
  silence(left: Address, right: Address): number {
    const links = this.#linksBetween(left, right);
    for (const link of links) link.isSilent = true;
    return links.length;
  }

  /** A process is about to receive a message. */
  delivered(from: Address, to: Address, kind: string): void {
    this.counts.message(kind);
    const { trace, now } = this.#timeline;
    if (trace.keepsLines) trace.line(now, `${from} -> ${to} ${kind}`);
  }

  transmit(packet: Packet): void {
    if (packet.link.isSilent) return;
    const path = this.path(packet.from, packet.to);
    if (path.isCut || this.#isBehindHeld(packet)) this.#stopAtCut(packet);
    else if (packet.kind === 'frame') this.#transmitFrame(packet, path);
    else this.#transmitSignal(packet, path);
  }

  #transmitSignal(packet: Packet, path: SimPath): void {
    const at = this.#timeline.now + path.latency('control', this.#timeline.random);
    if (packet.kind === 'accept') {
      // The frames of the accepting side follow it, on both lanes.
      packet.link.inOrder(packet.from, 'data', at);
      packet.link.inOrder(packet.from, 'control', at);
    }
    this.#arriveAt(at, packet);
  }

  #transmitFrame(packet: Packet, path: SimPath): void {
    const { random, now } = this.#timeline;
    const { lane } = packet;
    const quality = path.quality(lane);
    if (quality.loss > 0 && random.next() < quality.loss) {
      this.counts.fault('loss');
      if (this.mode === 'stream') this.#break(packet.link, packet.from, packet.to);
      return;
    }
    const left = path.leave(lane, packet.bytes?.length ?? 0, now);
    const at = left + path.latency(lane, random);
    if (this.mode === 'stream') this.#arriveAt(packet.link.inOrder(packet.from, lane, at), packet);
    else this.#arriveAsDatagram(at, packet, quality);
  }

  #arriveAsDatagram(at: number, packet: Packet, quality: PathQuality): void {
    const { random } = this.#timeline;
    let arrival = at;
    if (quality.reordering > 0 && random.next() < quality.reordering) {
      this.counts.fault('reordering');
      arrival += random.next() * quality.reorderMs;
    }
    this.#arriveAt(arrival, packet);
    if (quality.duplication > 0 && random.next() < quality.duplication) {
      this.counts.fault('duplication');
      this.#arriveAt(at + random.next() * quality.reorderMs, packet);
    }
  }

  #arriveAt(at: number, packet: Packet): void {
    const process = this.#listeners.get(packet.to)?.process ?? 0;
    this.#timeline.at(at, codeOf('arrival', process), () => this.#arrive(packet));
  }

  #arrive(packet: Packet): void {
    if (packet.bytes !== undefined) this.#timeline.trace.mixWord(digestOf(packet.bytes));
    const listener = this.#listeners.get(packet.to);
    if (listener !== undefined) {
      listener.arrive(packet);
      return;
    }
    if (this.#goneMachines.has(packet.to)) return;
    if (packet.kind === 'dial') this.#reply('refuse', packet.link, packet.to, packet.from);
    if (packet.kind === 'frame' || packet.kind === 'ping') {
      this.#reply('close', packet.link, packet.to, packet.from);
    }
  }

  #reply(kind: PacketKind, link: SimLink, from: Address, to: Address): void {
    this.transmit({ kind, link, from, to, lane: 'control', peer: undefined, bytes: undefined });
  }

  /** Each end learns it in its own time; what arrives at an end before that still counts. */
  #break(link: SimLink, left: Address, right: Address): void {
    this.counts.fault('reset');
    this.#reply('close', link, left, right);
    this.#reply('close', link, right, left);
    link.isSilent = true;
    this.#stopped.delete(link);
  }

  /** An end has given the link up: what was stopped on it goes nowhere. */
  ended(link: SimLink): void {
    link.held = [];
    this.#stopped.delete(link);
  }

  #isBehindHeld({ kind, link, from }: Packet): boolean {
    return kind === 'frame' && link.held.some((held) => held.from === from);
  }

  #stopAtCut(packet: Packet): void {
    if (this.mode === 'datagram' || packet.kind !== 'frame') return;
    packet.link.held.push(packet);
    this.#stopped.add(packet.link);
  }

  #resume(link: SimLink, from: Address, to: Address): void {
    const isOfPath = (packet: Packet) => packet.from === from && packet.to === to;
    const packets = link.held.filter(isOfPath);
    if (packets.length === 0) return;
    const code = codeOf('fault', 0);
    const delayMs = this.#timeline.random.next() * resumeMsMax;
    this.#timeline.after(delayMs, code, () => {
      // All that was stopped until now, in order; a cut that has come back stops it again.
      const stopped = link.held.filter(isOfPath);
      link.held = link.held.filter((packet) => !isOfPath(packet));
      if (link.held.length === 0) this.#stopped.delete(link);
      for (const packet of stopped) this.transmit(packet);
    });
  }

  #linksBetween(left: Address, right: Address): SimLink[] {
    const links = new Set<SimLink>();
    for (const [at, other] of [
      [left, right],
      [right, left],
    ] as const) {
      for (const { link, to } of this.#listeners.get(at)?.openLinks() ?? []) {
        if (to === other) links.add(link);
      }
    }
    return [...links];
  }
}

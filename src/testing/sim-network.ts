/**
 * The network of a simulated world: what becomes of a packet between two addresses.
 *
 * As a `stream` it behaves like TCP: on one connection frames arrive in order and whole, or it breaks; what
 * a cut stops is sent again after it. As `datagram` each message between members fends for itself: it may be
 * lost, doubled or overtaken, while on the socket of a light client it is only late. Making, closing and
 * probing a connection suffers from cuts only.
 *
 * Invariants
 * 1. A packet reaches the process that listens at its address when it arrives, never an earlier one.
 * 2. On a stream, what arrives on a connection is a prefix of what was sent, in order.
 */
import type { Address } from '../base/ids.ts';
import type { Lane } from '../transport/transport.ts';
import type { Message } from '../wire/messages.ts';
import type { Counts } from './counts.ts';
import type { Packet, SimConnection } from './sim-connection.ts';
import { defaultQuality, type PathQuality, SimPath } from './sim-path.ts';
import { codeOf, type Timeline } from './timeline.ts';
import { digestOf } from './trace.ts';

export type NetworkMode = 'stream' | 'datagram';

export type Verdict =
  | 'pass'
  | 'drop'
  | 'duplicate'
  | { readonly delayMs: number }
  /** It comes now, and once more when it is long outdated. */
  | { readonly againAfterMs: number };

/** Decides over a single message as it is sent. */
export type SendHook = (from: Address, to: Address, message: Message) => Verdict;

/** A process as the network sees it. */
export interface Listener {
  readonly address: Address;
  /** For the trace. */
  readonly process: number;
  /** The packet waits for the process's loop. */
  arrive(packet: Packet): void;
  /** Those it dialled, up or being made, and those it accepted. */
  connections(): readonly SimConnection[];
}

const lanes: readonly Lane[] = ['control', 'data'];
/** A stream that a cut had stopped begins again within this time after the healing. */
const resumeMsMax = 200;
/** What a kernel takes to find a loss and to make good for it. */
const sentAgainMs = 200;

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
  /** Connections with frames that a cut has stopped. */
  readonly #stopped = new Set<SimConnection>();

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
    for (const connection of listener.connections()) {
      this.transmit(connection.packet('close', listener.address));
    }
  }

  /** The machine is gone with the process: nobody is told, and what a cut had stopped is gone too. */
  loseMachine(listener: Listener): void {
    if (this.#listeners.get(listener.address) !== listener) return;
    this.#listeners.delete(listener.address);
    this.#goneMachines.add(listener.address);
    for (const connection of listener.connections()) this.#dropHeld(connection, listener.address);
  }

  cut(from: Address, to: Address): void {
    this.path(from, to).isCut = true;
  }

  heal(from: Address, to: Address): void {
    this.path(from, to).isCut = false;
    for (const connection of this.#stopped) {
      if (connection.leads(from, to) && connection.isHeld(from)) this.#resume(connection, from);
    }
  }

  healAll(): void {
    for (const [from, paths] of this.#paths) {
      for (const [to, path] of paths) if (path.isCut) this.heal(from, to);
    }
  }

  /** Breaks every connection between two addresses; both ends hear of it. Returns how many there were. */
  reset(left: Address, right: Address): number {
    const connections = this.#between(left, right);
    for (const connection of connections) this.#break(connection);
    return connections.length;
  }

  /** Makes every connection between two addresses half-open. Returns how many there were. */
  silence(left: Address, right: Address): number {
    const connections = this.#between(left, right);
    for (const connection of connections) connection.isSilent = true;
    return connections.length;
  }

  /** A process is about to receive a message. */
  delivered(from: Address, to: Address, kind: string): void {
    this.counts.message(kind);
    const { trace, now } = this.#timeline;
    if (trace.keepsLines) trace.line(now, `${from} -> ${to} ${kind}`);
  }

  /** `inOrder`: behind the frames that were sent before it. */
  transmit(packet: Packet, inOrder = false): void {
    const { connection, kind } = packet;
    if (connection.isSilent) return;
    const path = this.path(packet.from, packet.to);
    const isFrame = kind === 'frame';
    if (path.isCut || (isFrame && connection.isHeld(packet.from))) this.#stopAtCut(packet);
    else if (isFrame) this.#transmitFrame(packet, path);
    else this.#transmitSignal(packet, path, inOrder);
  }

  /** An end has given the connection up: what was stopped on it goes nowhere. */
  ended(connection: SimConnection): void {
    this.#dropHeld(connection, connection.to);
    this.#dropHeld(connection, connection.dialler.address);
  }

  #dropHeld(connection: SimConnection, from: Address): void {
    connection.takeHeld(from);
    if (!connection.holdsAny) this.#stopped.delete(connection);
  }

  #transmitSignal(packet: Packet, path: SimPath, inOrder: boolean): void {
    const at = this.#timeline.now + path.latency('control', this.#timeline.random);
    this.#arriveAt(inOrder ? packet.connection.inOrder(packet.from, at) : at, packet);
  }

  #transmitFrame(packet: Packet, path: SimPath): void {
    const { random, now } = this.#timeline;
    const { connection } = packet;
    const { lane } = connection;
    const quality = path.quality(lane);
    const isLost = quality.loss > 0 && random.next() < quality.loss;
    if (isLost) this.counts.fault('loss');
    if (isLost && this.mode === 'stream') this.#break(connection);
    if (isLost && !this.#isSentAgain(connection)) return;
    const left = path.leave(lane, packet.bytes?.length ?? 0, now);
    const at = left + path.latency(lane, random) + (isLost ? sentAgainMs : 0);
    if (this.#isOrdered(connection)) this.#arriveAt(connection.inOrder(packet.from, at), packet);
    else this.#arriveAsDatagram(at, packet, quality);
  }

  #isOrdered(connection: SimConnection): boolean {
    return this.mode === 'stream' || connection.isSocket;
  }

  /** Where so much is lost that no connection would live, the kernel makes good for it. */
  #isSentAgain(connection: SimConnection): boolean {
    return this.mode === 'datagram' && connection.isSocket;
  }

  #arriveAsDatagram(at: number, packet: Packet, quality: PathQuality): void {
    const { random } = this.#timeline;
    // A network on which nothing is reordered keeps the order in spite of its jitter, as links do.
    let arrival = quality.reordering > 0 ? at : packet.connection.inOrder(packet.from, at);
    if (quality.reordering > 0 && random.next() < quality.reordering) {
      this.counts.fault('reordering');
      arrival += random.next() * quality.reorderMs;
    }
    this.#arriveAt(arrival, packet);
    const isDoubled = quality.duplication > 0 && random.next() < quality.duplication;
    if (isDoubled && !packet.isOnce) {
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
    const answer = packet.kind === 'dial' ? 'refuse' : 'close';
    if (packet.kind !== 'close') this.transmit(packet.connection.packet(answer, packet.to));
  }

  /** Each end learns it in its own time; what arrives at an end before that still counts. */
  #break(connection: SimConnection): void {
    this.counts.fault('reset');
    this.transmit(connection.packet('close', connection.to));
    this.transmit(connection.packet('close', connection.dialler.address));
    connection.isSilent = true;
    this.ended(connection);
  }

  #stopAtCut(packet: Packet): void {
    if (packet.kind !== 'frame' || !this.#isOrdered(packet.connection)) return;
    packet.connection.hold(packet);
    this.#stopped.add(packet.connection);
  }

  #resume(connection: SimConnection, from: Address): void {
    const delayMs = this.#timeline.random.next() * resumeMsMax;
    this.#timeline.after(delayMs, codeOf('fault', 0), () => {
      const held = connection.takeHeld(from);
      if (!connection.holdsAny) this.#stopped.delete(connection);
      // All that was stopped until now, in order; a cut that has come back stops it again.
      for (const packet of held) this.transmit(packet);
    });
  }

  #between(left: Address, right: Address): readonly SimConnection[] {
    const connections = new Set<SimConnection>();
    for (const [at, other] of [
      [left, right],
      [right, left],
    ] as const) {
      for (const connection of this.#listeners.get(at)?.connections() ?? []) {
        if (connection.otherEnd(at) === other) connections.add(connection);
      }
    }
    return [...connections];
  }
}

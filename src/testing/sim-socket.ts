/**
 * One end of a simulated WebSocket: what `ws` is to a real process, on virtual time. Closing is told to the
 * other end; a socket that was terminated forgets what a cut had stopped.
 *
 * Invariants
 * 1. Frames arrive in the order in which they were sent, and none after the close.
 * 2. `onClose` comes once, last, and in a turn of its own where this end has closed.
 */
import type { Socket } from '../client/socket.ts';
import type { RawBytes } from '../member/client-connection.ts';
import type { FrameSocket } from '../transport/connection.ts';
import type { PacketKind, SimConnection } from './sim-connection.ts';
import type { SimSocketParts } from './sim-sockets.ts';

interface EndEvents {
  onOpen?(): void;
  onFrame(bytes: Uint8Array): void;
  onPing?(): void;
  onPong?(): void;
  onClose(): void;
}

const states = { connecting: 0, open: 1, closed: 3 } as const;
/** How soon a socket whose bytes have not left looks again. */
const roomMs = 20;

export class SimSocketEnd implements Socket {
  readonly connection: SimConnection;
  readonly #parts: SimSocketParts;
  readonly #events: EndEvents;
  #state: number = states.connecting;
  #isOver = false;

  constructor(connection: SimConnection, parts: SimSocketParts, events: EndEvents) {
    this.connection = connection;
    this.#parts = parts;
    this.#events = events;
  }

  get state(): number {
    return this.#state;
  }

  get bufferedBytes(): number {
    const { network, self } = this.#parts;
    const { connection } = this;
    const path = network.path(self.address, connection.otherEnd(self.address));
    const held = connection.heldBytes(self.address);
    return path.backlogBytes(connection.lane, network.now) + held;
  }

  opened(): void {
    if (this.#state !== states.connecting) return;
    this.#state = states.open;
    this.#events.onOpen?.();
  }

  received(kind: PacketKind, bytes: Uint8Array | undefined): void {
    if (kind === 'close' || kind === 'refuse') this.#over();
    else if (this.#state !== states.open) return;
    else if (kind === 'frame' && bytes !== undefined) this.#events.onFrame(bytes);
    else if (kind === 'pong') this.#events.onPong?.();
    else if (kind === 'ping') {
      this.#transmit('pong');
      this.#events.onPing?.();
    }
  }

  send(frame: Uint8Array): void {
    // A sender may use its buffer again.
    if (this.#state === states.open) this.#transmit('frame', frame.slice());
  }

  ping(): void {
    if (this.#state === states.open) this.#transmit('ping');
  }

  close(): void {
    this.#end(true);
  }

  terminate(): void {
    if (this.#end(false)) this.#parts.network.ended(this.connection);
  }

  /** Calls `written` when all that was sent has left, or never will. */
  whenLeft(written: () => void): void {
    const { clock } = this.#parts;
    if (this.#state !== states.open || this.bufferedBytes === 0) clock.defer(written);
    else clock.setTimer(roomMs, () => this.whenLeft(written));
  }

  #end(inOrder: boolean): boolean {
    if (this.#state === states.closed) return false;
    this.#state = states.closed;
    this.#transmit('close', undefined, inOrder);
    this.#parts.clock.defer(() => this.#over());
    return true;
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#state = states.closed;
    this.#parts.forget(this);
    this.#events.onClose();
  }

  #transmit(kind: PacketKind, bytes?: Uint8Array, inOrder = false): void {
    const { network, self } = this.#parts;
    network.transmit(this.connection.packet(kind, self.address, bytes), inOrder);
  }
}

type Listener = (content: unknown, isBinary: boolean) => void;
type SocketEvent = 'message' | 'ping' | 'pong' | 'close' | 'error' | 'data';

/** The end of the side that was dialled, as a member sees it. */
export class SimAcceptedSocket implements FrameSocket, RawBytes {
  readonly OPEN = states.open;
  readonly end: SimSocketEnd;
  readonly #listeners = new Map<SocketEvent, Set<Listener>>();

  constructor(connection: SimConnection, parts: SimSocketParts) {
    this.end = new SimSocketEnd(connection, parts, {
      onFrame: (bytes) => {
        this.#emit('data', bytes);
        this.#emit('message', bytes);
      },
      onPing: () => this.#emit('ping'),
      onPong: () => this.#emit('pong'),
      onClose: () => this.#emit('close'),
    });
  }

  get readyState(): number {
    return this.end.state;
  }

  get bufferedAmount(): number {
    return this.end.bufferedBytes;
  }

  on(event: SocketEvent, listener: (...given: never[]) => void): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener as Listener));
  }

  /** What comes once at most needs no other care. */
  once(event: 'close', listener: () => void): void {
    this.on(event, listener);
  }

  off(event: SocketEvent, listener: (...given: never[]) => void): void {
    this.#listeners.get(event)?.delete(listener as Listener);
  }

  send(frame: Uint8Array, written: () => void): void {
    this.end.send(frame);
    this.end.whenLeft(written);
  }

  ping(): void {
    this.end.ping();
  }

  close(): void {
    this.end.close();
  }

  terminate(): void {
    this.end.terminate();
  }

  #emit(event: SocketEvent, bytes?: Uint8Array): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(bytes, true);
  }
}

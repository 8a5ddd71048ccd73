/** One TCP connection through a proxy: it can be held in either direction, closed, or reset. */
import { connect, type Socket } from 'node:net';

/** `in`: from whoever dialled to whom they dialled; `out`: the way back. */
export type Direction = 'in' | 'out';

export interface WireEvents {
  /** It is known what it is for: that stands in the first bytes. */
  readonly onPath: (wire: Wire) => void;
  readonly onClose: (wire: Wire) => void;
}

/** What is held is kept up to here; past it nothing more is read, and the sender has to wait. */
const heldBytesMax = 4 * 1_024 * 1_024;
const requestLine = /^GET (\S+) HTTP/;

export class Wire {
  /** The loopback address from which it was dialled. */
  readonly from: string;
  /** What the dialler asked for over HTTP, once that is known. */
  path: string | undefined;
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #events: WireEvents;
  /** What came while it was held; `lost` where that will never arrive. */
  readonly #held: Record<Direction, Buffer[] | 'lost' | undefined> = {
    in: undefined,
    out: undefined,
  };
  /** Who speaks in this direction has closed it. */
  readonly #isEnded: Record<Direction, boolean> = { in: false, out: false };
  #isClosed = false;

  constructor(near: Socket, address: string, events: WireEvents) {
    const [host = '', port = ''] = address.split(':');
    this.#near = near;
    this.#events = events;
    this.from = near.remoteAddress ?? '';
    this.#far = connect(Number(port), host);
    near.on('data', (chunk: Buffer) => this.#pass('in', chunk));
    this.#far.on('data', (chunk: Buffer) => this.#pass('out', chunk));
    for (const direction of ['in', 'out'] as const) {
      const socket = this.#sourceOf(direction);
      socket.setNoDelay(true);
      // A close follows every error.
      socket.on('error', () => {});
      socket.on('close', () => this.#ended(direction));
    }
  }

  /** Nothing flows in this direction until it is released: as if the packets were lost. */
  hold(direction: Direction): void {
    this.#held[direction] ??= [];
  }

  /** What is said in this direction from now on never arrives. */
  lose(direction: Direction): void {
    this.#held[direction] = 'lost';
  }

  /** What was held arrives, in order; where something was lost, the connection can only end. */
  release(direction: Direction): void {
    const held = this.#held[direction];
    this.#held[direction] = undefined;
    if (held === undefined) return;
    if (held === 'lost') {
      this.reset();
      return;
    }
    for (const chunk of held) this.#sinkOf(direction).write(chunk);
    if (this.#isEnded[direction]) this.#sinkOf(direction).end(() => this.close());
    else this.#sourceOf(direction).resume();
  }

  /** Both ends see it closed. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#near.destroy();
    this.#far.destroy();
    this.#events.onClose(this);
  }

  /** Both ends are told with a RST that there is no connection. */
  reset(): void {
    if (this.#isClosed) return;
    this.#near.resetAndDestroy();
    this.#far.resetAndDestroy();
    this.close();
  }

  /** Where nothing flows, the other end hears nothing of the end either. */
  #ended(direction: Direction): void {
    this.#isEnded[direction] = true;
    if (this.#held[direction] === undefined) this.close();
  }

  #pass(direction: Direction, chunk: Buffer): void {
    if (this.path === undefined && direction === 'in') {
      this.path = requestLine.exec(chunk.toString('latin1', 0, 200))?.[1] ?? '';
      this.#events.onPath(this);
    }
    const held = this.#held[direction];
    if (held !== undefined) this.#keep(held, direction, chunk);
    else this.#forward(direction, chunk);
  }

  #keep(held: Buffer[] | 'lost', direction: Direction, chunk: Buffer): void {
    if (held === 'lost') return;
    held.push(chunk);
    const bytes = held.reduce((sum, { length }) => sum + length, 0);
    if (bytes >= heldBytesMax) this.#sourceOf(direction).pause();
  }

  #forward(direction: Direction, chunk: Buffer): void {
    const sink = this.#sinkOf(direction);
    const source = this.#sourceOf(direction);
    if (sink.write(chunk)) return;
    source.pause();
    sink.once('drain', () => {
      if (this.#held[direction] === undefined) source.resume();
    });
  }

  #sourceOf(direction: Direction): Socket {
    return direction === 'in' ? this.#near : this.#far;
  }

  #sinkOf(direction: Direction): Socket {
    return direction === 'in' ? this.#far : this.#near;
  }
}

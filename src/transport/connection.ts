/**
 * One WebSocket as frames of bytes, that ends once, and with a reason.
 *
 * An end that nobody announces (a cable, a frozen process) shows only as silence: who dialled pings,
 * and each side counts any sign of life. A process that was late itself blames nobody.
 */
import { type Clock, repeat, type Timer } from '../base/clock.ts';
import { WireError } from '../wire/wire-error.ts';

export type EndReason = 'closed' | 'silent' | 'refused' | 'rejected' | 'bad-frame';

export interface ConnectionEvents {
  /** A `WireError` thrown here ends the connection. */
  onFrame(frame: Uint8Array): void;
  /** Once; nothing follows. `detail` is safe to log. */
  onEnd(reason: EndReason, detail: string): void;
}

export interface Liveness {
  readonly tickMs: number;
  readonly silentMs: number;
  /** Who dialled pings; the other side answers by itself. */
  readonly pings: boolean;
}

/** What a connection uses of a WebSocket of `ws`; the simulator brings its own. */
export interface FrameSocket {
  readonly OPEN: number;
  readonly readyState: number;
  readonly bufferedAmount: number;
  on(event: 'message', listener: (content: unknown, isBinary: boolean) => void): unknown;
  on(event: 'ping' | 'pong' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  once(event: 'close', listener: () => void): unknown;
  /** Calls `written` once, when it will not read the frame any more: its memory is used again. */
  send(frame: Uint8Array, written: () => void): void;
  ping(): void;
  close(): void;
  terminate(): void;
}

/** A peer that answers a close gets so long to read what was sent before it. */
const closingMs = 1_000;

export class Connection {
  readonly #socket: FrameSocket;
  readonly #clock: Clock;
  readonly #events: ConnectionEvents;
  readonly #liveness: Liveness;
  readonly #timer: Timer;
  #heardAt: number;
  #tickedAt: number;
  #bufferedAtTick = 0;
  #sentAtTick = 0;
  #sent = 0;
  #ended = false;

  constructor(socket: FrameSocket, clock: Clock, liveness: Liveness, events: ConnectionEvents) {
    this.#socket = socket;
    this.#clock = clock;
    this.#events = events;
    this.#liveness = liveness;
    this.#heardAt = clock.monotonic();
    this.#tickedAt = this.#heardAt;
    this.#timer = repeat(clock, liveness.tickMs, () => this.#tick());
    socket.on('message', (content, isBinary) => this.#receive(content as Buffer, isBinary));
    socket.on('ping', () => this.#heard());
    socket.on('pong', () => this.#heard());
    socket.on('close', () => this.end('closed', 'closed by the other side'));
    socket.on('error', (error) => this.#fail(error));
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** `written` is called once, when the bytes have left for the kernel, or never will. */
  send(frame: Uint8Array, written: () => void): void {
    this.#sent += frame.length;
    this.#socket.send(frame, written);
  }

  /** Ends at once, without a word to the other side. */
  end(reason: EndReason, detail: string): void {
    if (this.#stop()) {
      this.#socket.terminate();
      this.#events.onEnd(reason, detail);
    }
  }

  /** Sends what was handed over, then closes; the events hear nothing more. */
  close(): void {
    if (!this.#stop()) return;
    const timer = this.#clock.setTimer(closingMs, () => this.#socket.terminate());
    this.#socket.once('close', () => timer.cancel());
    this.#socket.close();
  }

  #stop(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#timer.cancel();
    return true;
  }

  #receive(content: Buffer, isBinary: boolean): void {
    if (this.#ended) return;
    this.#heard();
    try {
      if (!isBinary) throw new WireError('expected binary frames, found text');
      this.#events.onFrame(content);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.end('bad-frame', error.message);
    }
  }

  #heard(): void {
    this.#heardAt = this.#clock.monotonic();
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    const late = now - this.#tickedAt > 2 * this.#liveness.tickMs;
    if (late || this.#flows()) this.#heardAt = now;
    this.#tickedAt = now;
    if (now - this.#heardAt >= this.#liveness.silentMs) {
      const silentMs = Math.round(now - this.#heardAt);
      this.end('silent', `no sign of life for ${silentMs} ms`);
    } else if (this.#liveness.pings && this.#socket.readyState === this.#socket.OPEN) {
      this.#socket.ping();
    }
  }

  /** Behind much that was sent a ping is late; but what leaves a full kernel is taken by somebody. */
  #flows(): boolean {
    const buffered = this.#socket.bufferedAmount;
    const left = this.#bufferedAtTick + (this.#sent - this.#sentAtTick) - buffered;
    const flows = this.#bufferedAtTick > 0 && buffered > 0 && left > 0;
    this.#bufferedAtTick = buffered;
    this.#sentAtTick = this.#sent;
    return flows;
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (error.code === 'ECONNREFUSED') this.end('refused', 'nobody listens there');
    else if (error.code === 'ECONNRESET' || error.code === 'EPIPE') {
      this.end('closed', 'reset by the other side');
    } else if (error.message.startsWith('Unexpected server response')) {
      this.end('rejected', 'something answers there that is no member');
    } else if (error.code?.startsWith('WS_ERR')) this.end('bad-frame', error.code);
    else this.end('silent', error.code ?? 'no connection in time');
  }
}

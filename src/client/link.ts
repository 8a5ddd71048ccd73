/**
 * One connection to one member, from the dial to its end. It says who it is, is let in or refused, and
 * carries messages both ways, those of a turn in one frame.
 *
 * Invariants
 * 1. `onUp` comes once at most, before any message; `onEnd` comes once, last, unless `close` was called.
 * 2. What was handed to `send` and not to the socket when the link ends is dropped: callers send again.
 */
import { type Clock, repeat, type Timer } from '../base/clock.ts';
import type { MemberId } from '../base/ids.ts';
import type { Limits } from '../base/limits.ts';
import { FrameQueue } from '../transport/frame-queue.ts';
import { type ClientWelcome, clientProtocol } from '../wire/client-messages.ts';
import { Codec } from '../wire/codec.ts';
import { giveBack } from '../wire/frame-buffers.ts';
import type { ClientHello, Refused } from '../wire/handshake.ts';
import type { Message } from '../wire/messages.ts';
import { WireError } from '../wire/wire-error.ts';
import type { OpenSocket, Socket } from './socket.ts';

export interface LinkEvents {
  /** Asked before it is up: empty, or why this client does not want to be there. */
  objection(welcome: ClientWelcome): string;
  onUp(link: Link): void;
  onMessage(link: Link, message: Message): void;
  /** `refused` where the member said why it lets nobody in. */
  onEnd(link: Link, detail: string, refused: Refused | undefined): void;
}

export interface LinkParts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly hello: ClientHello;
  readonly openSocket: OpenSocket;
}

/** From the dial to the welcome. */
const openMs = 3_000;
const pingMs = 1_000;
/** Without a sign of life for so long the link is down. */
const silentMs = 4_000;
/** So much is handed to the socket at a time; the rest waits where it can be counted. */
const handedBytesMax = 4 * 1_024 * 1_024;
/** Sockets of browsers do not tell when they have room again. */
const roomMs = 5;
/** Before it is known whom a link leads to. */
const nobody = '' as MemberId;

export class Link {
  readonly url: string;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #codec: Codec;
  readonly #frames: FrameQueue;
  readonly #socket: Socket;
  readonly #timer: Timer;
  readonly #startedAt: number;
  #member: MemberId | undefined;
  #upSince = 0;
  #heardAt: number;
  #tickedAt: number;
  #isEnded = false;
  #isFlushing = false;
  #isHeldUp = false;
  readonly #flush = () => {
    this.#isFlushing = false;
    this.#isHeldUp = false;
    this.#send();
    this.#frames.endTurn();
  };

  constructor(url: string, { clock, limits, hello, openSocket }: LinkParts, events: LinkEvents) {
    this.url = url;
    this.#clock = clock;
    this.#events = events;
    this.#codec = new Codec(limits);
    this.#frames = new FrameQueue(this.#codec, limits.dataBytesBufferedMax);
    this.#startedAt = clock.monotonic();
    this.#heardAt = this.#startedAt;
    this.#tickedAt = this.#startedAt;
    const { frameBytesMax } = limits;
    this.#socket = openSocket(
      url,
      clientProtocol,
      { frameBytesMax, openMs },
      {
        onOpen: () => this.#socket.send(this.#codec.encodeClientHello(hello)),
        onFrame: (frame) => this.#receive(frame),
        onClose: () =>
          this.#end(this.isUp ? 'closed by the other side' : 'nobody answers there', undefined),
      },
    );
    this.#timer = repeat(clock, pingMs, () => this.#tick());
  }

  get isUp(): boolean {
    return this.#member !== undefined && !this.#isEnded;
  }

  /** Whom it leads to; empty before it is up. */
  get member(): MemberId {
    return this.#member ?? nobody;
  }

  /** When its other end last said anything. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** How long it has been up, or was. */
  get upMs(): number {
    return this.#member === undefined ? 0 : this.#clock.monotonic() - this.#upSince;
  }

  /** False where too much waits already, or it is not up. */
  send(message: Message): boolean {
    if (!this.isUp || !this.#frames.push(message)) return false;
    if (this.#frames.isDue && !this.#isHeldUp) this.#send();
    else if (!this.#isFlushing) {
      this.#isFlushing = true;
      this.#clock.endOfTask(this.#flush);
    }
    return true;
  }

  /** Ends it without a word to the events. */
  close(): void {
    if (!this.#stop()) return;
    this.#send();
    this.#socket.close();
    // A socket that closes takes nothing more, and those of browsers never say that they have room again.
    this.#frames.clear();
  }

  #send(): void {
    while (!this.#frames.isEmpty) {
      if (this.#socket.bufferedBytes >= handedBytesMax) {
        this.#holdUp();
        return;
      }
      const frame = this.#frames.take();
      if (frame !== undefined) this.#socket.send(frame, () => giveBack(frame));
    }
  }

  /** The socket is full: looks again in a while. */
  #holdUp(): void {
    this.#isHeldUp = true;
    this.#isFlushing = true;
    this.#clock.setTimer(roomMs, this.#flush);
  }

  #receive(frame: Uint8Array): void {
    if (this.#isEnded) return;
    this.#heardAt = this.#clock.monotonic();
    try {
      if (this.#member === undefined && !this.#codec.isBatch(frame)) this.#refused(frame);
      else for (const message of this.#codec.decodeBatch(frame)) this.#take(message);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#end(`something answers there that is no member (${error.message})`, undefined);
    }
  }

  #refused(frame: Uint8Array): void {
    const greeting = this.#codec.decodeGreeting(frame);
    if (greeting.kind !== 'refused') throw new WireError('expected a welcome, found a greeting');
    this.#end(greeting.refused.sentence, greeting.refused);
  }

  #take(message: Message): void {
    if (this.#isEnded) return;
    if (this.#member !== undefined) {
      this.#events.onMessage(this, message);
    } else if (message.kind === 'client.welcome') {
      const objection = this.#events.objection(message);
      if (objection !== '') {
        this.#end(objection, undefined);
        return;
      }
      this.#member = message.member;
      this.#upSince = this.#clock.monotonic();
      this.#events.onUp(this);
    } else {
      throw new WireError('expected a welcome, found another message');
    }
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    // A process that was late itself has not read what came, and blames nobody.
    if (now - this.#tickedAt > 2 * pingMs) this.#heardAt = now;
    this.#tickedAt = now;
    if (!this.isUp) {
      if (now - this.#startedAt >= openMs) this.#end('no answer in time', undefined);
    } else if (now - this.#heardAt >= silentMs) {
      this.#end(`no sign of life for ${Math.round(now - this.#heardAt)} ms`, undefined);
    } else {
      this.send({ kind: 'client.ping' });
    }
  }

  #end(detail: string, refused: Refused | undefined): void {
    if (!this.#stop()) return;
    this.#socket.close();
    this.#frames.clear();
    this.#events.onEnd(this, detail, refused);
  }

  #stop(): boolean {
    if (this.#isEnded) return false;
    this.#isEnded = true;
    this.#timer.cancel();
    return true;
  }
}

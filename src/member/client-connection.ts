/**
 * One connection of a light client: let in by its greeting, then batches of messages both ways.
 *
 * Nothing of a stranger is decoded but one small greeting, and that in a few seconds or never.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { CallerId } from '../base/ids.ts';
import type { Limits } from '../base/limits.ts';
import type { Logger } from '../base/logger.ts';
import { anybody, type User, type Users } from '../security/users.ts';
import { Connection, type FrameSocket } from '../transport/connection.ts';
import { FrameQueue } from '../transport/frame-queue.ts';
import { isSession } from '../wire/client-messages.ts';
import { Codec } from '../wire/codec.ts';
import { giveBack } from '../wire/frame-buffers.ts';
import type { ClientHello, Refused } from '../wire/handshake.ts';
import type { Message } from '../wire/messages.ts';
import { commonVersion, protocolVersion, protocolVersionMin } from '../wire/version.ts';
import { WireError } from '../wire/wire-error.ts';
import type { ClientLink, Gateway } from './gateway.ts';

export interface ClientSettings {
  readonly cluster: string;
  /** Undefined where everybody is let in who reaches the port. */
  readonly users: Users | undefined;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** The bytes that a WebSocket is made of, before they are frames. */
export interface RawBytes {
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
}

/** A greeting with a long token fits well within. */
const greetingBytesMax = 4 * 1_024;
const greetingMs = 3_000;
const liveness = { tickMs: 5_000, silentMs: 20_000, pings: true } as const;
/** So much is handed to a connection at a time; the rest waits where it can be counted. */
const handedBytesMax = 4 * 1_024 * 1_024;
const ignore = () => {};

export class ClientConnection implements ClientLink {
  readonly #settings: ClientSettings;
  readonly #gateway: Gateway;
  readonly #connection: Connection;
  readonly #codec: Codec;
  readonly #frames: FrameQueue;
  readonly #deadline: Timer;
  readonly #onEnd: () => void;
  #session: CallerId | undefined;
  #user: User = anybody;
  #isFlushing = false;
  readonly #flush = () => {
    this.#isFlushing = false;
    this.#send();
    this.#frames.endTurn();
  };

  constructor(
    webSocket: FrameSocket,
    raw: RawBytes,
    settings: ClientSettings,
    gateway: Gateway,
    onEnd: () => void,
  ) {
    const { clock, limits } = settings;
    this.#settings = settings;
    this.#gateway = gateway;
    this.#onEnd = onEnd;
    this.#codec = new Codec(limits);
    this.#frames = new FrameQueue(this.#codec, limits.dataBytesBufferedMax);
    this.#connection = new Connection(webSocket, clock, liveness, {
      onFrame: (frame) => this.#receive(frame),
      onEnd: (reason, detail) => this.#ended(reason, detail),
    });
    this.#deadline = clock.setTimer(greetingMs, () =>
      this.#connection.end('silent', 'no greeting in time'),
    );
    this.#boundGreeting(raw);
  }

  get session(): CallerId {
    return this.#session as CallerId;
  }

  get user(): User {
    return this.#user;
  }

  /** Everything of one turn travels in one frame. A client that does not read loses its connection. */
  send(message: Message): void {
    if (!this.#frames.push(message)) {
      this.#connection.end('silent', 'too slow a reader');
      return;
    }
    if (this.#frames.isDue) this.#send();
    else if (!this.#isFlushing) {
      this.#isFlushing = true;
      this.#settings.clock.endOfTask(this.#flush);
    }
  }

  close(): void {
    this.#send();
    this.#connection.close();
    this.#leave();
  }

  #send(): void {
    while (this.#connection.bufferedBytes < handedBytesMax) {
      const frame = this.#frames.take();
      if (frame === undefined) return;
      this.#connection.send(frame, () => this.#written(frame));
    }
  }

  #written(frame: Uint8Array): void {
    giveBack(frame);
    if (!this.#frames.isEmpty) this.#send();
  }

  #receive(frame: Uint8Array): void {
    if (this.#session === undefined) {
      // What came in one piece was not counted yet.
      if (frame.length > greetingBytesMax) throw new WireError('expected a short greeting');
      const greeting = this.#codec.decodeGreeting(frame);
      if (greeting.kind !== 'client') throw new WireError('expected the greeting of a client');
      this.#greet(greeting.hello);
      return;
    }
    this.#gateway.receiveAll(this, this.#codec.decodeBatch(frame));
  }

  #greet(hello: ClientHello): void {
    const { users } = this.#settings;
    const user = users === undefined ? anybody : users.find(hello);
    const refused = user === undefined ? unknownUser : this.#objectionTo(hello);
    if (user === undefined || refused !== undefined) {
      this.#connection.send(this.#codec.encodeRefused(refused ?? unknownUser), ignore);
      this.close();
      return;
    }
    this.#deadline.cancel();
    this.#user = user;
    this.#session = hello.session;
    this.#gateway.attach(this);
  }

  #objectionTo(theirs: ClientHello): Refused | undefined {
    const { cluster } = this.#settings;
    const mine = { protocol: protocolVersion, protocolMin: protocolVersionMin };
    if (!isSession(theirs.session)) throw new WireError('expected a session of a client');
    if (commonVersion(mine, theirs) === undefined) {
      return refusal(
        `the client speaks versions ${theirs.protocolMin} to ${theirs.protocol} of the protocol, and ` +
          `the member ${mine.protocolMin} to ${mine.protocol}. Upgrade the older of the two.`,
      );
    }
    if (theirs.cluster !== cluster) {
      return refusal(
        `the client wants the cluster "${theirs.cluster}", and the member belongs to "${cluster}". ` +
          'Give the client the same `cluster`, or another URL.',
      );
    }
    if (this.#gateway.isServing) return undefined;
    const sentence =
      'the member may not serve at present: it does not hear from most of the others';
    return { code: 'GRID_NO_QUORUM', sentence };
  }

  #ended(reason: string, detail: string): void {
    const { logger } = this.#settings;
    if (reason === 'bad-frame') logger.warn({ detail }, 'closed the connection of a client');
    this.#leave();
  }

  #leave(): void {
    this.#deadline.cancel();
    this.#frames.clear();
    if (this.#session !== undefined) this.#gateway.detach(this);
    this.#onEnd();
  }

  /** The bound on frames cannot change during a connection, so raw bytes are counted until then. */
  #boundGreeting(raw: RawBytes): void {
    let bytes = 0;
    const count = (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (this.#session !== undefined) raw.off('data', count);
      else if (bytes > greetingBytesMax) {
        this.#connection.end('bad-frame', 'expected a greeting, found too many bytes');
      }
    };
    raw.on('data', count);
  }
}

/** The same for every cause, so that it tells strangers nothing. */
const unknownUser = refusal(
  'the credentials of the client are none that the member knows. Give `token`, or `user` and `password`, as in the option `users` of the members.',
);

function refusal(sentence: string): Refused {
  return { code: 'GRID_REFUSED', sentence };
}

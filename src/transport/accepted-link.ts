/** A link that another member dialled: proven first, then read, never written. */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Timer } from '../base/clock.ts';
import { Codec } from '../wire/codec.ts';
import type { Message } from '../wire/messages.ts';
import { Connection, type EndReason } from './connection.ts';
import { AcceptorHandshake, type HandshakeStep } from './handshake.ts';
import { Opening } from './sealing.ts';
import type { LinkSettings } from './settings.ts';
import type { Peer } from './transport.ts';

export interface AcceptedLinkEvents {
  onMessages(from: Peer, messages: readonly Message[]): void;
  onUp(): void;
  onEnd(): void;
}

interface Proven {
  readonly peer: Peer;
  readonly opening: Opening | undefined;
}

/** Upgrade and greetings fit well within; who sends more before it has proven itself is cut off. */
const unprovenBytesMax = 16 * 1_024;
const ignore = () => {};

export class AcceptedLink {
  readonly #settings: LinkSettings;
  readonly #events: AcceptedLinkEvents;
  readonly #connection: Connection;
  readonly #handshake: AcceptorHandshake;
  readonly #codec: Codec;
  readonly #deadline: Timer;
  #up: Proven | undefined;
  #key = '';

  constructor(
    webSocket: WebSocket,
    socket: Duplex,
    settings: LinkSettings,
    nonce: Uint8Array,
    events: AcceptedLinkEvents,
  ) {
    const { clock, identity, limits, secret, timings } = settings;
    this.#settings = settings;
    this.#events = events;
    this.#codec = new Codec(limits);
    const options = { identity, secret, codec: this.#codec, nonce: new Uint8Array(nonce) };
    this.#handshake = new AcceptorHandshake(options);
    // The dialler pings each second; a longer silence here only frees what it holds.
    const liveness = { tickMs: timings.pingMs, silentMs: timings.silentMs * 5, pings: false };
    this.#connection = new Connection(webSocket, clock, liveness, {
      onFrame: (frame) => this.#receive(frame),
      onEnd: (reason, detail) => this.#ended(reason, detail),
    });
    this.#deadline = clock.setTimer(timings.handshakeMs, () =>
      this.#connection.end('silent', 'no handshake in time'),
    );
    this.#boundUnproven(socket);
  }

  /** Identity and lane; empty until both are proven. */
  get key(): string {
    return this.#key;
  }

  close(): void {
    this.#deadline.cancel();
    this.#connection.close();
    this.#events.onEnd();
  }

  #receive(frame: Uint8Array): void {
    if (this.#up === undefined) this.#shake(this.#handshake.receive(frame));
    else this.#read(frame, this.#up);
  }

  #read(frame: Uint8Array, { peer, opening }: Proven): void {
    const messages = this.#codec.decodeBatch(opening === undefined ? frame : opening.open(frame));
    this.#settings.stats.framesReceived++;
    this.#settings.stats.messagesReceived += messages.length;
    this.#events.onMessages(peer, messages);
  }

  #shake(step: HandshakeStep): void {
    if (step.send !== undefined) this.#connection.send(step.send, ignore);
    if (step.kind === 'refused') {
      this.#settings.logger.debug({ sentence: step.refused.sentence }, 'refused a member');
      this.close();
    } else if (step.kind === 'up') {
      const { limits, tls } = this.#settings;
      const key = tls === undefined ? step.keys?.fromDialler : undefined;
      const opening = key === undefined ? undefined : new Opening(key, limits.frameBytesMax);
      this.#deadline.cancel();
      this.#up = { peer: step.peer, opening };
      this.#key = `${step.lane} ${step.peer.id}`;
      this.#events.onUp();
    }
  }

  #ended(reason: EndReason, detail: string): void {
    this.#deadline.cancel();
    if (reason === 'bad-frame') {
      this.#settings.stats.badFrames++;
      const from = this.#up?.peer.address ?? 'an unproven peer';
      this.#settings.logger.warn({ from, detail }, 'closed a link for a bad frame');
    }
    this.#events.onEnd();
  }

  /** The bound on frames cannot change during a connection, so raw bytes are counted until then. */
  #boundUnproven(socket: Duplex): void {
    let bytes = 0;
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      if (this.#up !== undefined) socket.off('data', count);
      else if (bytes > unprovenBytesMax) {
        this.#connection.end('bad-frame', 'expected a greeting, found too many bytes');
      }
    };
    socket.on('data', count);
  }
}

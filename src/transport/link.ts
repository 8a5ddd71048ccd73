/**
 * One outgoing connection to one address on one lane: dialled on demand, remade with backoff while
 * there is something to send. Messages only ever leave on links that this side dialled.
 *
 * Invariants
 * 1. `#connection` is there exactly in the states `dialling` and `up`.
 * 2. `events.down` follows every end of a connection, once; `events.up` is followed by `down`.
 * 3. What waits when a dial fails is dropped: senders resend, and nobody gets stale messages. So is data
 *    that waits when a connection ends: it is in frames already, and those are for one process.
 * 4. While the link is up, data waits in `#frames` alone, else in `#outbox`; control always in `#outbox`,
 *    where what is old can be dropped.
 */
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import type { Timer } from '../base/clock.ts';
import type { Address, MemberId } from '../base/ids.ts';
import { nonceBytes } from '../security/shared-secret.ts';
import { Codec } from '../wire/codec.ts';
import { giveBack } from '../wire/frame-buffers.ts';
import type { Refused } from '../wire/handshake.ts';
import type { Message } from '../wire/messages.ts';
import { WireError } from '../wire/wire-error.ts';
import { Backoff } from './backoff.ts';
import { Connection, type EndReason } from './connection.ts';
import { FrameQueue } from './frame-queue.ts';
import { DiallerHandshake, type HandshakeStep, selfCode } from './handshake.ts';
import { nearConnection } from './near-socket.ts';
import { Outbox } from './outbox.ts';
import { Sealing } from './sealing.ts';
import { type LinkSettings, memberPath, memberProtocol, socketOptions } from './settings.ts';
import type { DownReason, Lane, Peer } from './transport.ts';

export interface LinkEvents {
  up(link: Link, peer: Peer): void;
  down(link: Link, id: MemberId | undefined, reason: DownReason): void;
  rejected(link: Link, refused: Refused): void;
}

/** A link that lived so long was well: the next one is tried at once. */
const wellMs = 1_000;
/** Of data, so much is handed to a connection at a time; the rest waits where it can be counted. */
const handedBytesMax = 4 * 1_024 * 1_024;

export class Link {
  readonly address: Address;
  readonly lane: Lane;
  readonly #settings: LinkSettings;
  readonly #events: LinkEvents;
  readonly #outbox: Outbox;
  /** Undefined on the lane for control. */
  readonly #frames: FrameQueue | undefined;
  readonly #backoff: Backoff;
  readonly #codec: Codec;
  #state: 'idle' | 'waiting' | 'dialling' | 'up' | 'closed' = 'idle';
  #connection: Connection | undefined;
  #sealing: Sealing | undefined;
  #peer: Peer | undefined;
  #retry: Timer | undefined;
  #deadline: Timer | undefined;
  #upSince = 0;
  /** Whether the end of the turn is to come here: a note of those who call it. */
  isWaiting = false;
  readonly #onWritten = () => {
    if (this.#outbox.length > 0 || this.#frames?.isEmpty === false) this.flush();
  };

  constructor(address: Address, lane: Lane, settings: LinkSettings, events: LinkEvents) {
    this.address = address;
    this.lane = lane;
    this.#settings = settings;
    this.#events = events;
    const { limits, random, timings } = settings;
    const { controlBytesBufferedMax, dataBytesBufferedMax } = limits;
    const bytesMax = lane === 'control' ? controlBytesBufferedMax : dataBytesBufferedMax;
    this.#outbox = new Outbox(lane, bytesMax);
    this.#codec = new Codec(limits);
    this.#frames = lane === 'data' ? new FrameQueue(this.#codec, bytesMax) : undefined;
    this.#backoff = new Backoff(random, {
      firstMs: timings.backoffFirstMs,
      longestMs: timings.backoffLongestMs,
    });
  }

  /** Who was there last. */
  get peer(): Peer | undefined {
    return this.#peer;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  get dropped(): number {
    return this.#outbox.dropped;
  }

  bufferedBytes(): number {
    const waiting = this.#outbox.bytes + (this.#frames?.bytes ?? 0);
    return waiting + (this.#connection?.bufferedBytes ?? 0);
  }

  /** `bytes`: at least what the message takes in a frame. */
  push(message: Message, id: MemberId | undefined, bytes: number): boolean {
    const frames = this.#frames;
    if (frames === undefined || !this.isUp) return this.#outbox.push(message, id, bytes);
    // Another process is there by now.
    if (id !== undefined && id !== this.#peer?.id) return true;
    if (!frames.push(message, bytes)) return false;
    this.#settings.stats.messagesSent++;
    return true;
  }

  /** Whether enough waits for a frame, though the turn goes on. */
  get isDue(): boolean {
    return this.#frames?.isDue === true && this.#hasRoom();
  }

  /** Sends what waits, as far as the connection takes it; dials where there is none. */
  flush(): void {
    if (this.#state === 'idle' && this.#outbox.length > 0) this.#dial();
    const peer = this.#peer;
    if (this.#state !== 'up' || peer === undefined) return;
    while (this.#outbox.length > 0 && this.#hasRoom()) {
      const batch = this.#outbox.takeBatch(peer.id);
      if (batch.length > 0) this.#sendBatch(batch);
    }
    while (this.#frames?.isEmpty === false && this.#hasRoom()) this.#sendFrame(this.#frames.take());
  }

  /** The turn is over: nothing waits for more. */
  endTurn(): void {
    this.isWaiting = false;
    this.flush();
    this.#frames?.endTurn();
  }

  /** Ends the connection as silent: another lane to the same peer has found it so. */
  endSilent(): void {
    this.#connection?.end('silent', 'the other lane is silent');
  }

  /** Sends nothing that still waits. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#retry?.cancel();
    this.#deadline?.cancel();
    this.#connection?.close();
    this.#connection = undefined;
    this.#outbox.clear();
    this.#frames?.clear();
  }

  #hasRoom(): boolean {
    const { limits } = this.#settings;
    const bytesMax = this.lane === 'control' ? limits.controlBytesBufferedMax : handedBytesMax;
    return (this.#connection?.bufferedBytes ?? bytesMax) < bytesMax;
  }

  #sendBatch(batch: readonly Message[]): void {
    this.#settings.stats.messagesSent += batch.length;
    this.#sendFrame(this.#codec.encodeBatch(batch));
  }

  #sendFrame(open: Uint8Array | undefined): void {
    if (open === undefined) return;
    const { stats } = this.#settings;
    const sealed = this.#sealing?.seal(open);
    if (sealed !== undefined) giveBack(open);
    const frame = sealed ?? open;
    stats.framesSent++;
    stats.bytesSent += frame.length;
    this.#connection?.send(frame, () => {
      giveBack(frame);
      this.#onWritten();
    });
  }

  #dial(): void {
    const { clock, limits, timings, tls, identity, secret } = this.#settings;
    this.#state = 'dialling';
    const createConnection = tls === undefined ? nearConnection(this.address) : undefined;
    const url = `${tls === undefined ? 'ws' : 'wss'}://${this.address}${memberPath}`;
    const socket = new WebSocket(url, memberProtocol, {
      ...socketOptions(limits),
      handshakeTimeout: timings.handshakeMs,
      followRedirects: false,
      // Masks keep scripts in browsers from speaking to proxies; between members they only cost.
      generateMask: () => {},
      ...(createConnection === undefined ? {} : { createConnection }),
      ...(tls === undefined
        ? {}
        : { key: tls.key as Buffer, cert: tls.cert as Buffer, ca: tls.ca as Buffer | undefined }),
    });
    const nonce = new Uint8Array(randomBytes(nonceBytes));
    const options = { identity, secret, codec: this.#codec, nonce };
    const handshake = new DiallerHandshake(options, this.lane);
    const silentMs = timings.silentMs * (this.lane === 'control' ? 1 : 3);
    const liveness = { tickMs: timings.pingMs, silentMs, pings: true };
    this.#connection = new Connection(socket, clock, liveness, {
      onFrame: (frame) => this.#receive(handshake, frame),
      onEnd: (reason, detail) => this.#ended(reason, detail),
    });
    const connection = this.#connection;
    socket.once('open', () => connection.send(handshake.greet(), this.#onWritten));
    this.#deadline = clock.setTimer(timings.handshakeMs, () =>
      connection.end('silent', 'no handshake in time'),
    );
  }

  #receive(handshake: DiallerHandshake, frame: Uint8Array): void {
    if (this.#state !== 'dialling') {
      throw new WireError('expected nothing on a link that this side dialled, found a frame');
    }
    const step = handshake.receive(frame);
    if (step.kind === 'wait') this.#connection?.send(step.send, this.#onWritten);
    else if (step.kind === 'up') this.#rise(step);
    else this.#rejected(step.refused);
  }

  #rise(step: HandshakeStep & { readonly kind: 'up' }): void {
    const { clock, tls } = this.#settings;
    this.#deadline?.cancel();
    this.#state = 'up';
    this.#upSince = clock.monotonic();
    this.#peer = step.peer;
    const sealed = tls === undefined ? step.keys : undefined;
    this.#sealing = sealed === undefined ? undefined : new Sealing(sealed.fromDialler);
    this.#queueWaiting(step.peer);
    this.#events.up(this, step.peer);
    this.flush();
  }

  /** What waited for the link goes before all that follows. */
  #queueWaiting({ id }: Peer): void {
    const frames = this.#frames;
    while (frames !== undefined && this.#outbox.length > 0) {
      const batch = this.#outbox.takeBatch(id);
      for (const message of batch) frames.push(message);
      this.#settings.stats.messagesSent += batch.length;
    }
  }

  #rejected(refused: Refused): void {
    if (refused.code !== selfCode) this.#events.rejected(this, refused);
    this.#connection?.end('rejected', refused.sentence);
  }

  #ended(reason: EndReason, detail: string): void {
    const { clock, logger, stats } = this.#settings;
    if (this.#state === 'closed') return;
    const wasUp = this.#state === 'up';
    this.#deadline?.cancel();
    this.#connection = undefined;
    this.#sealing = undefined;
    this.#frames?.clear();
    if (reason === 'bad-frame') stats.badFrames++;
    logger.debug({ address: this.address, lane: this.lane, reason, detail }, 'a link is down');
    if (wasUp && clock.monotonic() - this.#upSince >= wellMs) this.#backoff.reset();
    if (!wasUp) this.#outbox.clear();
    this.#state = 'waiting';
    this.#retry = clock.setTimer(this.#backoff.nextMs(), () => this.#tryAgain(wasUp));
    const id = wasUp ? this.#peer?.id : undefined;
    this.#events.down(this, id, reason === 'bad-frame' ? 'closed' : reason);
  }

  /** A link that was up is tried once even with nothing to send: whether it is refused says much. */
  #tryAgain(wasUp: boolean): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'idle';
    if (wasUp || this.#outbox.length > 0) this.#dial();
  }
}

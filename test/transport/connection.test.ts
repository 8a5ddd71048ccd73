import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import type { Clock } from '../../src/base/clock.ts';
import { Connection, type FrameSocket } from '../../src/transport/connection.ts';
import { WireError } from '../../src/wire/wire-error.ts';

/** A socket of which the test decides what it has sent and heard. */
class FakeSocket extends EventEmitter implements FrameSocket {
  readonly OPEN = 1;
  readonly readyState = 1;
  bufferedAmount = 0;
  pings = 0;
  terminated = 0;

  ping(): void {
    this.pings++;
  }

  send(frame: Uint8Array): void {
    this.bufferedAmount += frame.length;
  }

  close(): void {}

  terminate(): void {
    this.terminated++;
  }
}

/** Time goes on when the test says so; a leap past several ticks is a stall of this process. */
class ManualClock implements Clock {
  #now = 0;
  #due: { at: number; act: () => void }[] = [];

  monotonic(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  setTimer(delayMs: number, act: () => void) {
    const timer = { at: this.#now + delayMs, act };
    this.#due.push(timer);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== timer);
      },
    };
  }

  defer(act: () => void): void {
    act();
  }

  endOfTask(act: () => void): void {
    this.defer(act);
  }

  leap(ms: number): void {
    this.#now += ms;
    const due = this.#due.filter(({ at }) => at <= this.#now);
    this.#due = this.#due.filter(({ at }) => at > this.#now);
    for (const { act } of due) act();
  }

  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) this.leap(100);
  }
}

function connected(pings: boolean) {
  const [socket, clock] = [new FakeSocket(), new ManualClock()];
  const ends: string[] = [];
  const frames: Uint8Array[] = [];
  const liveness = { tickMs: 1_000, silentMs: 3_000, pings };
  const connection = new Connection(socket, clock, liveness, {
    onFrame(frame) {
      if (frame.length === 0) throw new WireError('empty');
      frames.push(frame);
    },
    onEnd: (reason, detail) => ends.push(`${reason}: ${detail}`),
  });
  return { socket, clock, connection, ends, frames };
}

describe('a connection', () => {
  it('pings each second where it dialled, and never where it accepted', () => {
    const [dialled, accepted] = [connected(true), connected(false)];
    dialled.clock.pass(2_000);
    accepted.clock.pass(2_000);
    expect([dialled.socket.pings, accepted.socket.pings]).to.deep.equal([2, 0]);
  });

  it('ends once, as silent, after three seconds without a sign of life', () => {
    const { socket, clock, ends } = connected(true);
    clock.pass(2_900);
    expect(ends).to.deep.equal([]);
    clock.pass(100);
    expect(ends).to.deep.equal(['silent: no sign of life for 3000 ms']);
    expect(socket.terminated).to.equal(1);
    socket.emit('close');
    clock.pass(10_000);
    expect(ends).to.have.length(1);
    expect(socket.pings).to.equal(2);
  });

  it('counts pongs, pings and frames as signs of life', () => {
    const { socket, clock, ends } = connected(true);
    for (const [event, ...given] of [['pong'], ['ping'], ['message', Buffer.of(1), true]]) {
      clock.pass(2_000);
      socket.emit(event as string, ...given);
    }
    clock.pass(2_900);
    expect(ends).to.deep.equal([]);
  });

  it('does not blame the peer for a stall of its own', () => {
    const { clock, ends } = connected(true);
    clock.pass(1_000);
    clock.leap(20_000);
    expect(ends).to.deep.equal([]);
    clock.pass(2_900);
    expect(ends).to.deep.equal([]);
    clock.pass(200);
    expect(ends).to.have.length(1);
  });

  it('waits while what it sent still leaves a full kernel, and no longer', () => {
    const { socket, clock, connection, ends } = connected(true);
    connection.send(new Uint8Array(100_000), () => {});
    for (let second = 0; second < 10; second++) {
      clock.pass(1_000);
      socket.bufferedAmount -= 5_000;
    }
    expect(ends).to.deep.equal([]);
    clock.pass(5_000);
    expect(ends).to.have.length(1);
  });

  it('does not take what only the kernel took for a sign of life', () => {
    const { socket, clock, connection, ends } = connected(true);
    for (let second = 0; second < 3; second++) {
      connection.send(new Uint8Array(1_000), () => {});
      socket.bufferedAmount = 0;
      clock.pass(1_000);
    }
    expect(ends).to.have.length(1);
  });

  it('ends for text and for what its reader finds bad, and reads no more', () => {
    for (const [content, isBinary, reason] of [
      [Buffer.from('x'), false, 'bad-frame: expected binary frames, found text'],
      [Buffer.of(), true, 'bad-frame: empty'],
    ] as const) {
      const { socket, ends, frames } = connected(false);
      socket.emit('message', content, isBinary);
      socket.emit('message', Buffer.of(1), true);
      expect(ends).to.deep.equal([reason]);
      expect(frames).to.deep.equal([]);
    }
  });

  it('names the ends that the system names', () => {
    const cases: [error: object, end: string][] = [
      [{ code: 'ECONNREFUSED' }, 'refused: nobody listens there'],
      [{ code: 'ECONNRESET' }, 'closed: reset by the other side'],
      [{ code: 'EPIPE' }, 'closed: reset by the other side'],
      [
        { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' },
        'bad-frame: WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
      ],
      [{ code: 'ENOTFOUND' }, 'silent: ENOTFOUND'],
      [{ message: 'Opening handshake has timed out' }, 'silent: no connection in time'],
      [
        { message: 'Unexpected server response: 404' },
        'rejected: something answers there that is no member',
      ],
    ];
    for (const [fields, end] of cases) {
      const { socket, ends } = connected(true);
      socket.emit('error', Object.assign(new Error(), fields));
      expect(ends).to.deep.equal([end]);
    }
  });
});

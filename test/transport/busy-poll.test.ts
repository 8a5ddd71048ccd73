import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { BusyPoll } from '../../src/transport/busy-poll.ts';
import { HandClock } from '../actors/hand-clock.ts';

/** More than enough to earn any credit, and fewer than it takes to earn what two rounds in vain cost. */
const many = 64;
const quickMs = 0.03;
const longMs = 5;

describe('a loop that stays awake for near peers', () => {
  it('goes round without sleep once frames come in quick succession, and sleeps soon after the last', () => {
    const { clock, arrive, rounds } = poller();
    arrive(many, quickMs);
    expect(clock.deferredCount).to.equal(1);
    const count = rounds(0.01);
    expect(count).to.be.within(5, 20);
    expect(clock.deferredCount).to.equal(0);
  });

  it('never goes round for frames that come now and then', () => {
    const { clock, arrive } = poller();
    arrive(1_000, longMs);
    expect(clock.deferredCount).to.equal(0);
  });

  it('goes round in vain less often than frames come quickly', () => {
    const { clock, arrive, rounds } = poller();
    let vain = 0;
    for (let burst = 0; burst < 100; burst++) {
      arrive(8, quickMs);
      if (clock.deferredCount === 0) clock.spend(longMs);
      else if (rounds(0.01) > 0) vain++;
    }
    expect(vain).to.be.within(1, (100 * 8) / 32);
  });

  it('is one round at a time, however many frames come in it', () => {
    const { clock, arrive } = poller();
    arrive(many, quickMs);
    arrive(many, 0);
    expect(clock.deferredCount).to.equal(1);
  });

  for (const host of ['127.0.0.1', '::ffff:127.0.0.1', '::1', 'localhost', '[::1]']) {
    it(`counts the frames of ${host}`, () => {
      expect(heard(host)).to.equal(1);
    });
  }

  for (const host of ['10.0.0.7', '::ffff:10.0.0.7', '127.example.com', undefined]) {
    it(`leaves the frames of ${host} alone`, () => {
      expect(heard(host)).to.equal(0);
    });
  }
});

function poller() {
  const clock = new HandClock();
  const poll = new BusyPoll(clock);
  return {
    clock,
    arrive(frames: number, apartMs: number) {
      for (let at = 0; at < frames; at++) {
        clock.spend(apartMs);
        poll.arrived();
      }
    },
    /** Turns of the loop until it sleeps. */
    rounds(everyMs: number): number {
      let count = 0;
      for (; clock.deferredCount > 0; count++) {
        clock.spend(everyMs);
        clock.turn();
      }
      clock.spend(longMs);
      return count;
    },
  };
}

/** How many rounds begin when frames come quickly from that host. */
function heard(host: string | undefined): number {
  const clock = new HandClock();
  const socket = new EventEmitter();
  new BusyPoll(clock).listen(socket, host);
  for (let at = 0; at < many; at++) socket.emit('message');
  return clock.deferredCount;
}

import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { BusyPoll } from '../../src/transport/busy-poll.ts';
import { HandClock } from '../actors/hand-clock.ts';

/** Enough for a trial and a good part of what is settled by it. */
const many = 2_000;
const slowMs = 5;
/** With such a frame time and that one the peer answers, to a process that sleeps and to one that does not. */
const peers = {
  quicker: { asleepMs: 0.04, awakeMs: 0.03 },
  same: { asleepMs: 0.04, awakeMs: 0.04 },
  late: { asleepMs: 0.15, awakeMs: 0.1 },
  slower: { asleepMs: 0.04, awakeMs: 0.05 },
  far: { asleepMs: slowMs, awakeMs: slowMs },
  batching: { asleepMs: 0.08, awakeMs: 0.04, asleepBytes: 400 },
} satisfies Record<string, Peer>;

describe('a loop that stays awake for near peers', () => {
  it('goes round without sleep where frames come sooner for it, and sleeps soon after the last', () => {
    const { exchange, rounds, awake } = poller(peers.quicker);
    exchange(many);
    expect(awake() / many).to.be.above(0.85);
    expect(rounds(0.01)).to.be.within(10, 30);
  });

  for (const kind of ['same', 'slower', 'batching'] as const) {
    it(`sleeps where a peer is ${kind}, but for trials`, () => {
      const { exchange, awake } = poller(peers[kind]);
      exchange(many);
      expect(awake() / many).to.be.within(0.01, 0.15);
    });
  }

  it('tries less and less often where it comes to the same, for a trial costs', () => {
    const { exchange, awake } = poller(peers.quicker);
    const share = (frames: number) => {
      const before = awake();
      exchange(frames);
      return (awake() - before) / frames;
    };
    exchange(200_000);
    expect(share(200_000)).to.be.above(0.995);
  });

  it('has one thing to do a round, however many frames come', () => {
    const { exchange, waiting } = poller(peers.quicker);
    exchange(many);
    expect(waiting()).to.equal(1);
  });

  it('is not misled by frames that are late now and then, and of many sizes', () => {
    for (const [kind, least, most] of [
      ['late', 0.8, 1],
      ['slower', 0, 0.2],
    ] as const) {
      for (let seed = 1; seed <= 50; seed++) {
        const { exchange, awake } = poller(
          { ...peers[kind], lateOf: 128, isMixed: true },
          seededRandom(seed),
        );
        exchange(many);
        expect(awake() / many, `${kind} ${seed}`).to.be.within(least, most);
      }
    }
  });

  it('never goes round for frames that come now and then', () => {
    const { exchange, awake } = poller(peers.far);
    exchange(many);
    expect(awake()).to.equal(0);
  });

  it('finds out when that changes', () => {
    const { exchange, awake, meet } = poller(peers.slower);
    exchange(many);
    meet(peers.quicker);
    exchange(10_000);
    const before = awake();
    exchange(many);
    expect((awake() - before) / many).to.be.above(0.7);
  });

  it('finds out after a long time of the same, and tries more often again then', () => {
    const { exchange, awake, meet } = poller(peers.quicker);
    exchange(200_000);
    meet(peers.slower);
    exchange(70_000);
    const before = awake();
    exchange(5_000);
    expect(awake() - before).to.be.within(1, 500);
  });

  it('goes round in vain less often than frames come quickly', () => {
    const { exchange, rounds } = poller(peers.quicker);
    exchange(many);
    let vain = 0;
    for (let burst = 0; burst < 100; burst++) {
      exchange(8);
      if (rounds(0.01) > 0) vain++;
    }
    // What credit there was, and what each burst earned.
    expect(vain).to.be.within(1, (64 + 100 * 8) / 32);
  });

  for (const host of ['127.0.0.1', '::ffff:127.0.0.1', '::1', 'localhost', '[::1]']) {
    it(`counts the frames of ${host}`, () => {
      expect(isHeard(host)).to.equal(true);
    });
  }

  for (const host of ['10.0.0.7', '::ffff:10.0.0.7', '127.example.com', undefined]) {
    it(`leaves the frames of ${host} alone`, () => {
      expect(isHeard(host)).to.equal(false);
    });
  }
});

interface Peer {
  readonly asleepMs: number;
  readonly awakeMs: number;
  /** Of a frame, where the process sleeps; 100 otherwise. */
  readonly asleepBytes?: number;
  /** One of so many frames comes later by far. */
  readonly lateOf?: number;
  /** Some frames are of a quarter of the bytes. */
  readonly isMixed?: boolean;
}

function poller(first: Peer, random: Random = seededRandom(7)) {
  const clock = new HandClock();
  const poll = new BusyPoll(clock, random);
  let peer = first;
  let awake = 0;
  const lateness = () => {
    const isLate = random.next() * (peer.lateOf ?? Number.POSITIVE_INFINITY) < 1;
    return isLate ? 0.3 : 0;
  };
  const sizeOf = (bytes: number) =>
    peer.isMixed === true && random.next() < 0.8 ? bytes / 4 : bytes;
  return {
    awake: () => awake,
    /** What the loop has to do in its next round. */
    waiting: () => clock.deferredCount,
    meet(other: Peer) {
      peer = other;
    },
    /** Frames as the peer gives them. */
    exchange(frames: number) {
      for (let at = 0; at < frames; at++) {
        const isAwake = clock.deferredCount > 0;
        if (isAwake) awake++;
        clock.turn();
        clock.spend((isAwake ? peer.awakeMs : peer.asleepMs) + lateness());
        poll.arrived(sizeOf(isAwake ? 100 : (peer.asleepBytes ?? 100)));
      }
    },
    /** Turns of the loop until it sleeps. */
    rounds(everyMs: number): number {
      let count = 0;
      for (; clock.deferredCount > 0; count++) {
        clock.spend(everyMs);
        clock.turn();
      }
      clock.spend(slowMs);
      return count;
    },
  };
}

/** Whether the loop goes round for frames that come quickly from that host. */
function isHeard(host: string | undefined): boolean {
  const clock = new HandClock();
  const socket = new EventEmitter();
  new BusyPoll(clock, seededRandom(7)).listen(socket, host);
  let isHeard = false;
  for (let at = 0; at < many; at++) {
    socket.emit('message', new Uint8Array(100));
    isHeard ||= clock.deferredCount > 0;
  }
  return isHeard;
}

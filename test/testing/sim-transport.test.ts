import { expect } from 'chai';
import { World, type WorldOptions } from '../../src/testing/world.ts';
import type { OpReply } from '../../src/wire/op-messages.ts';
import { Listener, reply } from './toys.ts';

function pair(options: WorldOptions = {}, seed = 1) {
  const world = new World(seed, options);
  const ann = world.spawn('ann', (parts) => new Listener(parts));
  const bob = world.spawn('bob', (parts) => new Listener(parts));
  const send = (...requests: number[]) => {
    for (const request of requests) ann.program.send(bob.address, request);
  };
  /** Control links find out within 3 s that nobody answers, data links within 9 s. */
  const sendControl = (request: number) => ann.program.send(bob.address, request, 'control');
  return { world, ann, bob, send, sendControl };
}

/** Sends one message each millisecond. */
function sendEach(world: World, count: number, send: (request: number) => void): void {
  for (let request = 1; request <= count; request++) world.after(request, () => send(request));
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('a simulated link', () => {
  it('is made on demand by who sends, who learns who is there', () => {
    const { world, ann, bob, send } = pair();
    world.run(2_000);
    expect(ann.program.links).to.deep.equal([]);
    send(1);
    world.run(2_100);
    expect(ann.program.identities).to.deep.equal([bob.id]);
    expect(bob.program.links).to.deep.equal([]);
    expect(bob.program.received[0]!.from).to.deep.equal({ id: ann.id, address: ann.address });
  });

  it('is told of once, though it has two lanes', () => {
    const { world, ann, bob, send, sendControl } = pair();
    send(1);
    sendControl(2);
    world.run(100);
    expect(ann.program.links).to.deep.equal(['up']);
    expect(bob.program.requests).to.have.members([1, 2]);
  });

  it('is one in each direction where both dial at once', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { world, ann, bob, send } = pair({}, seed);
      send(1);
      bob.program.send(ann.address, 2);
      world.run(5_000);
      expect(ann.program.links, `seed ${seed}`).to.deep.equal(['up']);
      expect(bob.program.links, `seed ${seed}`).to.deep.equal(['up']);
      expect([...ann.program.requests, ...bob.program.requests]).to.deep.equal([2, 1]);
    }
  });

  it('puts the messages of one turn and lane into one frame', () => {
    const frames: number[] = [];
    const world = new World(1, {
      codec: {
        encode: (messages) => {
          frames.push(messages.length);
          return new TextEncoder().encode(JSON.stringify(messages));
        },
        decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
      },
    });
    const ann = world.spawn('ann', (parts) => new Listener(parts));
    const bob = world.spawn('bob', (parts) => new Listener(parts));
    ann.program.send(bob.address, 0);
    world.run(100);
    ann.run((program) => {
      for (const request of [1, 2, 3]) program.send(bob.address, request);
      program.send(bob.address, 4, 'control');
    });
    world.run(200);
    expect(frames).to.have.members([1, 3, 1]);
    expect(bob.program.requests).to.have.members([0, 1, 2, 3, 4]);
  });

  it('shares no object between the two processes', () => {
    const { world, ann, bob } = pair();
    const sent = reply(7, 3);
    ann.program.parts.transport.send(bob.address, undefined, 'data', sent);
    world.run(100);
    const [got] = bob.program.received;
    expect(got!.message).to.deep.equal(sent);
    expect(got!.message).to.not.equal(sent);
    expect((got!.message as OpReply).result.buffer).to.not.equal(sent.result.buffer);
  });

  it('is refused to the process itself', () => {
    const { world, ann } = pair();
    ann.program.send(ann.address, 1, 'data', ann.id);
    world.run(10);
    expect(ann.program.requests).to.deep.equal([]);
    expect(ann.program.links).to.deep.equal(['down: rejected']);
  });

  it('keeps the order of a stream under any jitter', () => {
    const { world, bob, send } = pair({ quality: { jitterMs: 50 } });
    sendEach(world, 300, send);
    world.run(3_000);
    expect(bob.program.requests).to.deep.equal(upTo(300));
  });

  it('is refused where nobody listens, and made when somebody does', () => {
    const { world, ann, bob, send } = pair();
    world.crash('bob');
    send(1);
    world.run(100);
    expect(ann.program.links).to.deep.equal(['down: refused']);
    world.restart('bob');
    send(2);
    world.run(2_000);
    expect(ann.program.links.at(-1)).to.equal('up');
    expect(bob.program.requests).to.deep.equal([2]);
  });

  it('is closed by a crash at its other end, and then refused', () => {
    const { world, ann, send } = pair();
    send(1);
    world.run(100);
    world.crash('bob');
    world.run(1_000);
    expect(ann.program.links).to.deep.equal(['up', 'down: closed', 'down: refused']);
  });

  it('goes silent where the machine is gone with the process', () => {
    const { world, ann, bob, send, sendControl } = pair();
    send(0);
    sendControl(1);
    world.run(100);
    world.crash('bob', true);
    world.run(2_900);
    expect(ann.program.links).to.deep.equal(['up']);
    world.run(5_000);
    expect(ann.program.links).to.deep.equal(['up', 'down: silent', 'down: silent']);
    world.run(12_000);
    expect(ann.program.links.slice(3)).to.deep.equal(['down: silent', 'down: silent']);
    world.restart('bob');
    sendControl(3);
    world.run(16_000);
    expect(bob.program.requests).to.deep.equal([3]);
  });

  it('loses an arbitrary rest of what a crashing process has sent, and no more', () => {
    const arrived = new Set<number>();
    for (let seed = 1; seed <= 40; seed++) {
      const { world, bob, send } = pair({ quality: { jitterMs: 5 } }, seed);
      sendEach(world, 100, send);
      world.run(100.5);
      world.crash('ann');
      world.run(1_000);
      const { requests } = bob.program;
      expect(requests, `seed ${seed}`).to.deep.equal(upTo(requests.length));
      arrived.add(requests.length);
    }
    expect(arrived.size).to.be.greaterThan(3);
  });

  it('delivers to nobody but the identity that was meant', () => {
    const { world, ann, bob } = pair();
    const oldId = bob.id;
    ann.program.send(bob.address, 1, 'data', oldId);
    world.run(100);
    world.crash('bob');
    world.restart('bob');
    world.run(200);
    ann.program.send(bob.address, 2, 'data', oldId);
    ann.program.send(bob.address, 3);
    ann.program.send(bob.address, 4, 'data', bob.id);
    world.run(2_000);
    expect(bob.program.requests).to.deep.equal([3, 4]);
    expect(world.counts.faults.get('identity')).to.equal(1);
    expect(ann.program.identities).to.deep.equal([oldId, bob.id]);
  });

  it('holds what a short cut has stopped, and delivers it in order', () => {
    const { world, ann, bob, send } = pair();
    sendEach(world, 500, send);
    world.run(100);
    world.cut('ann', 'bob');
    world.run(400);
    expect(bob.program.requests.length).to.be.within(90, 100);
    world.heal('ann', 'bob');
    world.run(3_000);
    expect(bob.program.requests).to.deep.equal(upTo(500));
    expect(ann.program.links).to.deep.equal(['up']);
  });

  it('brings what a cut had stopped of a process that has died since, unless its machine died', () => {
    for (const withMachine of [false, true]) {
      const { world, bob, send } = pair();
      send(1);
      world.run(100);
      world.cut('ann', 'bob');
      send(2);
      world.run(200);
      world.crash('ann', withMachine);
      world.run(300);
      world.heal('ann', 'bob');
      world.run(1_000);
      expect(bob.program.requests).to.deep.equal(withMachine ? [1] : [1, 2]);
    }
  });

  it('goes silent in a long cut, and is made anew after it', () => {
    const { world, ann, bob, sendControl } = pair();
    sendControl(1);
    world.run(100);
    world.cut('ann', 'bob');
    sendControl(2);
    world.run(6_000);
    expect(ann.program.links).to.deep.equal(['up', 'down: silent']);
    world.heal('ann', 'bob');
    world.run(8_000);
    sendControl(3);
    world.run(12_000);
    expect(bob.program.requests).to.deep.equal([1, 3]);
  });

  it('is made where a cut that stopped the dial is healed in time', () => {
    const { world, ann, bob, send } = pair();
    world.cut('ann', 'bob');
    send(1);
    world.run(2_500);
    world.heal('ann', 'bob');
    world.run(4_900);
    expect(bob.program.requests).to.deep.equal([1]);
    expect(ann.program.links).to.deep.equal(['up']);
  });

  it('carries the other direction through a one-way cut, until it goes silent for want of answers', () => {
    const { world, ann, bob, sendControl } = pair();
    sendControl(1);
    bob.program.send(ann.address, 2, 'control');
    world.run(100);
    world.cutOneWay('ann', 'bob');
    sendControl(3);
    bob.program.send(ann.address, 4, 'control');
    world.run(500);
    expect(bob.program.requests).to.deep.equal([1]);
    expect(ann.program.requests).to.deep.equal([2, 4]);
    world.run(5_000);
    expect(ann.program.links).to.deep.equal(['up', 'down: silent']);
    expect(bob.program.links).to.deep.equal(['up', 'down: silent']);
  });

  it('looks alive for 3 s where it is half-open', () => {
    const { world, ann, bob, sendControl } = pair();
    sendControl(1);
    world.run(100);
    expect(world.halfOpen('ann', 'bob')).to.equal(true);
    expect(sendControl(2)).to.equal(true);
    world.run(2_900);
    expect(ann.program.links).to.deep.equal(['up']);
    world.run(5_000);
    // It was up, so it is tried once even with nothing to send.
    expect(ann.program.links).to.deep.equal(['up', 'down: silent', 'up']);
    sendControl(3);
    world.run(6_000);
    expect(bob.program.requests).to.deep.equal([1, 3]);
    expect(world.halfOpen('ann', 'ann')).to.equal(false);
  });

  it('breaks in a reset, and is made anew', () => {
    const { world, ann, bob, send } = pair();
    send(1);
    bob.program.send(ann.address, 2);
    world.run(100);
    expect(world.reset('ann', 'bob')).to.equal(true);
    world.run(300);
    expect(ann.program.links).to.deep.equal(['up', 'down: closed', 'up']);
    expect(bob.program.links).to.deep.equal(['up', 'down: closed', 'up']);
    send(3);
    world.run(400);
    expect(bob.program.requests).to.deep.equal([1, 3]);
  });

  it('survives a pause of 2 s and not one of 5 s, for which who slept blames nobody', () => {
    for (const [ms, links] of [
      [2_000, ['up']],
      [5_000, ['up', 'down: silent']],
    ] as const) {
      const { world, ann, bob, sendControl } = pair();
      sendControl(1);
      bob.program.send(ann.address, 2, 'control');
      world.run(100);
      world.pause('bob', ms);
      world.run(5_050);
      expect(ann.program.links).to.deep.equal(links);
      world.run(10_000);
      expect(bob.program.links).to.deep.equal(['up']);
    }
  });

  it('breaks where a stream loses a frame, and what had come before is whole', () => {
    const { world, ann, bob, send } = pair({ quality: { loss: 0.02 } });
    sendEach(world, 1_000, send);
    world.run(5_000);
    expect(ann.program.links.filter((entry) => entry === 'down: closed')).to.not.have.length(0);
    expect(bob.program.requests.length).to.be.within(700, 999);
    expect(bob.program.requests).to.deep.equal(bob.program.requests.toSorted((a, b) => a - b));
  });

  it('doubles no request and no refusal: callers build on that', () => {
    const { world, ann, bob } = pair({ mode: 'datagram', quality: { duplication: 0.5 } });
    const refused = { kind: 'op.refused', reason: 'busy' } as const;
    sendEach(world, 500, (request) =>
      ann.program.parts.transport.send(bob.address, undefined, 'data', { ...refused, request }),
    );
    world.run(5_000);
    expect(world.counts.faults.get('duplication') ?? 0).to.equal(0);
    expect(bob.program.requests).to.have.members(upTo(500));
  });

  it('keeps the order of datagrams where nothing is reordered, whatever the jitter', () => {
    const { world, bob, send } = pair({ mode: 'datagram', quality: { jitterMs: 50 } });
    sendEach(world, 300, send);
    world.run(3_000);
    expect(bob.program.requests).to.deep.equal(upTo(300));
  });

  it('loses, doubles and reorders single messages as datagrams', () => {
    const quality = { loss: 0.1, duplication: 0.1, reordering: 0.2 };
    const { world, ann, bob, send } = pair({ mode: 'datagram', quality });
    send(0);
    world.run(100);
    sendEach(world, 1_000, send);
    world.run(5_000);
    const { requests } = bob.program;
    const different = new Set(requests);
    expect(different.size).to.be.within(850, 950);
    expect(requests.length - different.size).to.be.within(50, 140);
    expect(requests).to.not.deep.equal(requests.toSorted((a, b) => a - b));
    expect(ann.program.links).to.deep.equal(['up']);
    for (const kind of ['loss', 'duplication', 'reordering']) {
      expect(world.counts.faults.get(kind), kind).to.be.greaterThan(40);
    }
  });

  it('is as wide as its bandwidth, and says what waits', () => {
    const { world, ann, bob } = pair();
    world.network.setQuality(ann.address, bob.address, { bytesPerMs: 100 }, 'data');
    const { transport } = ann.program.parts;
    ann.program.send(bob.address, 0);
    world.run(100);
    ann.run(() => {
      for (let request = 1; request <= 10; request++) {
        transport.send(bob.address, undefined, 'data', reply(request, 10_000));
      }
      ann.program.send(bob.address, 99, 'control');
      expect(transport.bufferedBytes(bob.address)).to.be.within(100_000, 102_000);
    });
    world.run(600);
    // The control lane does not wait behind bulk.
    expect(bob.program.requests).to.deep.equal([0, 99]);
    expect(transport.bufferedBytes(bob.address)).to.be.within(49_000, 52_000);
    world.run(1_200);
    expect(bob.program.requests).to.deep.equal([0, 99, ...upTo(10)]);
    expect(transport.bufferedBytes(bob.address)).to.equal(0);
  });

  it('refuses more data at its bound, and lets the oldest of control go', () => {
    const { world, ann, bob, send } = pair();
    world.cut('ann', 'bob');
    send(0);
    const { transport } = ann.program.parts;
    const large = 1_024 * 1_024;
    const outcomes = upTo(80).map((request) =>
      transport.send(bob.address, undefined, 'data', reply(request, large)),
    );
    const taken = outcomes.filter((isTaken) => isTaken).length;
    expect(taken).to.be.within(60, 64);
    expect(transport.bufferedBytes(bob.address)).to.be.within(taken * large, 64 * large);
    for (const request of [1_001, 1_002, 1_003]) {
      const message = reply(request, large / 5);
      expect(transport.send(bob.address, undefined, 'control', message)).to.equal(true);
    }
    world.heal('ann', 'bob');
    world.run(3_000);
    expect(bob.program.requests).to.have.members([0, ...upTo(taken), 1_003]);
    expect(world.counts.faults.get('overflow')).to.equal(80 - taken);
  });

  it('is closed without a word when it is forgotten, after what was sent on it', () => {
    const { world, ann, bob, send } = pair();
    send(1);
    world.run(100);
    send(2);
    ann.program.parts.transport.forget(bob.address);
    world.run(1_000);
    expect(ann.program.links).to.deep.equal(['up']);
    expect(bob.program.requests).to.deep.equal([1, 2]);
    expect(ann.program.parts.transport.bufferedBytes(bob.address)).to.equal(0);
    send(3);
    world.run(2_000);
    expect(ann.program.links).to.deep.equal(['up', 'up']);
    expect(bob.program.requests).to.deep.equal([1, 2, 3]);
  });

  it('takes nothing after its process has closed it', () => {
    const { world, ann, bob, send } = pair();
    bob.program.send(ann.address, 1);
    world.run(100);
    ann.program.parts.transport.close();
    expect(ann.program.send(bob.address, 2)).to.equal(false);
    bob.program.send(ann.address, 3);
    send(4);
    world.run(1_000);
    expect(bob.program.links.slice(0, 3)).to.deep.equal(['up', 'down: closed', 'down: refused']);
    expect(ann.program.requests).to.deep.equal([1]);
    expect(bob.program.requests).to.deep.equal([]);
  });

  it('brings what a dead process had sent in its own name, even after its successor', () => {
    let late = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const { world, ann, bob, send } = pair({ quality: { jitterMs: 20 } }, seed);
      send(0);
      world.run(400);
      const oldId = ann.id;
      sendEach(world, 20, send);
      world.runFor(20.1);
      world.crash('ann', true);
      world.restart('ann');
      sendEach(world, 20, (request) => send(100 + request));
      world.runFor(1_000);
      const newId = ann.id;
      const { received } = bob.program;
      const isNew = received.map(({ message }) => (message as OpReply).request > 100);
      const senders = received.map(({ from }) => from.id);
      expect(senders, `seed ${seed}`).to.deep.equal(isNew.map((is) => (is ? newId : oldId)));
      expect(isNew).to.include(true);
      late += isNew.slice(isNew.indexOf(true)).filter((is) => !is).length;
    }
    expect(late).to.be.greaterThan(0);
  });

  it('hands nothing more to a process that dies over a message', () => {
    const { world, bob, send } = pair();
    send(0);
    world.run(100);
    const { program } = bob;
    program.onMessage = () => {
      program.links.push('message');
      world.crash('bob');
    };
    send(1, 2);
    world.run(200);
    expect(program.links).to.deep.equal(['message']);
  });

  it('lets a harness aim at single messages', () => {
    const { world, bob, send } = pair();
    send(0);
    world.run(100);
    world.network.onSend = (_from, _to, message) => {
      if (message.kind !== 'op.reply') return 'pass';
      if (message.request === 1) return 'drop';
      if (message.request === 2) return 'duplicate';
      return message.request === 3 ? { delayMs: 50 } : 'pass';
    };
    send(1, 2, 3, 4);
    world.run(500);
    expect(bob.program.requests).to.deep.equal([0, 2, 2, 4, 3]);
    expect(world.counts.faults.get('targeted')).to.equal(3);
  });
});

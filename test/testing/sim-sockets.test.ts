import { expect } from 'chai';
import type { Socket } from '../../src/client/socket.ts';
import type { ProcessParts } from '../../src/testing/sim-process.ts';
import type { SimAcceptedSocket } from '../../src/testing/sim-socket.ts';
import { World, type WorldOptions } from '../../src/testing/world.ts';
import { clientProtocol } from '../../src/wire/client-messages.ts';

const limits = { frameBytesMax: 1_000, openMs: 3_000 };

/** Lets everybody in, and writes down what comes. */
class Door {
  readonly parts: ProcessParts;
  readonly got: number[] = [];
  readonly ends: string[] = [];
  socket: SimAcceptedSocket | undefined;

  constructor(parts: ProcessParts) {
    this.parts = parts;
    parts.transport.listen({ onMessage() {}, onUp() {}, onDown() {} });
    parts.sockets.onAccept = (socket) => {
      this.socket = socket;
      socket.on('message', (frame: Uint8Array) => void this.got.push(frame[0] ?? -1));
      socket.on('close', () => void this.ends.push('close'));
      socket.on('pong', () => void this.ends.push('pong'));
    };
  }
}

class Guest {
  readonly got: number[] = [];
  readonly events: string[] = [];
  readonly socket: Socket;

  constructor({ sockets }: ProcessParts, url: string) {
    this.socket = sockets.open(url, clientProtocol, limits, {
      onOpen: () => void this.events.push('open'),
      onFrame: (frame) => void this.got.push(frame[0] ?? -1),
      onClose: () => void this.events.push('close'),
    });
  }
}

function pair(options: WorldOptions = {}) {
  const world = new World(1, options);
  const door = world.spawn('door', (parts) => new Door(parts));
  const url = `ws://${door.address}/client`;
  const guest = world.spawn('guest', (parts) => new Guest(parts, url));
  world.run(100);
  const toDoor = (frame: number) => guest.program.socket.send(Uint8Array.of(frame));
  const toGuest = (frame: number) => door.program.socket?.send(Uint8Array.of(frame), () => {});
  return { world, door, guest, toDoor, toGuest };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('a simulated socket', () => {
  for (const mode of ['stream', 'datagram'] as const) {
    it(`carries frames both ways in order, in a world of the mode ${mode}`, () => {
      const loss = mode === 'datagram' ? 0.1 : 0;
      const quality = { jitterMs: 20, loss, duplication: 0.2, reordering: 0.2 };
      const { world, door, guest, toDoor, toGuest } = pair({ mode, quality });
      world.run(2_000);
      for (const frame of upTo(200)) world.after(frame, () => [toDoor(frame), toGuest(frame)]);
      world.run(9_000);
      expect(door.program.got).to.deep.equal(upTo(200));
      expect(guest.program.got).to.deep.equal(upTo(200));
      expect(guest.program.events).to.deep.equal(['open']);
    });
  }

  it('is closed at once where nobody lets anybody in', () => {
    const world = new World(1);
    const other = world.spawn('other', (parts) => parts);
    const guest = world.spawn('guest', (parts) => new Guest(parts, `ws://${other.address}/client`));
    world.run(100);
    expect(guest.program.events).to.deep.equal(['close']);
  });

  it('tells both ends of a reset, once', () => {
    const { world, door, guest } = pair();
    expect(world.reset('door', 'guest')).to.equal(true);
    world.run(200);
    expect(door.program.ends).to.deep.equal(['close']);
    expect(guest.program.events).to.deep.equal(['open', 'close']);
    expect(world.reset('door', 'guest')).to.equal(false);
  });

  it('tells nobody where it is half-open, and carries nothing', () => {
    const { world, door, guest, toDoor, toGuest } = pair();
    world.halfOpen('door', 'guest');
    toDoor(1);
    toGuest(2);
    world.run(9_000);
    expect([door.program.got, guest.program.got]).to.deep.equal([[], []]);
    expect(guest.program.events).to.deep.equal(['open']);
  });

  it('keeps what a cut stops, each way by itself', () => {
    const { world, door, guest, toDoor, toGuest } = pair();
    world.cutOneWay('door', 'guest');
    toDoor(1);
    toGuest(2);
    world.run(1_000);
    expect([door.program.got, guest.program.got]).to.deep.equal([[1], []]);
    expect(door.program.socket?.bufferedAmount).to.equal(1);
    world.heal('door', 'guest');
    world.run(2_000);
    expect(guest.program.got).to.deep.equal([2]);
    expect(door.program.socket?.bufferedAmount).to.equal(0);
  });

  it('ends with the process of either side, and in silence with its machine', () => {
    for (const [whom, events] of [
      ['process', ['open', 'close']],
      ['machine', ['open']],
    ] as const) {
      const { world, guest } = pair();
      world.crash('door', whom === 'machine');
      world.run(9_000);
      expect(guest.program.events, whom).to.deep.equal(events);
    }
    const { world, door } = pair();
    world.crash('guest');
    world.run(200);
    expect(door.program.ends).to.deep.equal(['close']);
  });

  it('delivers what was sent before it was closed, and answers pings', () => {
    const { world, door, guest, toDoor } = pair({ quality: { jitterMs: 20 } });
    door.program.socket?.ping();
    world.run(1_000);
    for (const frame of upTo(50)) toDoor(frame);
    guest.program.socket.close();
    world.run(2_000);
    expect(door.program.got).to.deep.equal(upTo(50));
    expect(door.program.ends).to.deep.equal(['pong', 'close']);
    expect(guest.program.events).to.deep.equal(['open', 'close']);
  });
});

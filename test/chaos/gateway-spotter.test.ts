import { expect } from 'chai';
import type { OpenSocket, SocketEvents } from '../../src/client/socket.ts';
import { GatewaySpotter } from './gateway-spotter.ts';

const limits = { frameBytesMax: 1, openMs: 1 };
const noEvents: SocketEvents = { onOpen: () => {}, onFrame: () => {}, onClose: () => {} };

/** Dials members that never answer by themselves. */
function dialler(spotter: GatewaySpotter) {
  const ends: SocketEvents[] = [];
  const open: OpenSocket = (_url, _protocol, _limits, events) => {
    ends.push(events);
    return { bufferedBytes: 0, send: () => {}, close: () => {} };
  };
  const watched = spotter.watch(open);
  return {
    dial: (host: string) => watched(`ws://${host}/client`, 'p', limits, noEvents),
    welcome: (at: number) => ends[at]?.onFrame(new Uint8Array()),
    lose: (at: number) => ends[at]?.onClose(),
  };
}

describe('whom a client relies on', () => {
  it('is who was up first, of those that are up', () => {
    const told: string[] = [];
    const spotter = new GatewaySpotter((address) => told.push(address));
    const { dial, welcome, lose } = dialler(spotter);
    for (const host of ['a:1', 'b:1', 'c:1']) dial(host);
    expect(spotter.address).to.equal('');
    for (const at of [1, 0, 2]) welcome(at);
    expect(spotter.address).to.equal('b:1');
    lose(1);
    lose(0);
    lose(2);
    expect(told).to.deep.equal(['b:1', 'a:1', 'c:1', '']);
  });

  it('is nobody whose connection the client has given up, whatever comes from there later', () => {
    const spotter = new GatewaySpotter(() => {});
    const { dial, welcome } = dialler(spotter);
    const socket = dial('a:1');
    welcome(0);
    socket.close();
    welcome(0);
    expect(spotter.address).to.equal('');
  });
});

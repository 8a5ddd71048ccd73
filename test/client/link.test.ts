import { expect } from 'chai';
import { defaultLimits } from '../../src/base/limits.ts';
import { Link } from '../../src/client/link.ts';
import type { SocketEvents } from '../../src/client/socket.ts';
import { Codec } from '../../src/wire/codec.ts';
import type { ClientHello } from '../../src/wire/handshake.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { sampleOf } from '../wire/message-samples.ts';

const ignore = () => {};
const hello: ClientHello = {
  protocol: 1,
  protocolMin: 1,
  features: 0,
  cluster: 'test',
  session: '~session' as ClientHello['session'],
  user: '',
  credential: '',
};

describe('the link of a client', () => {
  it('leaves no timer behind where it is closed while its socket is full', () => {
    const clock = new HandClock();
    const codec = new Codec(defaultLimits);
    let events: SocketEvents | undefined;
    let isFull = false;
    let closed = 0;
    const link = new Link(
      'ws://a',
      {
        clock,
        limits: defaultLimits,
        hello,
        openSocket: (_url, _protocol, _limits, theirs) => {
          events = theirs;
          return {
            get bufferedBytes() {
              return isFull ? Number.POSITIVE_INFINITY : 0;
            },
            send: ignore,
            close: () => closed++,
          };
        },
      },
      { objection: () => '', onUp: ignore, onMessage: ignore, onEnd: ignore },
    );
    events?.onFrame(codec.encodeBatch([sampleOf('client.welcome')]));
    expect(link.isUp).to.equal(true);
    isFull = true;
    expect(link.send({ kind: 'client.ping' })).to.equal(true);
    clock.turn();
    expect(clock.timerCount, 'it looks for room').to.be.above(1);
    link.close();
    expect(closed).to.equal(1);
    for (let round = 0; round < 5; round++) clock.pass(10);
    expect(clock.timerCount).to.equal(0);
  });
});

import { request } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { systemClock } from '../../src/base/clock.ts';
import type { Address, MemberId } from '../../src/base/ids.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { systemRandom } from '../../src/base/random.ts';
import { connectNear, socketOpener } from '../../src/client/node-client.ts';
import type { ConnectOptions } from '../../src/grid.ts';
import { BusyPoll } from '../../src/transport/busy-poll.ts';
import { hostOf, listenNear, nearConnection } from '../../src/transport/near-socket.ts';
import { WebSocketTransport } from '../../src/transport/websocket.ts';
import { numbered, Recorder } from './recorder.ts';
import { testCertificate, testKey } from './test-certificate.ts';
import { until } from './until.ts';

const cleanups: (() => unknown)[] = [];
/** Numbers that no port has, so that nobody else listens there. */
let number = 100_000 + process.pid;
const unused = () => `127.0.0.1:${++number}` as Address;

async function listen(address: string, accept: (socket: Socket) => void): Promise<Server> {
  const server = await listenNear({ address, connectionsMax: 9, logger: silentLogger, accept });
  if (server === undefined) throw new Error('expected to listen on a local socket');
  cleanups.push(() => server.close());
  return server;
}

function ended(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

async function open(name: string, options = {}): Promise<WebSocketTransport> {
  const id = `${name}#1` as MemberId;
  const transport = await WebSocketTransport.open({ id, cluster: 'shop', ...options });
  cleanups.push(() => transport.closed());
  return transport;
}

/** A port on which every connection by TCP is counted and cut. */
async function countingPort(): Promise<{
  readonly address: Address;
  readonly count: () => number;
}> {
  let count = 0;
  const server = createServer((socket) => {
    count++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const { port } = server.address() as { readonly port: number };
  return { address: `127.0.0.1:${port}` as Address, count: () => count };
}

describe('a local socket beside a port', () => {
  before(function () {
    // Only Linux has such names; elsewhere all of it is TCP.
    if (process.platform !== 'linux') this.skip();
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it('is there while somebody listens, and says that the other end is near', async () => {
    const address = unused();
    expect(nearConnection(address)).to.equal(undefined);
    const hosts: unknown[] = [];
    const server = await listen(address, (socket) => {
      hosts.push(hostOf(socket));
      socket.end('well');
    });
    const socket = nearConnection(address)?.();
    let heard = '';
    socket?.on('data', (bytes) => {
      heard += bytes;
    });
    await until(() => heard === 'well', 'what the other end said');
    expect(hosts).to.deep.equal(['127.0.0.1']);
    socket?.destroy();
    await ended(server);
    expect(nearConnection(address)).to.equal(undefined);
  });

  it('is not asked for again after it was listed and did not answer', async () => {
    const address = unused();
    const connect = await listen(address, () => {}).then(async (server) => {
      const found = nearConnection(address);
      await ended(server);
      return found;
    });
    let error = '';
    connect?.().once('error', ({ message }) => {
      error = message;
    });
    await until(() => error !== '', 'an error');
    await listen(address, () => {});
    expect(nearConnection(address)).to.equal(undefined);
  });

  it('has one holder, and is left out where another has the name', async () => {
    const address = unused();
    await listen(address, () => {});
    const options = { address, connectionsMax: 9, logger: silentLogger, accept: () => {} };
    expect(await listenNear(options)).to.equal(undefined);
  });

  it('is for loopback addresses alone, and tells those apart that begin alike', async () => {
    const options = { connectionsMax: 9, logger: silentLogger, accept: () => {} };
    expect(await listenNear({ ...options, address: '10.0.0.1:7400' })).to.equal(undefined);
    const address = unused();
    await listen(`${address}0`, () => {});
    expect(nearConnection(address)).to.equal(undefined);
  });

  it('serves the same requests and links as the port', async () => {
    const member = await open('ann');
    member.handleRequests((_request, response) => response.end('served'));
    let body = '';
    request({ createConnection: nearConnection(member.address), path: '/' }, (response) => {
      response.on('data', (bytes) => {
        body += bytes;
      });
    }).end();
    await until(() => body === 'served', 'the answer');
    await member.closed();
    expect(nearConnection(member.address)).to.equal(undefined);
  });

  it('is what a member dials, and nobody hears of it by TCP', async () => {
    const [ann, port] = [await open('ann'), await countingPort()];
    const events = new Recorder();
    const bob = await open('bob');
    bob.listen(events);
    // What comes to the other name is handed on to bob's.
    await listen(port.address, (near) => {
      const far = nearConnection(bob.address)?.();
      if (far !== undefined) near.pipe(far).pipe(near);
    });
    await until(() => {
      ann.send(port.address, undefined, 'data', numbered(1));
      return events.messages.length > 0;
    }, 'a message');
    expect(port.count()).to.equal(0);
  });

  it('is what a client dials that was given them, and TCP else', async () => {
    const port = await countingPort();
    let near = 0;
    await listen(port.address, (socket) => {
      near++;
      socket.destroy();
    });
    const poll = new BusyPoll(systemClock, systemRandom);
    const dial = (near: typeof nearConnection | undefined) =>
      new Promise<void>((onClose) => {
        const events = { onOpen: () => {}, onFrame: () => {}, onClose };
        const limits = { frameBytesMax: 1_024, openMs: 1_000 };
        socketOpener(poll, near)(`ws://${port.address}/client`, 'x', limits, events);
      });
    await dial(nearConnection);
    expect([near, port.count()]).to.deep.equal([1, 0]);
    await dial(undefined);
    expect([near, port.count()]).to.deep.equal([1, 1]);
  });

  it('is not looked for by a client that shows a credential', async () => {
    const port = await countingPort();
    const urls = [`ws://${port.address}`];
    const asked: string[] = [];
    const near = (address: string) => {
      asked.push(address);
      return undefined;
    };
    const connected = (options: ConnectOptions) =>
      connectNear(urls, { ...options, timeout: 100 }, near).catch((error: unknown) => error);
    expect(await connected({ token: 'a token of sixteen bytes' })).to.be.instanceOf(Error);
    expect(asked).to.deep.equal([]);
    expect(await connected({})).to.be.instanceOf(Error);
    expect(asked).to.include(port.address);
  });

  it('is not there with TLS, which is for whoever cannot trust the machine', async () => {
    const tls = { key: testKey, cert: testCertificate, ca: testCertificate };
    const member = await open('ann', { tls });
    expect(nearConnection(member.address)).to.equal(undefined);
  });

  it('leaves those who dial by TCP as they were', async () => {
    const member = await open('ann');
    const socket = new WebSocket(`ws://${member.address}/member`, 'shoal.v1');
    await new Promise((resolve) => socket.once('open', resolve));
    socket.terminate();
  });
});

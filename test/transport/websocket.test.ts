import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { pack } from 'msgpackr';
import { WebSocket, WebSocketServer } from 'ws';
import type { Address, MemberId } from '../../src/base/ids.ts';
import type { Logger } from '../../src/base/logger.ts';
import { AcceptorHandshake, DiallerHandshake } from '../../src/transport/handshake.ts';
import { defaultTransportTimings } from '../../src/transport/settings.ts';
import {
  WebSocketTransport,
  type WebSocketTransportOptions,
} from '../../src/transport/websocket.ts';
import { Codec } from '../../src/wire/codec.ts';
import { headerBytes, writeHeader } from '../../src/wire/frame.ts';
import { sampleOf } from '../wire/message-samples.ts';
import { numbered, Recorder } from './recorder.ts';
import { testCertificate, testKey } from './test-certificate.ts';
import { until } from './until.ts';

const secret = 'a secret of the tests, 0123456789';
const codec = new Codec();
const quick = {
  ...defaultTransportTimings,
  pingMs: 10,
  silentMs: 60,
  handshakeMs: 300,
  backoffFirstMs: 2,
  backoffLongestMs: 10,
};

interface Opened {
  readonly id: MemberId;
  readonly transport: WebSocketTransport;
  readonly events: Recorder;
  readonly warnings: string[];
  readonly rejections: string[];
}

const cleanups: (() => unknown)[] = [];

async function open(
  name: string,
  options: Partial<WebSocketTransportOptions> = {},
): Promise<Opened> {
  const id = `${name}#1` as MemberId;
  const [warnings, rejections]: string[][] = [[], []];
  const logger: Logger = {
    debug: () => {},
    info: () => {},
    warn: (fields, message) => warnings!.push(`${message} ${JSON.stringify(fields)}`),
    error: (_fields, message) => warnings!.push(message),
  };
  const transport = await WebSocketTransport.open({
    id,
    cluster: 'shop',
    logger,
    timings: quick,
    onRejected: (_address, refused) => rejections!.push(refused.sentence),
    ...options,
  });
  const events = new Recorder();
  transport.listen(events);
  cleanups.push(() => transport.closed());
  return { id, transport, events, warnings: warnings!, rejections: rejections! };
}

/** Sends one message after the other until the condition holds. */
async function sendingUntil(from: Opened, to: Address, condition: () => boolean, what: string) {
  await until(() => {
    from.transport.send(to, undefined, 'control', numbered(1));
    return condition();
  }, what);
}

/** A link made by hand, up where `handshakes`. */
async function rawLink(to: Opened, name: string, handshakes: boolean): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${to.transport.address}/member`, 'shoal.v1');
  cleanups.push(() => socket.terminate());
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('open', resolve));
  if (!handshakes) return socket;
  const handshake = new DiallerHandshake(handOptions(name), 'data');
  const greeted = new Promise<Uint8Array>((resolve) => socket.once('message', resolve));
  socket.send(handshake.greet());
  expect(handshake.receive(await greeted).kind).to.equal('up');
  return socket;
}

function handOptions(name: string) {
  const identity = {
    id: `${name}#1` as MemberId,
    address: `${name}:1` as Address,
    cluster: 'shop',
    name: '',
  };
  return { identity, secret: undefined, codec, nonce: new Uint8Array(randomBytes(32)) };
}

/** A peer made by hand: greets each link, then does what it is told. */
async function greeter(options: object, onUp: (socket: WebSocket) => void): Promise<Address> {
  const acceptor = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  cleanups.push(() => acceptor.close());
  cleanups.push(() => [...acceptor.clients].map((client) => client.terminate()));
  acceptor.on('connection', (socket) => {
    const handshake = new AcceptorHandshake(handOptions('f'));
    socket.once('message', (frame) => {
      const step = handshake.receive(frame as Buffer);
      if (step.send !== undefined) socket.send(step.send);
      onUp(socket);
    });
  });
  await new Promise((resolve) => acceptor.once('listening', resolve));
  return `127.0.0.1:${(acceptor.address() as { port: number }).port}` as Address;
}

const closeOf = (socket: WebSocket) =>
  new Promise<void>((resolve) => socket.once('close', () => resolve()));

async function listening(server: Server): Promise<Address> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}` as Address;
}

/** Stands between members and hears what they say; may change it. */
async function wiretap(target: Address, hear: (chunk: Buffer) => Buffer): Promise<Address> {
  const [host, port] = target.split(':') as [string, string];
  const sockets = new Set<Socket>();
  cleanups.push(() => [...sockets].map((socket) => socket.destroy()));
  return listening(
    createServer((near) => {
      const far = connect(Number(port), host);
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => [near, far].map((end) => end.destroy()));
      }
      near.on('data', (chunk) => far.write(hear(chunk)));
      far.on('data', (chunk) => near.write(chunk));
    }),
  );
}

describe('members over WebSockets', () => {
  afterEach(async () => {
    await Promise.all(cleanups.splice(0).map((clean) => clean()));
  });

  describe('let in', () => {
    const cases: [what: string, a: object, b: object, sentence: string][] = [
      [
        'nobody with another secret',
        { secret: `${secret}!` },
        { secret },
        'have different secrets',
      ],
      ['nobody without the secret', {}, { secret }, 'only b#1 has a secret'],
      ['nobody with a secret that they lack', { secret }, {}, 'only a#1 has a secret'],
      ['nobody of another cluster', { cluster: 'orders' }, {}, '"orders" and "shop"'],
    ];
    for (const [what, optionsOfA, optionsOfB, sentence] of cases) {
      it(what, async () => {
        const [a, b] = [await open('a', optionsOfA), await open('b', optionsOfB)];
        await sendingUntil(a, b.transport.address, () => a.rejections.length >= 3, 'rejections');
        expect(a.rejections[0]).to.contain(sentence);
        expect(new Set(a.events.reasons)).to.deep.equal(new Set(['rejected']));
        expect(a.warnings, 'one warning for all').to.have.length(1);
        expect(a.warnings[0]).to.contain(sentence);
        expect(b.events.messages).to.deep.equal([]);
        expect(a.events.ups).to.deep.equal([]);
      });
    }

    it('not themselves, without a warning', async () => {
      const a = await open('a');
      await sendingUntil(a, a.transport.address, () => a.events.downs.length > 0, 'the end');
      expect(a.events.downs[0]?.reason).to.equal('rejected');
      expect([...a.warnings, ...a.rejections, ...a.events.messages]).to.deep.equal([]);
    });
  });

  it('send all of one turn to one peer in few frames, and what waited for the link in one', async () => {
    const [a, b] = [await open('a'), await open('b')];
    for (let number = 0; number < 1_000; number++) {
      a.transport.send(b.transport.address, b.id, 'data', numbered(number));
    }
    await until(() => b.events.messages.length === 1_000, 'all messages');
    expect(a.transport.stats).to.include({ framesSent: 1, messagesSent: 1_000 });
    expect(b.transport.stats).to.include({ framesReceived: 1, messagesReceived: 1_000 });
    a.transport.send(b.transport.address, b.id, 'data', numbered(1));
    a.transport.send(b.transport.address, b.id, 'data', numbered(2));
    await until(() => b.events.messages.length === 1_002, 'two more');
    expect(a.transport.stats.framesSent).to.equal(2);
    let arrived = -1;
    for (let number = 0; number < 1_000; number++) {
      a.transport.send(b.transport.address, b.id, 'data', numbered(number));
      if (a.transport.stats.framesSent === 3 && arrived < 0) arrived = number;
    }
    await until(() => b.events.messages.length === 2_002, 'a thousand more');
    expect(arrived, 'the first leaves before the turn ends').to.be.within(0, 100);
    expect(a.transport.stats.framesSent).to.be.within(5, 9);
    expect(b.events.numbers.slice(1_002)).to.deep.equal(b.events.numbers.slice(0, 1_000));
  });

  it('give a process what was sent to it and not what waited for another, link by link', async () => {
    const [a, b] = [await open('a'), await open('b')];
    const { address } = b.transport;
    a.transport.send(address, undefined, 'data', numbered(1));
    await until(() => b.events.messages.length === 1, 'a link that is up');
    expect(a.transport.send(address, 'somebody#1' as MemberId, 'data', numbered(2))).to.equal(true);
    a.transport.send(address, b.id, 'data', numbered(3));
    await until(() => b.events.messages.length === 2, 'the message for it');
    expect(b.events.numbers).to.deep.equal([1, 3]);
  });

  it('tell what a frame brought in one go, so that the work for it can follow at once', async () => {
    const [a, b] = [await open('a'), await open('b')];
    const told: number[] = [];
    b.transport.listen({
      onMessage: (_, message) =>
        b.events.onMessage({ id: a.id, address: a.transport.address }, message),
      onUp: () => {},
      onDown: () => {},
      runAfter: (bring) => {
        const before = b.events.messages.length;
        bring();
        told.push(b.events.messages.length - before);
      },
    });
    for (let number = 0; number < 10; number++) {
      a.transport.send(b.transport.address, b.id, 'data', numbered(number));
    }
    await until(() => b.events.messages.length === 10, 'all messages');
    expect(told).to.deep.equal([10]);
  });

  it('do not send a message larger than a frame', async () => {
    const [a, b] = [await open('a'), await open('b')];
    const large = { ...sampleOf('op.reply'), result: new Uint8Array(17_000_000) };
    expect(a.transport.send(b.transport.address, b.id, 'data', large)).to.equal(false);
    expect(a.warnings[0]).to.contain('larger than a frame');
  });

  it('hide what they say where they have a secret', async () => {
    for (const options of [{ secret }, {}]) {
      const heard: Buffer[] = [];
      const [a, b] = [await open('a', options), await open('b', options)];
      const tap = await wiretap(b.transport.address, (chunk) => {
        heard.push(chunk);
        return chunk;
      });
      const message = { ...sampleOf('op.failed'), message: 'THE-PLAIN-TEXT' };
      a.transport.send(tap, undefined, 'data', message);
      await until(() => b.events.messages.length === 1, 'the message');
      expect(Buffer.concat(heard).includes('THE-PLAIN-TEXT')).to.equal(!('secret' in options));
    }
  });

  it('say what they have to say before they close', async () => {
    const [a, b] = [await open('a'), await open('b')];
    a.transport.send(b.transport.address, b.id, 'control', numbered(1));
    await until(() => b.events.messages.length === 1, 'the first message');
    a.transport.send(b.transport.address, b.id, 'control', numbered(2));
    a.transport.close();
    await until(() => b.events.numbers.includes(2), 'the last message');
  });

  describe('with TLS', () => {
    const tls = { key: testKey, cert: testCertificate, ca: testCertificate };

    for (const options of [
      { tls },
      { tls: { ...tls, requireClientCert: true } },
      { tls, secret },
    ]) {
      it(`reach each other: ${Object.keys({ ...options, ...options.tls }).join(', ')}`, async () => {
        const [a, b] = [await open('a', options), await open('b', options)];
        a.transport.send(b.transport.address, b.id, 'data', sampleOf('op.request'));
        await until(() => b.events.messages.length === 1, 'the message');
      });
    }

    it('let in nobody who does not trust them, speaks plainly or shows no certificate', async () => {
      const b = await open('b', { tls: { ...tls, requireClientCert: true } });
      for (const [name, options] of [
        ['stranger', { tls: { key: testKey, cert: testCertificate } }],
        ['plain', {}],
      ] as const) {
        const a = await open(name, options);
        await sendingUntil(a, b.transport.address, () => a.events.downs.length > 0, 'the end');
        expect(a.events.ups).to.deep.equal([]);
      }
      const bare = new WebSocket(`wss://${b.transport.address}/member`, 'shoal.v1', {
        ca: testCertificate,
      });
      bare.on('error', () => {});
      await closeOf(bare);
      expect(b.events.messages).to.deep.equal([]);
    });
  });

  it('close a sealed link on which a byte was changed, and make it anew', async () => {
    let spoils = false;
    const [a, b] = [await open('a', { secret }), await open('b', { secret })];
    const tap = await wiretap(b.transport.address, (chunk) => {
      if (!spoils || chunk.length < 100) return chunk;
      spoils = false;
      const changed = Buffer.from(chunk);
      changed[changed.length - 20] = (changed[changed.length - 20] as number) ^ 1;
      return changed;
    });
    a.transport.send(tap, undefined, 'data', numbered(1));
    await until(() => b.events.messages.length === 1, 'the first message');
    spoils = true;
    a.transport.send(tap, undefined, 'data', sampleOf('op.request'));
    await until(() => b.transport.stats.badFrames === 1, 'the end of the link');
    await until(() => a.events.ups.length === 2, 'another link');
    a.transport.send(tap, undefined, 'data', numbered(2));
    await until(() => b.events.numbers.includes(2), 'the next message');
    expect(b.events.messages).to.have.length(2);
  });

  describe('met with garbage', () => {
    const batch = (body: Uint8Array) => {
      const frame = new Uint8Array(headerBytes + body.length);
      frame.set(body, headerBytes);
      writeHeader(frame, 'batch');
      return frame;
    };
    const block = (code: number, content: Uint8Array) =>
      batch(Uint8Array.of(code, (content.length & 127) | 128, content.length >> 7, ...content));
    const garbage: [what: string, content: Uint8Array | string][] = [
      ['random bytes', new Uint8Array(randomBytes(200))],
      ['text', 'SECRET-TEXT'],
      ['nothing', new Uint8Array()],
      ['nesting', block(4, new Uint8Array(1_000).fill(0x91))],
      ['an unknown kind', block(250, pack(['SECRET-TEXT']))],
      ['a wrong field', block(66, pack(['SECRET-TEXT', 1]))],
      ['a cut frame', block(4, pack([1])).subarray(0, -1)],
      ['a frame over the bound', new Uint8Array(16 * 1_024 * 1_024 + 25)],
      ['a greeting again', new Uint8Array(new DiallerHandshake(handOptions('x'), 'data').greet())],
    ];
    for (const [what, content] of garbage) {
      it(`close the link that it came on, and only that: ${what}`, async () => {
        const [a, b] = [await open('a'), await open('b')];
        a.transport.send(b.transport.address, b.id, 'data', numbered(1));
        await until(() => b.events.messages.length === 1, 'the first message');
        const socket = await rawLink(b, 'x', true);
        socket.send(block(4, pack([77])));
        await until(() => b.events.numbers.includes(77), 'the raw link to work');
        const closed = closeOf(socket);
        socket.send(content);
        await closed;
        await until(() => b.transport.stats.badFrames === 1, 'the count');
        expect(b.warnings.join()).to.contain('closed a link for a bad frame');
        expect(b.warnings.join()).not.to.contain('SECRET-TEXT');
        a.transport.send(b.transport.address, b.id, 'data', numbered(2));
        await until(() => b.events.numbers.includes(2), 'the second message');
        expect(a.events.downs).to.deep.equal([]);
      });
    }

    it('close an unproven link that sends a batch, or too much', async () => {
      const b = await open('b');
      for (const content of [codec.encodeBatch([numbered(1)]), new Uint8Array(1_000_000)]) {
        const socket = await rawLink(b, 'x', false);
        const closed = closeOf(socket);
        socket.send(content);
        await closed;
      }
      expect(b.transport.stats.badFrames).to.equal(2);
      expect(b.events.messages).to.deep.equal([]);
    });

    it('close an unproven link on which a greeting has no end', async () => {
      const b = await open('b', { timings: { ...quick, handshakeMs: 60_000, silentMs: 60_000 } });
      const socket = await rawLink(b, 'x', false);
      const closed = closeOf(socket);
      socket.send(new Uint8Array(20_000), { fin: false });
      await closed;
      expect(b.warnings.join()).to.contain('found too many bytes');
    });

    it('close an unproven link that says nothing', async () => {
      const b = await open('b');
      await closeOf(await rawLink(b, 'x', false));
      expect(b.transport.stats.badFrames).to.equal(0);
    });
  });

  it('replace a link by a newer one of the same process and lane', async () => {
    const b = await open('b');
    const older = await rawLink(b, 'x', true);
    const closed = closeOf(older);
    const newer = await rawLink(b, 'x', true);
    await closed;
    newer.send(codec.encodeBatch([numbered(5)]));
    await until(() => b.events.numbers.includes(5), 'a message on the newer one');
  });

  describe('find silence', () => {
    it('where a peer accepts and says nothing at all', async () => {
      const sockets: Socket[] = [];
      const mute = createServer((socket) => sockets.push(socket));
      cleanups.push(() => [...sockets].map((socket) => socket.destroy()));
      const address = await listening(mute);
      const a = await open('a');
      await sendingUntil(a, address, () => a.events.downs.length > 0, 'the end');
      expect(a.events.downs[0]).to.deep.equal({ address, id: undefined, reason: 'silent' });
    });

    it('where a peer greets and then freezes, on both lanes', async () => {
      let links = 0;
      const address = await greeter({ autoPong: false }, (socket) => {
        if (++links > 2) socket.terminate();
      });
      // Alone, the data link would take three times as long, which is longer than the test waits.
      const a = await open('a', { timings: { ...quick, pingMs: 50, silentMs: 1_400 } });
      for (const lane of ['control', 'data'] as const) {
        a.transport.send(address, undefined, lane, numbered(1));
      }
      await until(() => a.events.downs.length >= 2, 'the ends of both lanes');
      const end = { address, id: 'f#1', reason: 'silent' };
      expect(a.events.downs.slice(0, 2)).to.deep.equal([end, end]);
    });

    it('not on a link that is only idle', async () => {
      const [a, b] = [await open('a'), await open('b')];
      a.transport.send(b.transport.address, b.id, 'control', numbered(1));
      await until(() => b.events.messages.length === 1, 'the message');
      const start = performance.now();
      await until(() => performance.now() - start > 4 * quick.silentMs, 'a long silence');
      expect(a.events.downs).to.deep.equal([]);
    });
  });

  it('keep the newest of control for a peer that does not read', async () => {
    const received: number[] = [];
    let reader: WebSocket | undefined;
    const address = await greeter({}, (socket) => {
      reader = socket;
      socket.pause();
      socket.on('message', (frame) => {
        const messages = codec.decodeBatch(frame as Buffer);
        for (const message of messages) if ('round' in message) received.push(message.round);
      });
    });
    const a = await open('a', { timings: defaultTransportTimings });
    const rounds = 2_000;
    let round = 0;
    const chunk = new Uint8Array(20_000);
    await until(() => {
      for (let count = 0; count < 4 && round < rounds; count++) {
        const message = { ...sampleOf('raft.snapshot'), round: ++round, chunk };
        a.transport.send(address, undefined, 'control', message);
      }
      return round === rounds;
    }, 'all messages to be sent');
    expect(received).to.deep.equal([]);
    reader?.resume();
    await until(() => received.includes(rounds), 'the newest message');
    expect(received.length).to.be.lessThan(rounds - 100);
    expect(received).to.deep.equal(received.toSorted((one, other) => one - other));
  });

  it('serve requests and upgrades of others on the same port', async () => {
    const b = await open('b');
    const url = `http://${b.transport.address}/health`;
    const statusOf = () =>
      new Promise((resolve) =>
        get(url, { agent: false }, (response) => resolve(response.resume().statusCode)),
      );
    expect(await statusOf()).to.equal(404);
    b.transport.handleRequests((_request, response) => response.writeHead(204).end());
    expect(await statusOf()).to.equal(204);
    const paths: string[] = [];
    b.transport.handleUpgrades('/client', (request, socket) => {
      paths.push(request.url ?? '');
      socket.destroy();
    });
    const client = new WebSocket(`ws://${b.transport.address}/client?x=1`);
    client.on('error', () => {});
    await closeOf(client);
    expect(paths).to.deep.equal(['/client?x=1']);
  });

  it('refuse browsers, other paths and other protocols', async () => {
    const b = await open('b');
    const answer = (path: string, protocol: string[], options = {}) =>
      new Promise<number | undefined>((resolve) => {
        const socket = new WebSocket(`ws://${b.transport.address}${path}`, protocol, options);
        socket.on('error', () => {});
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      });
    expect(await answer('/member', ['shoal.v1'], { origin: 'http://evil' })).to.equal(403);
    expect(await answer('/elsewhere', ['shoal.v1'])).to.equal(404);
    expect(await answer('/member', ['other'])).to.equal(400);
    expect(await answer('/member', [])).to.equal(400);
    expect(await answer('//', ['shoal.v1'])).to.equal(404);
  });

  describe('opened', () => {
    const refusalOf = (options: object) =>
      open('x', options).then(
        () => 'none',
        (error: { code: string; message: string }) => `${error.code} ${error.message}`,
      );

    it('say what to do about a port that is taken', async () => {
      const a = await open('a');
      const port = Number(a.transport.address.split(':')[1]);
      expect(await refusalOf({ port })).to.match(
        /^GRID_BAD_OPTION .*127\.0\.0\.1:\d+.*another process/,
      );
    });

    it('do not stand open to the network unasked', async () => {
      const refusal = await refusalOf({ host: '0.0.0.0' });
      expect(refusal).to.match(/^GRID_BAD_OPTION host: 0\.0\.0\.0/);
      for (const fix of ['`secret`', '`tls`', '127.0.0.1', '`insecure: true`']) {
        expect(refusal).to.contain(fix);
      }
      const exposed = await open('x', { host: '0.0.0.0', insecure: true });
      expect(exposed.warnings.join()).to.contain('everybody who reaches this port is let in');
      expect(await refusalOf({ host: '0.0.0.0', secret })).to.equal('none');
    });

    it('are reached where they say', async () => {
      const b = await open('b', { advertise: 'b.example:7400' });
      expect(b.transport.address).to.equal('b.example:7400');
    });
  });
});

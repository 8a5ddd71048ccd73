/** A member's door for clients, knocked at with bytes that no client sends. */
import { expect } from 'chai';
import { WebSocket } from 'ws';
import type { CallerId } from '../../src/base/ids.ts';
import { Codec } from '../../src/wire/codec.ts';
import type { ClientHello } from '../../src/wire/handshake.ts';
import type { Message } from '../../src/wire/messages.ts';
import { closeClients, connectTo, urlOf } from '../support/clients.ts';
import { closeAll, joinGrid } from '../support/grids.ts';
import { until } from '../transport/until.ts';
import { sampleOf } from '../wire/message-samples.ts';

const session = '~abcdefghijklmnopqrstuvwx' as CallerId;
const hello: ClientHello = {
  protocol: 1,
  protocolMin: 1,
  features: 0,
  cluster: 'shoal',
  session,
  user: '',
  credential: '',
};

/** A connection by hand. */
class RawClient {
  readonly codec = new Codec();
  readonly got: Message[] = [];
  refusal = '';
  isClosed = false;
  /** What the upgrade was refused with. */
  status = 0;
  readonly socket: WebSocket;

  constructor(url: string, protocol = 'shoal.client.v1', origin?: string) {
    this.socket = new WebSocket(`${url}/client`, protocol, {
      perMessageDeflate: false,
      ...(origin === undefined ? {} : { origin }),
    });
    this.socket.on('message', (frame: Buffer) => {
      if (this.codec.isBatch(frame)) this.got.push(...this.codec.decodeBatch(frame));
      else this.refusal = JSON.stringify(this.codec.decodeGreeting(frame));
    });
    this.socket.on('unexpected-response', (_, { statusCode }) => {
      this.status = statusCode ?? 0;
      this.socket.terminate();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }

  async opened(): Promise<this> {
    await until(() => this.socket.readyState !== WebSocket.CONNECTING, 'a connection');
    return this;
  }

  async welcomed(): Promise<this> {
    await this.opened();
    this.socket.send(this.codec.encodeClientHello(hello));
    await until(() => this.got.length >= 2, 'a welcome');
    return this;
  }
}

describe('a member with strangers at its door', function () {
  this.timeout(20_000);
  let url: string;
  const raws: RawClient[] = [];
  const raw = (protocol?: string, origin?: string) => {
    const client = new RawClient(url, protocol, origin);
    raws.push(client);
    return client;
  };

  before(async () => {
    url = urlOf(await joinGrid({ origins: ['https://app.example'] }));
  });
  afterEach(async () => {
    for (const { socket } of raws.splice(0)) socket.terminate();
    // Whatever was sent: others are served as before.
    const map = (await connectTo(url)).map<string, number>('users');
    await map.increment('n');
    await closeClients();
  });
  after(closeAll);

  it('makes no structure of a name that nobody could use', async () => {
    const client = await raw().welcomed();
    const names = ['', 'n'.repeat(257), 'n'.repeat(256)];
    const asked = names.map(
      (name, request) =>
        ({ kind: 'client.define', request, type: 'map', name, options: '{}' }) as const,
    );
    client.socket.send(client.codec.encodeBatch(asked));
    const answers = () =>
      client.got.filter(({ kind }) => kind === 'client.done' || kind === 'client.rows');
    await until(() => answers().length === 3, 'the answers');
    const codes = answers().map((answer) => ('code' in answer ? answer.code : answer.kind));
    expect(codes).to.deep.equal(['GRID_BAD_OPTION', 'GRID_TOO_LARGE', 'client.rows']);
  });

  it('welcomes a client and tells it the table', async () => {
    const client = await raw().welcomed();
    expect(client.got.map(({ kind }) => kind)).to.deep.equal(['client.welcome', 'client.table']);
  });

  const garbage: Readonly<Record<string, (codec: Codec) => Uint8Array | string>> = {
    'no frame': () => Uint8Array.of(1, 2, 3),
    text: () => 'hello',
    'a frame with other bytes': () => Uint8Array.of(0x53, 0x68, 1, 6, 0, 0, 0, 2, 0xc1, 0xc1),
    'messages before a greeting': (codec) => codec.encodeBatch([{ kind: 'client.ping' }]),
    'a greeting of many bytes': (codec) =>
      codec.encodeClientHello({ ...hello, credential: 'x'.repeat(8_000) }),
    'the session of nobody': (codec) =>
      codec.encodeClientHello({ ...hello, session: 'ann#1' as CallerId }),
  };
  for (const [what, make] of Object.entries(garbage)) {
    it(`closes the connection of one that begins with ${what}`, async () => {
      const client = await raw().opened();
      client.socket.send(make(client.codec));
      await until(() => client.isClosed, 'the end');
      expect(client.got).to.deep.equal([]);
    });
  }

  const strange: Readonly<Record<string, Message>> = {
    'a message of members': sampleOf('swim.ping'),
    'an answer': sampleOf('op.reply'),
    'an op of another caller': { ...sampleOf('op.request'), caller: 'ann#1' as CallerId },
    'a message that members send': sampleOf('client.table'),
  };
  for (const [what, message] of Object.entries(strange)) {
    it(`closes the connection of a client that sends ${what}, and no other`, async () => {
      const other = await connectTo(url);
      const client = await raw().welcomed();
      client.socket.send(client.codec.encodeBatch([message]));
      await until(() => client.isClosed, 'the end');
      let isUp = true;
      other.events.subscribe(({ type }) => {
        if (type === 'reconnecting') isUp = false;
      });
      await other.safe();
      expect(isUp).to.equal(true);
    });
  }

  it('answers an op that makes no sense, and goes on', async () => {
    const client = await raw().welcomed();
    const op = { ...sampleOf('op.request'), caller: session };
    client.socket.send(client.codec.encodeBatch([op]));
    await until(() => client.got.length > 2, 'an answer');
    expect(client.got[2]!.kind).to.match(/^op\.(refused|failed)$/);
    expect(client.isClosed).to.equal(false);
  });

  it('lets the newer of two connections of a session stand', async () => {
    const older = await raw().welcomed();
    const newer = await raw().welcomed();
    await until(() => older.isClosed, 'the end of the older');
    expect(newer.isClosed).to.equal(false);
  });

  it('lets no web page in but those it knows', async () => {
    const strangers = [raw(undefined, 'https://evil.example'), raw('another.protocol')];
    for (const client of strangers) await until(() => client.status !== 0, 'a refusal');
    expect(strangers.map(({ status }) => status)).to.deep.equal([403, 400]);
    await raw(undefined, 'https://app.example').welcomed();
  });

  it('waits a few seconds for a greeting and no longer', async () => {
    const client = await raw().opened();
    await until(() => client.isClosed, 'the end', 8_000);
    expect(client.got).to.deep.equal([]);
  });
});

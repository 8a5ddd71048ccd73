import { expect } from 'chai';
import { GridError, type GridErrorCode } from '../../src/base/errors.ts';
import { connect } from '../../src/client.ts';
import type { ConnectOptions, Grid, GridEvent } from '../../src/grid.ts';
import { closeClients, connectTo, urlOf } from '../support/clients.ts';
import { closeAll, joinGrid, joinThree } from '../support/grids.ts';
import { freePort, TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../transport/until.ts';

const secret = 'k7Qw-2mZx-9pLs-4vNb-8tRf-1yHd-6cJg';
const token = 'a token of some length';

async function failure(work: Promise<unknown>, code: GridErrorCode): Promise<GridError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!GridError.is(error)) throw error ?? new Error(`expected ${code}, found success`);
  expect(error.code, error.message).to.equal(code);
  return error;
}

const proxies: TcpProxy[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (error: unknown) => unhandled.push(error);

/** A member that others can reach through a proxy only. */
async function joinBehindProxy(): Promise<readonly [Grid, TcpProxy]> {
  const port = await freePort();
  const proxy = await TcpProxy.to(`127.0.0.1:${port}`);
  proxies.push(proxy);
  const advertise = `127.0.0.1:${proxy.port}`;
  return [await joinGrid({ listen: { port }, advertise }), proxy];
}

describe('a light client', function () {
  this.timeout(30_000);
  before(() => process.on('unhandledRejection', onUnhandled));
  after(() => void process.off('unhandledRejection', onUnhandled));
  afterEach(async () => {
    await closeClients();
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
    await closeAll();
    expect(unhandled.splice(0)).to.deep.equal([]);
  });

  it('sees the members and what they hold', async () => {
    const [ann, bob] = await joinThree({ partitions: 11 });
    await ann.safe();
    const client = await connectTo(ann);
    expect(client.members).to.deep.equal(ann.members);
    await bob.map('users').set('ann', { age: 7 });
    expect(await client.map('users').get('ann')).to.deep.equal({ age: 7 });
    await client.map('users').set('bob', { age: 8 });
    expect(await bob.map('users').get('bob')).to.deep.equal({ age: 8 });
    await client.safe();
    expect(await client.structures()).to.deep.equal([
      { name: 'users', type: 'map', backups: 1, size: 2 },
    ]);
    await client.acceptLoss();
  });

  it('is told of those who come and go', async () => {
    const ann = await joinGrid({ name: 'ann', preset: 'lan' });
    const client = await connectTo(ann);
    const events: GridEvent[] = [];
    client.events.subscribe((event) => events.push(event));
    const bob = await joinGrid({ name: 'bob', preset: 'lan', seeds: [ann.self.address] });
    const has = (type: GridEvent['type']) => events.some((event) => event.type === type);
    await until(() => has('member-joined'), 'the news of the joining', 10_000);
    await client.map('users').set('a', 1);
    await client.safe({ timeout: '20s' });
    await bob.leave();
    await until(() => has('member-left'), 'the news of the leaving', 10_000);
    expect(client.members.map(({ name }) => name)).to.deep.equal(['ann']);
  });

  it('says where a listener failed and what a loop has missed, though nobody asked', async () => {
    const ann = await joinGrid();
    const told: string[] = [];
    const note = (fields: object, message: string) => {
      told.push(`${message} ${JSON.stringify(fields)}`);
    };
    const logger = { debug: note, info: note, warn: note, error: note };
    const client = await connectTo(ann, { logger });
    const topic = client.topic<number>('news', { retain: 2 });
    await topic.subscribe(() => {
      throw new Error('a mistake');
    });
    for (let at = 1; at <= 5; at++) await topic.publish(at);
    await until(() => told.length === 5, 'the errors of the listener');
    expect(told[0]).to.contain('a listener failed').and.contain('"sequence":1');
    const loop = client.topic<number>('news').iterate({ from: 1 });
    expect((await loop.next()).value).to.be.a('number');
    for (let at = 0; at < 2_000; at++) void topic.publish(at);
    await topic.publish(-1);
    for (let value = 0; value !== -1; ) value = (await loop.next()).value ?? -1;
    await loop.return?.();
    expect(told.some((line) => line.includes('a subscriber missed messages'))).to.equal(true);
  });

  it('says that no member can be reached where that is why it looks in vain', async () => {
    const [ann, proxy] = await joinBehindProxy();
    const client = await connectTo(`ws://127.0.0.1:${proxy.port}`);
    await client.safe();
    await proxy.close();
    const options = { timeout: '1s' } as const;
    for (const look of [() => client.safe(options), () => client.structures(options)]) {
      const error = await failure(look(), 'GRID_UNREACHABLE');
      expect(error.outcome).to.equal('not-applied');
      expect(error.message).to.contain('no connection to any member');
    }
    await ann.leave();
  });

  it('uses a structure anew that somebody else has destroyed', async () => {
    const ann = await joinGrid();
    const client = await connectTo(ann);
    const other = await connectTo(ann);
    const map = client.map<string, number>('users');
    await map.set('a', 1);
    await other.map('users').destroy();
    await until(() => ann.map('users').local.peek('a') === undefined, 'the end of the map');
    // The news and the answer to a ping come on one connection, in order.
    await client.safe();
    expect(await map.get('a')).to.equal(undefined);
    await map.set('a', 2);
    expect(await ann.map('users').get('a')).to.equal(2);
  });

  it('gets the defaults that members have for a name, and is told of options that conflict', async () => {
    const ann = await joinGrid({ maps: { 'ses*': { backups: 0 } } });
    const client = await connectTo(ann);
    await client.map('sessions').set('a', 1);
    await client.map('sessions', { backups: 0 }).set('b', 2);
    expect(await client.structures()).to.deep.equal([
      { name: 'sessions', type: 'map', backups: 0, size: 2 },
    ]);
    const other = client.map('sessions', { backups: 2 });
    expect((await failure(other.get('a'), 'GRID_BAD_OPTION')).message).to.include('backups');
    const wrong = client.map('users', { backups: 9 });
    await failure(wrong.get('a'), 'GRID_BAD_OPTION');
  });

  it('ends its calls when it is closed, once and for all', async () => {
    const [, proxy] = await joinBehindProxy();
    const client = await connectTo(proxy.url, { routing: 'gateway' });
    const map = client.map<string, number>('users');
    await map.set('a', 1);
    proxy.loseAnswers(true);
    const write = map.set('a', 2);
    const read = map.get('a');
    await Promise.all([client.close(), client.close(), client.closed]);
    expect((await failure(write, 'GRID_CLOSED')).outcome).to.equal('unknown');
    expect((await failure(read, 'GRID_CLOSED')).outcome).to.equal('not-applied');
    await failure(map.get('a'), 'GRID_CLOSED');
    await failure(client.safe(), 'GRID_CLOSED');
    await failure(client.map('others').get('a'), 'GRID_CLOSED');
  });

  it('ends a call at its deadline, and when its signal aborts', async () => {
    const [, proxy] = await joinBehindProxy();
    const client = await connectTo(proxy.url, { routing: 'gateway' });
    const map = client.map<string, number>('users');
    await map.set('a', 1);
    proxy.loseAnswers(true);
    const late = await failure(map.set('a', 2, { timeout: 50 }), 'GRID_TIMEOUT');
    expect(late.outcome).to.equal('unknown');
    const controller = new AbortController();
    const aborted = map.set('a', 3, { signal: controller.signal });
    controller.abort(new Error('enough'));
    const error = await failure(aborted, 'GRID_TIMEOUT');
    expect((error.cause as Error).message).to.equal('enough');
    await failure(client.safe({ timeout: 50 }), 'GRID_TIMEOUT');
    await failure(client.structures({ signal: AbortSignal.abort() }), 'GRID_TIMEOUT');
  });

  it('lets no more wait than its bound', async () => {
    const [, proxy] = await joinBehindProxy();
    const client = await connectTo(proxy.url, { routing: 'gateway' });
    const map = client.map<number, number>('users');
    await map.set(0, 0);
    proxy.loseAnswers(true);
    const codes = new Map<string, number>();
    const calls = Array.from({ length: 512 + 100_000 + 3 }, (_, at) =>
      map.get(at).catch((error: GridError) => {
        codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
      }),
    );
    await client.close();
    await Promise.all(calls);
    expect([...codes]).to.have.deep.members([
      ['GRID_OVERLOADED', 3],
      ['GRID_CLOSED', 512 + 100_000],
    ]);
  });

  it('runs what it sends again over new connections exactly once', async () => {
    const [ann, proxy] = await joinBehindProxy();
    const client = await connectTo(proxy.url, { routing: 'gateway' });
    const events: string[] = [];
    client.events.subscribe(({ type }) => events.push(type));
    const map = client.map<string, number>('counts');
    const rounds = 5;
    for (let round = 0; round < rounds; round++) {
      // The answers of this round are lost, so all of it is sent again.
      proxy.loseAnswers(true);
      const before = (await ann.map<string, number>('counts').get('n')) ?? 0;
      const calls = Array.from({ length: 100 }, () => map.increment('n', 1, { timeout: '20s' }));
      if (round > 0) {
        const arrived = async () => (await ann.map<string, number>('counts').get('n')) ?? 0;
        while ((await arrived()) < before + 100);
      }
      proxy.loseAnswers(false);
      proxy.cut();
      const results = await Promise.all(calls);
      expect(new Set(results).size).to.equal(100);
    }
    expect(await map.get('n')).to.equal(rounds * 100);
    const count = (type: string) => events.filter((event) => event === type).length;
    expect(count('reconnecting')).to.equal(rounds);
    expect(count('connected')).to.equal(rounds);
  });

  it('waits for a member that is away, and goes on', async () => {
    const [, proxy] = await joinBehindProxy();
    const client = await connectTo(proxy.url, { routing: 'gateway' });
    const map = client.map<string, number>('users');
    await map.set('a', 1);
    proxy.refuse(true);
    proxy.cut();
    const write = map.set('a', 2);
    const lost = await failure(map.get('a', { timeout: 200 }), 'GRID_UNREACHABLE');
    expect(lost.outcome).to.equal('not-applied');
    proxy.refuse(false);
    await write;
    expect(await map.get('a')).to.equal(2);
  });

  it('finds another member where the first of its URLs answers nobody', async () => {
    const ann = await joinGrid();
    const client = await connectTo(['ws://127.0.0.1:1', urlOf(ann), 'ws://127.0.0.1:2']);
    expect(client.members.map(({ id }) => id)).to.deep.equal([ann.self.id]);
  });
});

describe('connecting', function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeClients();
    await closeAll();
  });

  it('says where nobody answered', async () => {
    const work = connect('ws://127.0.0.1:1', { timeout: 300 });
    expect((await failure(work, 'GRID_UNREACHABLE')).message).to.include('127.0.0.1:1');
  });

  it('ends when its signal aborts', async () => {
    const signal = AbortSignal.timeout(50);
    await failure(connect('ws://127.0.0.1:1', { signal }), 'GRID_TIMEOUT');
  });

  it('is refused by another cluster, at once', async () => {
    const ann = await joinGrid({ cluster: 'shop' });
    const error = await failure(connect(urlOf(ann), { timeout: '15s' }), 'GRID_REFUSED');
    expect(error.message).to.include('"shoal"').and.include('"shop"');
    await connectTo(ann, { cluster: 'shop' });
  });

  it('asks for credentials where members have a secret', async () => {
    const users = { ann: { token }, bob: { password: 'a password of some length' } };
    const ann = await joinGrid({ secret, users });
    const refusals: string[] = [];
    const wrong: ConnectOptions[] = [
      {},
      { token: 'another token of some length' },
      { user: 'bob', password: 'another password' },
      { user: 'nobody', password: 'a password of some length' },
      // A password is no token.
      { token: 'a password of some length' },
    ];
    for (const options of wrong) {
      const error = await failure(connect(urlOf(ann), options), 'GRID_REFUSED');
      refusals.push(error.message);
    }
    expect(new Set(refusals).size, 'the same words for every cause').to.equal(1);
    expect(refusals[0]).to.not.include('token of some length');
    const client = await connectTo(ann, { token });
    await client.map('users').set('a', 1);
    const other = await connectTo(ann, { user: 'bob', password: 'a password of some length' });
    expect(await other.map('users').get('a')).to.equal(1);
  });

  it('is refused to everybody where there is a secret and no user', async () => {
    const ann = await joinGrid({ secret });
    await failure(connect(urlOf(ann)), 'GRID_REFUSED');
    await failure(connect(urlOf(ann), { token }), 'GRID_REFUSED');
  });

  const badUrls = [
    '',
    'http://127.0.0.1:7400',
    'nonsense',
    'ws://ann@127.0.0.1:7400',
    [],
    7,
  ] as const;
  for (const url of badUrls) {
    it(`names the URL ${JSON.stringify(url)}`, async () => {
      const error = await failure(connect(url as string), 'GRID_BAD_OPTION');
      expect(error.message).to.match(/^url: expected/);
    });
  }

  const badOptions: Readonly<Record<string, unknown>>[] = [
    { cluster: 7 },
    { routing: 'fast' },
    { token: 7 },
    { token: 'x', user: 'ann', password: 'y' },
    { user: 'ann' },
    { password: 'y' },
    { timeout: 'soon' },
    { signal: {} },
    { logger: {} },
    { clusterName: 'x' },
    { cluster: 'shop-\ud83d' },
  ];
  for (const options of badOptions) {
    it(`refuses the options ${JSON.stringify(options)}`, async () => {
      await failure(connect('ws://127.0.0.1:1', options as ConnectOptions), 'GRID_BAD_OPTION');
    });
  }

  it('says that null was found', async () => {
    const none = null as unknown as ConnectOptions;
    const error = await failure(connect('ws://127.0.0.1:1', none), 'GRID_BAD_OPTION');
    expect(error.message).to.match(/^options: expected an object.*, found null$/);
  });
});

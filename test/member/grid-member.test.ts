import { expect } from 'chai';
import { GridError, type GridErrorCode } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { GridEvent } from '../../src/grid.ts';
import { closeAll, joinGrid, joinThree } from '../support/grids.ts';
import { throwOut } from '../support/throwing-out.ts';
import { until } from '../transport/until.ts';

const secret = 'k7Qw-2mZx-9pLs-4vNb-8tRf-1yHd-6cJg';

async function refusal(work: Promise<unknown>, code: GridErrorCode): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!GridError.is(error)) throw error ?? new Error(`expected ${code}, found success`);
  expect(error.code, error.message).to.equal(code);
  return error.message;
}

describe('a process that joins', function () {
  this.timeout(20_000);
  afterEach(closeAll);

  it('forms a grid of one where it has no seeds', async () => {
    const grid = await joinGrid({ name: 'ann' });
    expect(grid.members).to.deep.equal([grid.self]);
    expect(grid.self).to.include({ name: 'ann', state: 'up', zone: undefined });
    expect(grid.self.address).to.match(/^127\.0\.0\.1:\d+$/);
    await grid.map('users').set('ann', 1);
    expect(await grid.map('users').get('ann')).to.equal(1);
  });

  it('shares a map with the others, whichever of them is asked', async () => {
    const grids = await joinThree();
    await Promise.all(grids.map((grid) => grid.safe()));
    const maps = grids.map((grid) => grid.map<string, number>('users'));
    for (let at = 0; at < 60; at++) await maps[at % 3]?.set(`key ${at}`, at);
    for (let at = 0; at < 60; at++) {
      expect(await maps[(at + 1) % 3]?.get(`key ${at}`), `key ${at}`).to.equal(at);
    }
    await Promise.all(maps.flatMap((map) => [map.increment('n'), map.increment('n', 2)]));
    expect(await maps[0]?.get('n')).to.equal(9);
    expect(grids[0].members.map(({ name }) => name)[0]).to.equal('ann');
    expect(grids[2].members).to.deep.equal(grids[0].members);
  });

  it('takes writes of a map that has fewer copies than `minInSync` with all that it has', async () => {
    const ann = await joinGrid({ minInSync: 2, partitions: 3 });
    const bob = await joinGrid({ minInSync: 2, partitions: 3, seeds: [ann.self.address] });
    await ann.safe();
    const map = bob.map<number, number>('solo', { backups: 0 });
    await Promise.all([0, 1, 2, 3, 4].map((key) => map.set(key, key, { timeout: '5s' })));
    expect(await map.size()).to.equal(5);
  });

  it('lets thousands of handles be used first at the same time, of one map and of many', async () => {
    const grid = await joinGrid({ partitions: 1 });
    const ofOne = Array.from({ length: 1_500 }, (_, at) => grid.map('one').set(at, at));
    const ofMany = Array.from({ length: 1_500 }, (_, at) => grid.map(`map ${at}`).set('a', at));
    await Promise.all([...ofOne, ...ofMany]);
    expect(await grid.map('one').size()).to.equal(1_500);
    expect(await grid.map('map 1499').get('a')).to.equal(1_499);
  });

  it('ends the acceptance of a loss by its signal', async () => {
    const grid = await joinGrid();
    const abort = new AbortController();
    const accepted = grid.acceptLoss({ signal: abort.signal });
    abort.abort('enough');
    await refusal(accepted, 'GRID_TIMEOUT');
    await refusal(grid.acceptLoss({ signal: abort.signal }), 'GRID_TIMEOUT');
    await refusal(grid.acceptLoss({ timeout: 0 }), 'GRID_BAD_OPTION');
    await grid.acceptLoss();
  });

  it('tells of its structures and their sizes', async () => {
    const grid = await joinGrid({ maps: { 'ses*': { backups: 0 } } });
    await grid.map('sessions').setMany([
      ['a', 1],
      ['b', 2],
    ]);
    expect(await grid.structures()).to.deep.equal([
      { name: 'sessions', type: 'map', backups: 0, size: 2 },
    ]);
  });

  it('is told both where it asks for other options than a map has', async () => {
    const grid = await joinGrid();
    const other = await joinGrid({ seeds: [grid.self.address], maps: { users: { backups: 3 } } });
    await grid.map('users').set('a', 1);
    await other.safe();
    for (const map of [other.map('users'), grid.map('users', { backups: 2 })]) {
      const message = await refusal(map.get('a'), 'GRID_BAD_OPTION');
      expect(message)
        .to.include('{"backups":1}')
        .and.to.match(/found \{"backups":[23]\}/);
    }
    expect(await grid.map('users', { backups: 1 }).get('a')).to.equal(1);
    expect(await grid.map('users').get('a')).to.equal(1);
  });

  it('is told of those who come and go', async () => {
    const grid = await joinGrid({ name: 'ann' });
    const events: GridEvent[] = [];
    grid.events.subscribe((event) => events.push(event));
    expect(grid.events).to.not.have.property('next');
    const other = await joinGrid({ name: 'bob', seeds: [grid.self.address] });
    await grid.map('users').set('a', 1);
    await grid.safe();
    await other.leave();
    await until(() => events.some(({ type }) => type === 'member-left'), 'the news of the leaving');
    const told = events.flatMap((event) =>
      'member' in event ? [[event.type, event.member.name]] : [],
    );
    expect(told).to.deep.include(['member-joined', 'bob']);
    expect(events.find(({ type }) => type === 'member-left')).to.include({ reason: 'left' });
    expect(events.map(({ type }) => type)).to.include('safe');
  });

  it('tells that its event loop stood still, and for how long', async () => {
    const grid = await joinGrid({ name: 'ann' });
    const lags: number[] = [];
    grid.events.subscribe((event) => {
      if (event.type === 'slow-loop') lags.push(event.lagMs);
    });
    const end = performance.now() + 400;
    while (performance.now() < end);
    await until(() => lags.length > 0, 'the event');
    expect(lags[0]).to.be.within(200, 10_000);
  });

  it('waits for as many as it expects', async () => {
    const first = joinGrid({ name: 'ann', expect: 2, listen: { port: 0 }, timeout: '300ms' });
    expect(await refusal(first, 'GRID_UNREACHABLE')).to.include('expected 2 members');
  });

  it('holds nothing as a lite member, and reads and writes like any other', async () => {
    const grid = await joinGrid();
    const lite = await joinGrid({ data: false, seeds: [grid.self.address] });
    await lite.map('users').set('a', 'b');
    expect(await grid.map('users').get('a')).to.equal('b');
    const answer = await fetch(`http://${lite.self.address}/v1/partitions`);
    const { partitions } = (await answer.json()) as { partitions: { inSync: string[] }[] };
    expect(partitions).to.have.length(271);
    expect(partitions.every(({ inSync }) => inSync.join() === grid.self.id)).to.equal(true);
  });
});

describe('a process that cannot join', function () {
  this.timeout(20_000);
  afterEach(closeAll);

  it('is told that the cluster is another one', async () => {
    const grid = await joinGrid({ cluster: 'shop' });
    const stranger = joinGrid({ cluster: 'bank', seeds: [grid.self.address] });
    const message = await refusal(stranger, 'GRID_REFUSED');
    expect(message).to.include('"shop"').and.to.include('"bank"');
    await grid.map('users').set('a', 1);
  });

  it('is told that its secret is another one, or missing, or not wanted', async () => {
    const grid = await joinGrid({ secret });
    const seeds = [grid.self.address];
    const other = joinGrid({ secret: secret.replaceAll('k', 'K'), seeds });
    expect(await refusal(other, 'GRID_REFUSED')).to.include('different secrets');
    expect(await refusal(joinGrid({ seeds }), 'GRID_REFUSED')).to.include('has a secret');
    const friend = await joinGrid({ secret, seeds });
    await friend.map('users').set('a', 1);
    expect(await grid.map('users').get('a')).to.equal(1);
  });

  it('begins no cluster of its own where one of its seeds refuses it and another is down', async () => {
    const grid = await joinGrid({ secret });
    const listen = { port: 7_497 };
    const seeds = [grid.self.address, '127.0.0.1:7497', '127.0.0.1:1'];
    const stranger = joinGrid({ seeds, listen, timeout: '4s' });
    expect(await refusal(stranger, 'GRID_REFUSED')).to.include('has a secret');
  });

  it('is told that the cluster has another number of partitions', async () => {
    const grid = await joinGrid({ partitions: 7 });
    const other = joinGrid({ partitions: 9, seeds: [grid.self.address] });
    const message = await refusal(other, 'GRID_REFUSED');
    expect(message).to.include('7').and.to.include('9');
  });

  it('is told that the port is in use', async () => {
    const grid = await joinGrid();
    const port = Number(grid.self.address.split(':')[1]);
    const message = await refusal(joinGrid({ listen: { port } }), 'GRID_BAD_OPTION');
    expect(message).to.include(`127.0.0.1:${port}`).and.to.include('another process has it');
  });

  it('ends at its timeout where no seed answers, and names them', async () => {
    const began = performance.now();
    const seeds = ['127.0.0.1:1', '127.0.0.1:2'];
    const message = await refusal(joinGrid({ seeds, timeout: '400ms' }), 'GRID_UNREACHABLE');
    expect(message).to.include('127.0.0.1:1').and.to.include('127.0.0.1:2');
    expect(performance.now() - began).to.be.greaterThan(399);
  });

  it('ends at its timeout where a name does not resolve, with a warning before', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, text: string) => warnings.push(text) };
    const seeds = ['no-such-host.invalid:7400'];
    const lost = joinGrid({ seeds, logger, timeout: '300ms' });
    expect(await refusal(lost, 'GRID_UNREACHABLE')).to.include('no-such-host.invalid:7400');
    expect(warnings[0]).to.include('no-such-host.invalid:7400');
  });

  it('ends when its signal aborts', async () => {
    const ending = new AbortController();
    const lost = joinGrid({ seeds: ['127.0.0.1:1'], signal: ending.signal });
    ending.abort(new Error('enough'));
    await refusal(lost, 'GRID_TIMEOUT');
  });

  it('may not listen beyond loopback without a secret', async () => {
    const message = await refusal(
      joinGrid({ listen: { host: '0.0.0.0', port: 7_499 } }),
      'GRID_BAD_OPTION',
    );
    expect(message).to.include('`secret`').and.to.include('`insecure: true`');
  });

  it('leaves no port bound and no signal handled', async () => {
    const before = process.listenerCount('SIGTERM');
    const seeds = ['127.0.0.1:1'];
    await refusal(joinGrid({ seeds, listen: { port: 7_498 }, timeout: 50 }), 'GRID_UNREACHABLE');
    expect(process.listenerCount('SIGTERM')).to.equal(before);
    const grid = await joinGrid({ listen: { port: 7_498 } });
    expect(grid.self.address).to.equal('127.0.0.1:7498');
    expect(process.listenerCount('SIGTERM')).to.equal(before + 1);
    await grid.leave();
    expect(process.listenerCount('SIGTERM')).to.equal(before);
  });
});

describe('a member that leaves', function () {
  this.timeout(20_000);
  afterEach(closeAll);

  it('hands over all that it held', async () => {
    const [ann, bob, cleo] = await joinThree();
    const map = ann.map<number, number>('users');
    await map.setMany(Array.from({ length: 500 }, (_, at) => [at, at] as const));
    await ann.safe();
    await ann.leave();
    await bob.leave();
    expect(cleo.members).to.deep.equal([cleo.self]);
    const left = cleo.map<number, number>('users');
    expect(await left.size()).to.equal(500);
    expect(await left.get(123)).to.equal(123);
  });

  it('is gone for good: calls are refused and `closed` resolves', async () => {
    const grid = await joinGrid();
    const map = grid.map('users');
    await map.set('a', 1);
    const first = grid.leave();
    await grid.leave();
    await first;
    await grid.closed;
    await refusal(map.set('a', 2), 'GRID_CLOSED');
    await refusal(grid.safe(), 'GRID_CLOSED');
    await refusal(grid.map('never used before').get('a'), 'GRID_CLOSED');
    await refusal(map.destroy(), 'GRID_CLOSED');
    await refusal(grid.structures(), 'GRID_CLOSED');
    await refusal(grid.acceptLoss(), 'GRID_CLOSED');
  });

  it('says in its promise what is wrong with its timeout, and is as it was', async () => {
    const [ann, bob] = await joinThree();
    await refusal(ann.leave({ timeout: 0 }), 'GRID_BAD_OPTION');
    expect(ann.self.state).to.equal('up');
    await ann.leave();
    expect(ann.self.state).to.equal('leaving');
    expect(bob.members.map(({ name }) => name)).to.not.include('ann');
  });

  it('leaves at the end of the block that it was declared in', async () => {
    let closed: Promise<void> | undefined;
    {
      await using grid = await joinGrid();
      closed = grid.closed;
    }
    await closed;
  });

  it('does not wait for others that leave as well', async () => {
    const grids = await joinThree();
    await grids[0].map('users').set('a', 1);
    const began = performance.now();
    await Promise.all(grids.map((grid) => grid.leave()));
    expect(performance.now() - began).to.be.lessThan(9_000);
  });
});

describe('a member that the others removed', function () {
  this.timeout(20_000);
  afterEach(closeAll);

  it('comes back under a new identity, and its handles go on working', async () => {
    const [ann, bob] = await joinThree();
    const map = bob.map<string, number>('users');
    await map.set('a', 1);
    await ann.safe();
    const { id, address } = bob.self;
    const events: string[] = [];
    bob.events.subscribe(({ type }) => events.push(type));
    await throwOut(bob);
    const during = Array.from({ length: 30 }, (_, at) => map.set(`during ${at}`, at));
    await until(() => events.includes('connected'), 'the member to be back', 15_000);
    await Promise.all(during);
    for (let at = 0; at < 30; at++) expect(await ann.map('users').get(`during ${at}`)).to.equal(at);
    expect(events).to.include('reconnecting');
    expect(bob.self.id).to.not.equal(id);
    expect(bob.self.address).to.equal(address);
    expect(await map.get('a')).to.equal(1);
    await until(() => !ann.members.some((member) => member.id === id), 'the old one to go');
    await bob.safe();
  });

  it('leaves without a word where its identity has ended, and the next is not there yet', async () => {
    const [ann, bob] = await joinThree();
    await ann.safe();
    let left: Promise<void> | undefined;
    bob.events.subscribe(({ type }) => {
      if (type === 'reconnecting') left = bob.leave();
    });
    await throwOut(bob, () => left !== undefined);
    await left;
    await bob.closed;
  });

  it('is not safe from the end of the one identity on', async () => {
    const [ann, bob] = await joinThree();
    await ann.safe();
    await bob.safe();
    // What is looked at first is the identity that has just ended.
    let safe: Promise<string> | undefined;
    bob.events.subscribe(({ type }) => {
      if (type === 'reconnecting') safe = refusal(bob.safe({ timeout: 1 }), 'GRID_TIMEOUT');
    });
    await throwOut(bob);
    expect(await safe).to.include('expected every partition to have all its copies');
  });
});

describe('the HTTP interface of a member', function () {
  this.timeout(20_000);
  afterEach(closeAll);

  it('says whether it lives, serves and is safe', async () => {
    const grid = await joinGrid();
    for (const path of ['/livez', '/readyz', '/safez']) {
      const answer = await fetch(`http://${grid.self.address}${path}`);
      expect(answer.status, path).to.equal(200);
    }
  });

  it('tells of members, partitions and structures', async () => {
    const grid = await joinGrid();
    await grid.map('users').set('a', 1);
    const base = `http://${grid.self.address}/v1`;
    const members = (await (await fetch(`${base}/members`)).json()) as object;
    expect(members).to.deep.include({ self: grid.self.id, leader: grid.self.id });
    const { partitions } = (await (await fetch(`${base}/partitions`)).json()) as {
      partitions: { primary: string; entriesHere: number }[];
    };
    expect(partitions).to.have.length(271);
    expect(partitions.every(({ primary }) => primary === grid.self.id)).to.equal(true);
    expect(partitions.reduce((sum, { entriesHere }) => sum + entriesHere, 0)).to.equal(1);
    const { structures } = (await (await fetch(`${base}/structures`)).json()) as {
      structures: object[];
    };
    expect(structures).to.deep.equal([{ name: 'users', type: 'map', backups: 1, entriesHere: 1 }]);
  });

  it('answers 404 and 405 elsewhere, and refuses headers of over 8 KB', async () => {
    const grid = await joinGrid();
    const base = `http://${grid.self.address}`;
    expect((await fetch(`${base}/nothing`)).status).to.equal(404);
    expect((await fetch(`${base}/__proto__`)).status).to.equal(404);
    expect((await fetch(`${base}/livez`, { method: 'POST' })).status).to.equal(405);
    const headers = { 'x-long': 'x'.repeat(9_000) };
    expect((await fetch(`${base}/livez`, { headers })).status).to.equal(431);
  });
});

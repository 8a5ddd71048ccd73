import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { GridEvent } from '../../src/grid.ts';
import { seedSource } from '../../src/member/seed-sources.ts';
import { closeAll, joinGrid } from '../support/grids.ts';
import { build, killStarted, startMember } from '../support/processes.ts';
import { until } from '../transport/until.ts';

describe('one member that is left of three', function () {
  this.timeout(60_000);
  before(build);
  after(async () => {
    await closeAll();
    killStarted();
  });

  it('goes on with all that it holds when somebody says that the others are gone for good', async () => {
    const options = ['--preset', 'local'];
    const first = await startMember(options);
    const second = await startMember([...options, '--seed', first.address]);
    const grid = await joinGrid({ seeds: [first.address] });
    await grid.safe({ timeout: '30s' });
    const map = grid.map<string, number>('kept', { backups: 2 });
    await map.setMany(Array.from({ length: 500 }, (_, at) => [`key ${at}`, at]));
    await grid.safe({ timeout: '30s' });
    const early = await grid.goOnAlone().catch((reason) => reason);
    expect(early, 'while all are there').to.include({ code: 'GRID_REFUSED' });
    const signal = AbortSignal.abort();
    const aborted = await grid.goOnAlone({ signal }).catch((reason) => reason);
    expect(aborted, 'told nothing').to.include({ code: 'GRID_TIMEOUT', outcome: 'not-applied' });

    await Promise.all([first.end('SIGKILL'), second.end('SIGKILL')]);
    const isRefused = async () => {
      const how = await map.set('key 1', 1).catch((reason) => reason);
      return GridError.is(how, 'GRID_NO_QUORUM');
    };
    while (!(await isRefused()));
    const left = grid.acceptLoss({ timeout: '6s' }).catch((reason) => reason);
    const isTaken = async () => {
      const how = await grid.goOnAlone().catch((reason) => reason);
      // As long as membership has not given them up.
      if (how !== undefined) expect(how).to.include({ code: 'GRID_REFUSED' });
      return how === undefined;
    };
    while (!(await isTaken()));
    for (let at = 0; at < 500; at++) expect(await map.get(`key ${at}`)).to.equal(at);
    expect(await left, 'a call whose identity ended').to.include({ outcome: 'unknown' });
    const third = await startMember([...options, '--seed', grid.self.address]);
    await until(() => grid.members.some(({ id }) => id === third.id), 'another member', 20_000);
    expect(await map.increment('key 0')).to.equal(1);
  });
});

describe('the younger of two members whose older is lost', function () {
  this.timeout(60_000);
  before(build);
  after(async () => {
    await closeAll();
    killStarted();
  });

  it('goes on alone with all data, and takes others in again', async () => {
    const older = await startMember(['--preset', 'local']);
    const grid = await joinGrid({ seeds: [older.address] });
    await grid.safe({ timeout: '30s' });
    const map = grid.map<string, number>('kept');
    await map.setMany(Array.from({ length: 500 }, (_, at) => [`key ${at}`, at]));
    const events: GridEvent[] = [];
    grid.events.subscribe((event) => events.push(event));
    const before = grid.self.id;

    expect(await older.end('SIGKILL')).to.equal('SIGKILL');
    const refused = await map.get('key 1').catch((reason) => reason);
    // A key of its own it may read for as long as its lease lasts.
    if (refused !== 1) expect(GridError.is(refused, 'GRID_NO_QUORUM')).to.equal(true);
    const has = (type: GridEvent['type']) => events.some((event) => event.type === type);
    await until(() => has('split') && has('connected'), 'the split', 20_000);
    expect(events.find(({ type }) => type === 'split')).to.have.property('lost', 0);
    expect(grid.self.id).to.not.equal(before);
    for (let at = 0; at < 500; at++) expect(await map.get(`key ${at}`)).to.equal(at);
    await map.set('key 0', -1);

    const third = await startMember(['--preset', 'local', '--seed', grid.self.address]);
    await until(() => grid.members.some(({ id }) => id === third.id), 'another member', 20_000);
    await grid.safe({ timeout: '30s' });
    expect(await map.get('key 0')).to.equal(-1);
    expect(await map.size()).to.equal(500);
  });

  it('tells of no loss where the older stands still, and its links are slow to close', async () => {
    const older = await startMember(['--preset', 'local']);
    const errors: string[] = [];
    const error = (_: object, text?: string) => errors.push(`${text}`);
    const logger = { ...silentLogger, error };
    const grid = await joinGrid({ seeds: [older.address], logger });
    await grid.map('kept').set('key', 'value');
    await grid.safe({ timeout: '30s' });
    const types: string[] = [];
    grid.events.subscribe(({ type }) => types.push(type));
    older.signal('SIGSTOP');
    await until(() => types.includes('connected'), 'the split', 20_000);
    const hasLooked = () => types.lastIndexOf('safe') > types.indexOf('reconnecting');
    await until(hasLooked, 'a look at all rows', 20_000);
    expect(types).to.include('split').and.to.not.include('partition-lost');
    expect(errors.filter((text) => !text.startsWith('SPLIT'))).to.deep.equal([]);
  });
});

describe('a member whose seed is a name', () => {
  after(closeAll);

  it('has the system look it up, and joins whoever is there', async () => {
    const older = await joinGrid({ name: 'ann' });
    const port = older.self.address.split(':').at(-1);
    const name = `localhost:${port}`;
    const found = await seedSource(name)?.find();
    expect(found).to.include(older.self.address);
    const younger = await joinGrid({ name: 'bob', seeds: [name] });
    expect(younger.members.map((member) => member.name)).to.have.members(['ann', 'bob']);
  });
});

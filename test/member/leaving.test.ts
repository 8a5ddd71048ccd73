import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { leftUndone } from '../../src/member/leaving.ts';
import { ann, bob, cid, dan, Table } from '../partition/table.ts';
import { closeAll, joinGrid, joinThree } from '../support/grids.ts';

async function failed(leaving: Promise<void>): Promise<GridError> {
  const error = await leaving.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof GridError) return error;
  throw new Error(`expected a GridError, found ${error}`);
}

describe('a member that leaves', function () {
  this.timeout(20_000);
  afterEach(closeAll);

  it('says at its deadline what it could not hand over, and goes all the same', async () => {
    const [ann, bob, cleo] = await joinThree();
    const map = ann.map<number, number>('users');
    await map.setMany(Array.from({ length: 500 }, (_, at) => [at, at] as const));
    await ann.safe();
    const error = await failed(cleo.leave({ timeout: 1 }));
    expect([error.code, error.outcome]).to.deep.equal(['GRID_TIMEOUT', 'unknown']);
    expect(error.message).to.match(
      /^expected the others to take over within 1 ms, found \d+ partitions that still count on this member; .*; it had a vote/,
    );
    await cleo.closed;
    // Of all that it had there is another copy.
    const left = bob.map<number, number>('users');
    expect(await left.size()).to.equal(500);
    await left.set(1, 2);
  });

  it('goes when its signal aborts, with a warning, and says that it has left', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, text: string) => warnings.push(text) };
    const [ann, bob] = await joinThree({ logger });
    await ann.map('users').set('a', 1);
    await ann.safe();
    const abort = new AbortController();
    const leaving = failed(bob.leave({ signal: abort.signal }));
    abort.abort('enough');
    const error = await leaving;
    expect([error.code, error.outcome, error.cause]).to.deep.equal([
      'GRID_TIMEOUT',
      'unknown',
      'enough',
    ]);
    expect(error.message)
      .to.match(/^expected the others to take over before its signal aborted, found \d+ partitions/)
      .and.to.include('has left all the same');
    expect(warnings).to.include(error.message);
    await bob.closed;
  });

  it('stays where its signal aborted before the call', async () => {
    const grid = await joinGrid();
    const signal = AbortSignal.abort('too late');
    const error = await failed(grid.leave({ signal }));
    expect([error.code, error.outcome]).to.deep.equal(['GRID_TIMEOUT', 'not-applied']);
    await grid.map('users').set('a', 1);
    await grid.leave();
    await grid.leave({ signal });
  });

  it('as the last one of all goes at once, and without an error', async () => {
    const grid = await joinGrid();
    await grid.map('users').set('a', 1);
    const began = performance.now();
    await grid.leave();
    await grid.closed;
    expect(performance.now() - began).to.be.lessThan(9_000);
  });
});

describe('what was still to come when a member went', () => {
  const voters = [ann, bob, cid];
  const all = () => true;

  it('are the partitions that count on it, and its vote if it has one', () => {
    const { machine } = new Table();
    const undone = leftUndone(machine, voters, ann, all);
    expect(undone).to.match(/^\d+ partitions that still count on this member/);
    expect(undone).to.include('it had a vote');
    expect(leftUndone(machine, [bob, cid], ann, all)).to.not.include('vote');
  });

  it('is an answer to its wish, its vote, or that it is let go, where it holds nothing', () => {
    const table = new Table();
    table.join(dan);
    const undone = (ids = [...voters, dan], isAlive: (id: string) => boolean = all) =>
      leftUndone(table.machine, ids, dan, isAlive);
    expect(undone()).to.include('no answer yet to its wish to leave');
    table.status(dan, 'leaving');
    expect(undone()).to.include('but its vote in the meta group').and.to.not.include('spared');
    expect(undone(voters)).to.include('no vote').and.to.include('not let it go yet');
    const spared = undone(undefined, (id: string) => id === ann);
    expect(spared).to.include('vote in the meta group cannot be spared: of the 3 other voters 1');
  });
});

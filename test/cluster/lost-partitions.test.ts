/** Real members of which two are killed at once: what only they held is lost, loudly, until somebody accepts that. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { ask } from '../../src/cli/ask.ts';
import type { Grid, GridEvent } from '../../src/grid.ts';
import { closeAll, joinGrid } from '../support/grids.ts';
import { build, killStarted, startMember, startShoal } from '../support/processes.ts';
import { until } from '../transport/until.ts';

const partitions = 31;
const preset = 'lan';
const keys = Array.from({ length: 300 }, (_, at) => `key ${at}`);

/** A member of this process, with what it tells of losses. */
async function listener(name: string, seeds: readonly string[]) {
  const logged: string[] = [];
  const error = (_fields: object, message: string) => void logged.push(message);
  const grid = await joinGrid({
    name,
    seeds,
    partitions,
    preset,
    logger: { ...silentLogger, error },
  });
  const lost: number[] = [];
  grid.events.subscribe((event: GridEvent) => {
    if (event.type === 'partition-lost') lost.push(event.partition);
  });
  return { grid, lost, logged };
}

/** The partitions all of whose copies are at these members, and whether none of all is on its way. */
async function heldOnlyBy(grid: Grid, ids: readonly string[]) {
  const { partitions: rows } = await ask(grid.self.address, '/v1/partitions');
  const held = rows.filter(({ inSync }) => inSync.every((id) => ids.includes(id)));
  const isAtRest = rows.every(({ learner }) => learner === undefined);
  return { partitions: held.map(({ partition }) => partition), isAtRest };
}

/** Resolves with the partitions that they alone hold, when nothing moves any more. */
async function shareOf(grid: Grid, ids: readonly string[]): Promise<readonly number[]> {
  for (;;) {
    await grid.safe({ timeout: '30s' });
    const { partitions, isAtRest } = await heldOnlyBy(grid, ids);
    if (isAtRest && partitions.length > 0) return partitions;
  }
}

describe('partitions whose only copies were at two members that are killed', function () {
  this.timeout(60_000);
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-'));
    build();
  });
  after(async () => {
    await closeAll();
    killStarted();
    rmSync(folder, { recursive: true });
  });

  it('are lost loudly and once, and empty and writable when that is accepted (scenario 3)', async () => {
    const ann = await listener('ann', []);
    const seeds = [ann.grid.self.address];
    const bob = await listener('bob', seeds);
    const cid = await listener('cid', seeds);
    const three = [ann, bob, cid];
    const config = join(folder, 'config.json');
    writeFileSync(config, JSON.stringify({ partitions, preset, seeds }));
    const args = ['--config', config];
    const two = await Promise.all([startMember(args), startMember(args)]);
    const ids = two.map(({ id }) => id);
    const isIn = () => ann.grid.members.filter(({ state }) => state === 'up').length === 5;
    await until(isIn, 'all five are up', 20_000);
    const map = bob.grid.map<string, string>('kept');
    await map.setMany(keys.map((key) => [key, 'before']));
    await shareOf(ann.grid, ids);
    for (const member of two) member.signal('SIGSTOP');
    const { partitions: doomed } = await heldOnlyBy(ann.grid, ids);
    await Promise.all(two.map((member) => member.end('SIGKILL')));
    for (const { address } of two) startShoal('start', '--listen', address, '--json', ...args);
    for (const { lost } of three) {
      await until(() => lost.length > 0, 'the loss is told', 20_000);
    }
    await until(isIn, 'those who were killed are back', 20_000);

    const outcomes = await Promise.all(keys.map((key) => map.get(key).catch((error) => error)));
    const gone = keys.filter((_, at) => GridError.is(outcomes[at], 'GRID_PARTITION_LOST'));
    expect(gone.length, 'keys that are lost').to.be.within(1, keys.length / 2);
    const kept = keys.filter((key) => !gone.includes(key));
    const valuesOf = (some: readonly string[]) => Promise.all(some.map((key) => map.get(key)));
    expect(new Set(await valuesOf(kept))).to.deep.equal(new Set(['before']));

    await cid.grid.acceptLoss();
    for (const { grid } of three) await grid.safe({ timeout: '30s' });
    expect(new Set(await valuesOf(gone))).to.deep.equal(new Set([undefined]));
    await map.setMany(gone.map((key) => [key, 'anew']));
    expect(new Set(await valuesOf(gone))).to.deep.equal(new Set(['anew']));
    expect(new Set(await valuesOf(kept))).to.deep.equal(new Set(['before']));
    for (const { lost, logged } of three) {
      expect(new Set(lost).size, 'partitions told of').to.equal(doomed.length);
      expect(lost, 'what is told').to.have.length(doomed.length);
      expect(logged).to.deep.equal([
        `LOST: all copies of ${doomed.length} partitions are gone; calls on them are refused until grid.acceptLoss()`,
      ]);
    }
  });
});

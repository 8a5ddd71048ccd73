/** The figuring of the comparison with Redis; what it measures needs a quiet machine and is not tested. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { type Cell, cells } from '../../bench/compare/cells.ts';
import { openBareMap } from '../../bench/compare/drivers/bare.ts';
import { driverNames, isBare, isPeer, isShoal } from '../../bench/compare/drivers/driver.ts';
import { redisPlace } from '../../bench/compare/drivers/redis-place.ts';
import { Latencies, median } from '../../bench/compare/latencies.ts';
import { findingsIn } from '../../bench/compare/measurements/simulator.ts';
import { optionsOf, UsageError } from '../../bench/compare/options.ts';
import type { Row } from '../../bench/compare/rounds.ts';
import { findingsOf, summaryOf, verdictOf } from '../../bench/compare/summary.ts';
import { findingTable } from '../../bench/compare/table.ts';
import { Traffic } from '../../bench/compare/tasks/traffic.ts';
import { isWhole, keysOf, valuesOf } from '../../bench/compare/tasks/values.ts';
import { until } from '../transport/until.ts';

const cell: Cell = {
  name: 'mix-64',
  group: 'mix',
  title: 'a mix',
  task: { kind: 'map', values: 'strings', reads: 0.8, outstanding: 64 },
  stage: 'single',
  drivers: driverNames,
  asked: { goal: 2, thinFloor: 1.2, coreFloor: 1.3 },
};

function row(driver: Row['driver'], round: number, perSecond: number, foreignCores = 0): Row {
  const used = { driverCores: 0.5, systemCores: 0.5, foreignCores, idleDriverCores: 0, tries: 1 };
  const of = { cell: 'mix-64', driver, round, operations: 1_000, perSecond };
  return { ...of, p50Us: 100, p99Us: 500, ...used };
}

describe('the comparison with Redis', () => {
  it('divides the median of Shoal by the median of the best peer', () => {
    const rows = [
      ...[90, 300, 120].map((rate, round) => row('shoal-client', round, rate)),
      // The best single round is not the best median.
      ...[10, 900, 20].map((rate, round) => row('ioredis-auto', round, rate)),
      ...[60, 50, 70].map((rate, round) => row('node-redis', round, rate)),
    ];
    const { figures, ratios } = summaryOf(cell, rows);
    expect(figures.map(({ perSecond }) => perSecond)).to.deep.equal([120, 20, 60]);
    expect(ratios).to.deep.equal([{ driver: 'shoal-client', bestPeer: 'node-redis', ratio: 2 }]);
  });

  it('leaves out what ran beside a foreign load, however quick it was', () => {
    const [calm, other] = [row('shoal-lite', 0, 100, 0.05), row('shoal-lite', 1, 150, 0.3)];
    const [figure] = summaryOf(cell, [calm, other]).figures;
    expect(figure).to.include({ perSecond: 100, counted: 1, runs: 2, foreignCoresMax: 0.05 });
  });

  it('counts all where most of them ran beside a foreign load, and shows how much', () => {
    const rows = [0.05, 0.3, 0.4].map((foreign, round) =>
      row('shoal-lite', round, 100 + 50 * round, foreign),
    );
    const [figure] = summaryOf(cell, rows).figures;
    expect(figure).to.include({ perSecond: 150, counted: 3, runs: 3, foreignCoresMax: 0.4 });
    expect(figure).to.include({ spread: 2 / 3, tries: 3 });
  });

  it('says which of goal and floors a ratio reaches', () => {
    const verdicts = [2.1, 2, 1.5, 1.25, 1.1].map((value) =>
      verdictOf({ value, asked: cell.asked }),
    );
    expect(verdicts).to.deep.equal(['goal', 'goal', 'floors', 'lower floor', 'no floor']);
    expect(verdictOf({ value: 0.5 })).to.equal('');
  });

  it('knows of what less is better', () => {
    const asked = { goal: 1, coreFloor: 1.3, isLessBetter: true };
    const verdicts = [0.9, 1, 1.2, 1.4].map((value) => verdictOf({ value, asked }));
    expect(verdicts).to.deep.equal(['goal', 'goal', 'floors', 'no floor']);
  });

  it('takes a client over the unix socket for a peer like any other', () => {
    const rows = [
      row('shoal-client', 0, 90),
      row('ioredis-plain', 0, 60),
      row('ioredis-plain-unix', 0, 100),
    ];
    const [{ bestPeer, ratio } = { bestPeer: '', ratio: 0 }] = summaryOf(cell, rows).ratios;
    expect({ bestPeer, ratio }).to.deep.equal({ bestPeer: 'ioredis-plain-unix', ratio: 0.9 });
  });

  it('dials each client of Redis over TCP and over its unix socket', () => {
    const addresses = { redisPort: 6379, redisSocket: '/folder/redis.sock', members: [] };
    expect(redisPlace('node-redis', addresses)).to.deep.equal({ host: '127.0.0.1', port: 6379 });
    expect(redisPlace('node-redis-unix', addresses)).to.deep.equal({ path: '/folder/redis.sock' });
    for (const { drivers } of cells) {
      const peers = drivers.filter(isPeer);
      const [unix, tcp] = [true, false].map((is) =>
        peers.filter((name) => name.endsWith('-unix') === is),
      );
      expect(unix).to.deep.equal(tcp?.map((name) => `${name}-unix`));
    }
  });

  it('prints goal and floors beside each ratio', () => {
    const rows = [row('shoal-client', 0, 130), row('ioredis-plain', 0, 100)];
    const table = findingTable(findingsOf(summaryOf(cell, rows)));
    expect(table).to.match(/mix-64 +shoal-client +1\.30 +2 +1\.2 +1\.3 +floors +ioredis-plain/);
  });

  it('gives calls a second where there is no peer', () => {
    const own = { ...cell, drivers: ['shoal-owner'] as const };
    const findings = findingsOf(summaryOf(own, [row('shoal-owner', 0, 1_000_000)]));
    expect(findings).to.have.lengthOf(1);
    expect(findings[0]).to.include({ of: 'shoal-owner', value: 1_000_000, unit: '/s' });
  });

  it('shows what Node gives at most, and compares Shoal with it in no ratio', () => {
    const rows = [
      row('shoal-client', 0, 90),
      row('ioredis-plain', 0, 100),
      row('bare-pair', 0, 120),
    ];
    const drivers = ['shoal-client', 'ioredis-plain', 'bare-pair'] as const;
    const findings = findingsOf(summaryOf({ ...cell, drivers }, rows));
    expect(findings.map(({ of, value, against }) => [of, value, against])).to.deep.equal([
      ['shoal-client', 0.9, 'ioredis-plain'],
      ['bare-pair', 1.2, 'ioredis-plain'],
    ]);
    expect(findings.map(({ asked }) => asked !== undefined)).to.deep.equal([true, false]);
  });

  it('has cells of different names, each run by Shoal and by a peer', () => {
    expect(new Set(cells.map(({ name }) => name)).size).to.equal(cells.length);
    for (const { drivers, stage } of cells) {
      expect(drivers.some(isShoal), 'Shoal').to.equal(true);
      expect(!drivers.some(isPeer), 'no peer').to.equal(stage === 'alone');
    }
  });

  it('has what is bare in cells of texts alone, which refuses what else it is given', async () => {
    const kinds = cells.filter(({ drivers }) => drivers.some(isBare)).map(({ task }) => task);
    expect(kinds).to.have.length.above(9);
    for (const task of kinds) expect(task).to.include({ kind: 'map', values: 'strings' });
    const bare = await openBareMap();
    expect(() => bare.map('objects')).to.throw('strings');
  });

  it('tells percentiles within 3 %', () => {
    const latencies = new Latencies();
    for (let us = 1; us <= 10_000; us++) latencies.add(us / 1_000);
    expect(latencies.percentileUs(0.5)).to.be.closeTo(5_000, 150);
    expect(latencies.percentileUs(0.99)).to.be.closeTo(9_900, 300);
    expect(latencies.meanMs).to.be.closeTo(5, 0.01);
  });

  it('takes the middle of two for the median of an even number', () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(median([4, 1, 2, 3])).to.equal(2.5);
  });

  it('refuses a text that comes twice or was never sent', () => {
    const traffic = new Traffic();
    traffic.begin();
    const text = traffic.next();
    expect(text).to.have.lengthOf(100);
    traffic.received(text);
    expect(traffic.isEmpty).to.equal(true);
    expect(traffic.result(1).operations).to.equal(1);
    traffic.received(text);
    expect(() => traffic.result(1)).to.throw('came twice');
  });

  it('holds senders back when 4,000 texts are on their way', () => {
    const traffic = new Traffic();
    for (let count = 0; count < 3_999; count++) traffic.next();
    expect(traffic.isFull).to.equal(false);
    traffic.next();
    expect(traffic.isFull).to.equal(true);
  });

  it('uses keys of 12 characters and values of the sizes that it names', () => {
    expect(keysOf(3)).to.deep.equal(['key:00000000', 'key:00000001', 'key:00000002']);
    for (const value of valuesOf('strings')) expect(value).to.have.lengthOf(100);
    for (const value of valuesOf('objects')) {
      expect(JSON.stringify(value)).to.have.lengthOf(1_023);
      expect(isWhole('objects', value)).to.equal(true);
    }
    expect([null, undefined, 'short'].some((value) => isWhole('strings', value))).to.equal(false);
  });

  it('takes the speed of each simulation from what it prints, and no figure from one that failed', () => {
    const line = '{"name":"grid","seeds":8,"bad":0,"timesRealTime":120}';
    const [found] = findingsIn(`${line}\ntoo little happened: crashes\n`);
    expect(found).to.include({ of: 'grid', value: 120 });
    expect(() => findingsIn(line.replace('"bad":0', '"bad":1'))).to.throw('found violations');
    expect(() => findingsIn('')).to.throw('expected totals');
  });

  it('names what it did not understand on its command line', () => {
    expect(() => optionsOf(['mixx'])).to.throw(UsageError, "found 'mixx'");
    expect(() => optionsOf(['--rounds', 'many'])).to.throw(
      UsageError,
      '--rounds: expected a number',
    );
    expect(optionsOf(['mix', '--rounds', '3'])).to.deep.include({ chosen: ['mix'], name: 'mix' });
  });
});

describe('npm run bench', () => {
  it('starts processes, measures and prints, with nothing but the owner', function () {
    this.timeout(60_000);
    const args = [
      'scripts/bench.mjs',
      'local-set-64',
      '--quick',
      '--rounds',
      '1',
      '--seconds',
      '0.2',
    ];
    const { status, stdout, stderr } = spawnSync('node', args, { encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(/local-set-64 +shoal-owner +[\d,]+ \/s/);
    expect(stderr).to.include('round 1  local-set-64  shoal-owner');
  });

  it('says what it takes where it is asked for something else', () => {
    const { status, stderr } = spawnSync('node', ['scripts/bench.mjs', 'nothing'], {
      encoding: 'utf8',
    });
    expect(status).to.equal(2);
    expect(stderr).to.include("found 'nothing'").and.to.include('--rounds');
  });

  it('ends a program with the process that started it, however that ends', async () => {
    const script = `
      import { startGuarded } from './bench/compare/processes.ts';
      const { pid, folder } = await startGuarded('sleep', ['1000']);
      console.log(pid, folder);
      process.kill(process.pid, 'SIGKILL');`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    // What it leaves behind would hold an error output that is inherited open.
    const { stdout, signal } = spawnSync('node', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(signal).to.equal('SIGKILL');
    const [pid, folder = ''] = stdout.trim().split(' ');
    expect(Number(pid)).to.be.above(1);
    await until(() => !existsSync(`/proc/${pid}`), `process ${pid} to end`);
    expect(folder).to.match(/^\/./);
    await until(() => !existsSync(folder), `${folder} to be gone`);
  });
});

/** Processes of one machine that are told a cluster's name and nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../src/base/logger.ts';
import { Grid, type JoinOptions } from '../../src/index.ts';
import { until } from '../transport/until.ts';

describe('members that are told the name of their cluster only', function () {
  this.timeout(30_000);
  const open: Grid[] = [];
  let clusters = 0;
  afterEach(() => Promise.all(open.splice(0).map((grid) => grid.leave())));

  /** A name that no other run on this machine has. */
  const newCluster = () => `told nothing ${process.pid} ${clusters++}`;

  async function enter(cluster: string, options: JoinOptions = {}, told: string[] = []) {
    const keep = (_: object, text?: string) => void told.push(`${text}`);
    const logger = { ...silentLogger, info: keep, warn: keep, error: keep };
    const grid = await Grid.join({ cluster, preset: 'local', logger, ...options });
    open.push(grid);
    return { grid, told };
  }
  const addresses = (grid: Grid) => grid.members.map(({ address }) => address).sort();

  it('find each other, each at a free port, though all start at one moment', async () => {
    const cluster = newCluster();
    const joined = await Promise.all(Array.from({ length: 5 }, () => enter(cluster)));
    const grids = joined.map(({ grid }) => grid);
    const own = grids.map(({ self }) => self.address).sort();
    expect(new Set(own).size).to.equal(5);
    await until(() => grids.every(({ members }) => members.length === 5), 'one view');
    for (const grid of grids) expect(addresses(grid)).to.deep.equal(own);
    await grids[0]!.map('shared').set('key', 'value');
    expect(await grids[4]!.map('shared').get('key')).to.equal('value');
  });

  it('leave other clusters on neighbouring ports in peace', async () => {
    const [ours, theirs] = [newCluster(), newCluster()];
    const joined = await Promise.all([enter(ours), enter(theirs), enter(ours), enter(theirs)]);
    const [a, x, b, y] = joined.map(({ grid }) => grid);
    await until(() => joined.every(({ grid }) => grid.members.length === 2), 'two of each');
    expect(addresses(a!)).to.deep.equal([a!.self.address, b!.self.address].sort());
    expect(addresses(x!)).to.deep.equal([x!.self.address, y!.self.address].sort());
    // Nobody was spoken to as a member, which the other side would have refused with a warning.
    for (const { told } of joined) {
      expect(told).to.have.length(1);
      expect(told[0]).to.match(
        /^was given neither listen nor seeds: listens at 127\.0\.0\.1:74\d\d/,
      );
    }
  });

  it('take who comes later in, and who comes back to a lower port', async () => {
    const cluster = newCluster();
    const first = await enter(cluster);
    const second = await enter(cluster);
    const port = first.grid.self.address;
    expect(first.told[0]).to.include('finds nobody of its cluster').and.to.include('begin it');
    expect(second.told[0]).to.include(`at ${port}, and asks to be taken in`);
    await first.grid.leave();
    const third = await enter(cluster);
    expect(third.told[0]).to.include(`at ${second.grid.self.address}, and asks to be taken in`);
    await until(() => third.grid.members.length === 2, 'both');
  });

  it('take lite members in, which begin no cluster', async () => {
    const cluster = newCluster();
    const lite = enter(cluster, { data: false });
    const data = await enter(cluster);
    await lite;
    await until(() => data.grid.members.length === 2, 'both');
  });

  it('wait for as many as are expected', async () => {
    const cluster = newCluster();
    const joined = await Promise.all([1, 2, 3].map(() => enter(cluster, { expect: 3 })));
    for (const { grid } of joined) expect(grid.members).to.have.length(3);
  });

  it('come in by a file that is written while they wait', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-'));
    try {
      const cluster = newCluster();
      const listen = { port: 0 };
      const first = await enter(cluster, { listen });
      const path = join(folder, 'seeds');
      const told: string[] = [];
      const coming = enter(cluster, { listen, seeds: [`file:${path}`] }, told);
      await until(() => told.length > 0, 'a warning');
      expect(told).to.deep.equal([`seeds that give nothing: file:${path}`]);
      writeFileSync(path, `${first.grid.self.address}\n`);
      const second = await coming;
      expect(addresses(second.grid)).to.include(first.grid.self.address).and.have.length(2);
      expect(told[1]).to.include(`${first.grid.self.address} by file:${path}; it is none of them`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('say what they have done where one is told a place', async () => {
    const listen = { port: 0 };
    const alone = await enter(newCluster(), { listen });
    expect(alone.told).to.have.length(1);
    expect(alone.told[0]).to.match(/^listens at \S+ and was given no seeds/);
    const { cluster } = { cluster: newCluster() };
    const first = await enter(cluster, { listen });
    const seeds = [first.grid.self.address];
    const second = await enter(cluster, { listen, seeds });
    expect(second.told[0]).to.include(`looks for members at ${seeds[0]}; it is none of them`);
  });
});

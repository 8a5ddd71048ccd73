import { expect } from 'chai';
import { closeAll, joinGrid } from '../support/grids.ts';
import { build, killStarted, startMember } from '../support/processes.ts';
import { until } from '../transport/until.ts';

const entries = 2_000;

describe('a member process that gets SIGTERM', function () {
  this.timeout(120_000);
  before(build);
  after(async () => {
    await closeAll();
    killStarted();
  });

  it('hands over even what has no backup, while others write, and ends with 0', async () => {
    const preset = ['--preset', 'local'];
    const first = await startMember(preset);
    const seed = ['--seed', first.address];
    const [second] = await Promise.all([
      startMember([...preset, ...seed]),
      startMember([...preset, ...seed]),
    ]);
    const watcher = await joinGrid({ data: false, seeds: [first.address, second.address] });
    const map = watcher.map<number, number>('users', { backups: 0 });
    await map.setMany(Array.from({ length: entries }, (_, at) => [at, 0] as const));
    await watcher.safe();
    let isOver = false;
    let writes = 0;
    const writing = (async () => {
      for (let at = 0; !isOver; at = (at + 1) % entries) {
        await map.increment(at);
        writes++;
      }
    })();
    for (const leaver of [first, second]) {
      const before = writes;
      expect(await leaver.end('SIGTERM')).to.equal(0);
      await until(
        () => watcher.members.every(({ id }) => id !== leaver.id),
        'it to be gone',
        15_000,
      );
      await until(() => writes > before, 'writes to go on', 15_000);
    }
    isOver = true;
    await writing;
    expect(watcher.members).to.have.length(2);
    let sum = 0;
    let found = 0;
    for await (const value of map.values()) {
      sum += value;
      found++;
    }
    expect(found).to.equal(entries);
    expect(sum).to.equal(writes);
  });
});

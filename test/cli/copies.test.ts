/** What the command line tells of copies that move, and of those that could not be handed over. */
import { expect } from 'chai';
import { connect } from '../../src/client/node-client.ts';
import { closeAll, joinGrid } from '../support/grids.ts';
import { build, killStarted, shoal, startMember, startShoal } from '../support/processes.ts';
import { until } from '../transport/until.ts';

const valueBytes = 100_000;
const values = 300;

/** Asks again and again who holds what, until the command has ended; what was printed with a copy on its way. */
async function rowsOfCopies(url: string, to: string, hasEnded: () => boolean): Promise<string[]> {
  const seen: string[] = [];
  while (!hasEnded()) {
    const { stdout } = await shoal('partitions', '--url', url);
    seen.push(
      ...stdout.split('\n').filter((line) => line.includes(`${to} `) && / for /.test(line)),
    );
  }
  return seen;
}

describe('shoal partitions', function () {
  this.timeout(120_000);
  before(build);
  after(async () => {
    await closeAll();
    killStarted();
  });

  it('shows how copies to a newcomer get on, and with --watch waits until all are made', async () => {
    const ann = await joinGrid({ name: 'ann', preset: 'lan' });
    const seeds = [ann.self.address];
    const bob = await joinGrid({ name: 'bob', preset: 'lan', seeds });
    await ann.safe({ timeout: '30s' });
    const value = 'x'.repeat(valueBytes);
    const map = bob.map<number, string>('large');
    for (let at = 0; at < values; at++) await map.set(at, value);

    const cid = await startMember(['--name', 'cid', '--seed', ...seeds]);
    const watch = startShoal('partitions', '--url', ann.self.address, '--watch');
    let hasEnded = false;
    void watch.ended.then(() => {
      hasEnded = true;
    });
    const copying = await rowsOfCopies(ann.self.address, cid.id, () => hasEnded);
    const { status, stdout, stderr } = await watch.ended;
    expect(status).to.equal(0);
    const told = stderr
      .trimEnd()
      .split('\n')
      .map((line) => /^copies made: (\d+)$/.exec(line)?.[1]);
    expect(told.length, `lines of progress: ${stderr}`).to.be.above(3);
    const counts = told.map(Number);
    expect(counts, 'progress').to.deep.equal(counts.toSorted((one, other) => one - other));
    expect(counts.at(-1), 'copies made in the end').to.be.above(100);
    expect(stdout, 'what is printed in the end').to.include(cid.id).and.to.not.include(' for ');
    expect(copying, 'rows with a copy on its way').to.not.deep.equal([]);
    const names = /^\d+ +1 +(ann|bob)#\S+ .* cid#\S+( \d+ %)? for (ann|bob)#/;
    for (const row of copying) expect(row).to.match(names);
  });
});

describe('shoal start', function () {
  this.timeout(120_000);
  before(build);
  after(async () => {
    killStarted();
    await closeAll();
  });

  it('goes on alone, told by SIGUSR2, where the others are gone for good, and says where it does not', async () => {
    const args = ['--listen', '127.0.0.1:0', '--preset', 'local', '--backups', '2', '--json'];
    const survivor = startShoal('start', ...args);
    await until(() => survivor.texts.stdout.includes('\n'), 'it serves', 20_000);
    const { address } = JSON.parse(survivor.texts.stdout) as { address: string };
    const others = ['--preset', 'local', '--seed', address];
    const both = [await startMember(others), await startMember(others)];
    const client = await connect(`ws://${address}`);
    await client.map('kept').set('key', 'value');
    await client.safe({ timeout: '30s' });
    await client.close();
    const refusals = () => survivor.texts.stderr.split('does not go on alone: expected').length - 1;
    survivor.child.kill('SIGUSR2');
    await until(() => refusals() === 1, 'a refusal while all are there', 5_000);
    await Promise.all(both.map((other) => other.end('SIGKILL')));
    // Again after each refusal: it gives the others up when membership does.
    let told = 1;
    const goesOn = () => {
      if (refusals() === told && survivor.child.kill('SIGUSR2')) told++;
      return survivor.texts.stderr.includes('\ngoes on alone');
    };
    await until(goesOn, 'it to go on', 30_000);
    const later = await connect(`ws://${address}`, { timeout: '20s' });
    expect(await later.map('kept').get('key')).to.equal('value');
    await later.close();
  });

  it('ends with 1 and says so where it could not hand over in time', async () => {
    const first = await startMember(['--preset', 'local']);
    const seed = ['--seed', first.address];
    const second = await startMember(['--preset', 'local', ...seed]);
    const heir = await joinGrid({ seeds: [first.address] });
    const args = ['--listen', '127.0.0.1:0', '--preset', 'local', '--json', ...seed];
    const leaver = startShoal('start', ...args);
    await until(() => leaver.texts.stdout.includes('\n'), 'the fourth serves', 20_000);
    await heir.map<string, number>('kept').set('key', 1);
    await heir.safe({ timeout: '30s' });
    // Somebody is there who could take over, and there is no majority to agree on that.
    for (const voter of [first, second]) voter.signal('SIGSTOP');
    leaver.child.kill('SIGTERM');
    const { status, stderr } = await leaver.ended;
    expect(stderr)
      .to.match(
        /^shoal: expected the others to take over within \d+ ms, found \d+ partitions that still/m,
      )
      .and.to.not.match(/\n +at /);
    expect(status).to.equal(1);
  });
});

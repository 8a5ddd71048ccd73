/** The commands of the shell that use the grid as a client, as processes. */
import { expect } from 'chai';
import {
  build,
  jsonLines,
  killStarted,
  type MemberProcess,
  shoal,
  startMember,
} from '../support/processes.ts';

/** Asks again until it is so; each time takes a process or more. */
async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
  }
}

/** Starts members without backups, one after the other, that find each other. */
function starter(cluster: string): () => Promise<MemberProcess> {
  const seeds: string[] = [];
  return async () => {
    const args = ['--cluster', cluster, '--preset', 'local', '--backups', '0', ...seeds];
    const started = await startMember(args);
    seeds.push('--seed', started.address);
    return started;
  };
}

describe('the commands that are clients', function () {
  this.timeout(60_000);
  let member: MemberProcess;

  before(async () => {
    build();
    member = await startMember(['--name', 'ann']);
  });
  after(killStarted);

  const run = (...args: string[]) => shoal(...args, '--url', `ws://${member.address}`);

  it('set, get, list and delete what is in a map', async () => {
    expect(await run('set', 'users', 'ann', '{"age":7}')).to.include({
      status: 0,
      stdout: 'set\n',
    });
    expect((await run('set', 'users', 'bob', 'a plain text')).status).to.equal(0);
    expect((await run('get', 'users', 'ann')).stdout).to.equal('{"age":7}\n');
    expect((await run('get', 'users', 'bob')).stdout).to.equal('a plain text\n');
    const entry = JSON.parse((await run('get', 'users', 'ann', '--json')).stdout) as object;
    expect(entry).to.deep.include({ key: 'ann', value: { age: 7 } });
    const keys = (await run('keys', 'users')).stdout.trim().split('\n');
    expect(keys).to.have.members(['ann', 'bob']);
    expect((await run('delete', 'users', 'ann')).stdout).to.equal('deleted\n');
  });

  it('bring back what only a member held that is gone', async () => {
    const start = starter('loss');
    const ann = await start();
    await start();
    const gone = await start();
    const ask = (...args: string[]) =>
      shoal(...args, '--url', `ws://${ann.address}`, '--cluster', 'loss', '--timeout', '2s');
    const haveAll = async () => (await ask('keys', 'users')).status === 0;
    expect((await ask('set', 'users', 'ann', '7')).status).to.equal(0);
    await eventually('the third to hold something', async () => {
      const { stdout } = await shoal('partitions', '--url', ann.address, '--json');
      return jsonLines(stdout).some(({ primary }) => primary === gone.id);
    });
    await gone.end('SIGKILL');
    expect(await haveAll(), 'without the word').to.equal(false);
    await eventually('every partition to answer again', async () => {
      expect(await ask('accept-loss')).to.include({ status: 0, stdout: 'accepted\n' });
      return haveAll();
    });
  });

  it('end with 1 where there is nothing, and with 2 where they are used wrongly', async () => {
    expect(await run('get', 'users', 'nobody')).to.include({ status: 1, stdout: '' });
    expect((await run('delete', 'users', 'nobody')).status).to.equal(1);
    expect((await run('get', 'users')).status).to.equal(2);
    expect((await run('get', 'users', 'a', '--nonsense')).status).to.equal(2);
  });
});

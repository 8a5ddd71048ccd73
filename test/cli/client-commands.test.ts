/** The commands of the shell that use the grid as a client, as processes. */
import { expect } from 'chai';
import {
  build,
  killStarted,
  type MemberProcess,
  shoal,
  startMember,
} from '../support/processes.ts';

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

  it('end with 1 where there is nothing, and with 2 where they are used wrongly', async () => {
    expect(await run('get', 'users', 'nobody')).to.include({ status: 1, stdout: '' });
    expect((await run('delete', 'users', 'nobody')).status).to.equal(1);
    expect((await run('get', 'users')).status).to.equal(2);
    expect((await run('get', 'users', 'a', '--nonsense')).status).to.equal(2);
  });
});

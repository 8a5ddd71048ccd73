/** `shoal push` and `take` as processes, beside a member that is one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { GridClient } from '../../src/index.ts';
import { closeClients, connectTo } from '../support/clients.ts';
import {
  build,
  jsonLines,
  killStarted,
  type MemberProcess,
  type Program,
  shoal,
  startMember,
  startShoal,
} from '../support/processes.ts';
import { until } from '../transport/until.ts';

const startsMs = 20_000;

describe('the commands for queues', function () {
  this.timeout(60_000);
  let member: MemberProcess;
  let folder: string;
  let client: GridClient;

  before(async () => {
    build();
    folder = mkdtempSync(join(tmpdir(), 'shoal-'));
    const config = join(folder, 'shoal.json');
    writeFileSync(config, JSON.stringify({ queues: { 'narrow*': { capacity: 1 } } }));
    member = await startMember(['--config', config]);
    client = await connectTo(`ws://${member.address}`);
  });
  after(async () => {
    await closeClients();
    killStarted();
    rmSync(folder, { recursive: true });
  });

  const url = () => `--url=ws://${member.address}`;
  const run = (name: string, ...args: string[]) => shoal(name, url(), ...args);
  const begin = (name: string, ...args: string[]) => startShoal(name, url(), ...args);
  const waits = ({ texts }: Program) =>
    until(() => texts.stderr.includes('waiting for an item'), 'a take that waits', startsMs);

  it('push items and take them in their order, JSON as JSON and texts as texts', async () => {
    expect(await run('push', 'jobs', '{"resize":"cat.jpg"}')).to.include({
      status: 0,
      stdout: 'pushed\n',
      stderr: '',
    });
    expect(await run('push', 'jobs', 'plain text', '--json')).to.include({
      status: 0,
      stdout: '{"pushed":true}\n',
    });
    expect((await run('push', 'jobs', '--', '-5')).status).to.equal(0);
    expect(await client.queue('jobs').peek()).to.deep.equal({ resize: 'cat.jpg' });
    expect(await run('take', 'jobs')).to.include({
      status: 0,
      stdout: '{"resize":"cat.jpg"}\n',
      stderr: '',
    });
    const { stdout } = await run('take', 'jobs', '--count', '2', '--json');
    expect(jsonLines(stdout)).to.deep.equal([{ value: 'plain text' }, { value: -5 }]);
  });

  it('wait for an item, and say so on stderr', async () => {
    const taking = begin('take', 'slow jobs');
    await waits(taking);
    expect(taking.texts.stdout).to.equal('');
    await client.queue('slow jobs').push('at last');
    expect(await taking.ended).to.include({ status: 0, stdout: 'at last\n' });
  });

  it('wait for --timeout and no longer, with status 1, and have then taken nothing', async () => {
    const { status, stdout, stderr } = await run('take', 'idle', '--timeout', '2s');
    expect(stderr).to.include("expected an item in the queue 'idle' within 2000 ms");
    expect({ status, stdout }).to.deep.equal({ status: 1, stdout: '' });
    await client.queue('idle').push('for the next');
    expect(await client.queue('idle').size()).to.equal(1);
  });

  it('do not wait with --no-wait: status 1 where there is nothing, or no room', async () => {
    const empty = await run('take', 'bare', '--no-wait');
    expect(empty).to.include({ status: 1, stdout: '' });
    expect(empty.stderr).to.equal("shoal: the queue 'bare' is empty\n");
    expect((await run('push', 'narrow a', '1', '--no-wait')).status).to.equal(0);
    const full = await run('push', 'narrow a', '2', '--no-wait');
    expect(full).to.include({ status: 1, stdout: '' });
    expect(full.stderr).to.equal("shoal: the queue 'narrow a' is full\n");
    expect((await run('take', 'narrow a', '--no-wait')).stdout).to.equal('1\n');
  });

  it('push when there is room, within --timeout', async () => {
    const queue = client.queue('narrow b');
    await queue.push('first');
    const late = await run('push', 'narrow b', 'never', '--timeout', '2s');
    expect(late.status).to.equal(1);
    expect(late.stderr).to.include("expected room in the queue 'narrow b' within 2000 ms");
    const pushing = begin('push', 'narrow b', 'second');
    expect(await queue.take()).to.equal('first');
    expect((await pushing.ended).status).to.equal(0);
    expect(await queue.take()).to.equal('second');
  });

  it('print what they took before they came to wait in vain, with status 1', async () => {
    await client.queue('two').push('a');
    await client.queue('two').push('b');
    const some = await run('take', 'two', '--count', '3', '--timeout', '2s');
    expect(some).to.include({ status: 1, stdout: 'a\nb\n' });
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`take nothing when they are ended by ${signal} while they wait: status 1`, async () => {
      const name = `ended by ${signal}`;
      const taking = begin('take', name);
      await waits(taking);
      taking.child.kill(signal);
      const { status, stdout, stderr } = await taking.ended;
      expect(stderr).to.include(`interrupted by ${signal}`);
      expect({ status, stdout }).to.deep.equal({ status: 1, stdout: '' });
      await client.queue(name).push('for the next');
      expect(await client.queue(name).size()).to.equal(1);
    });
  }

  it('tell the item that they took where nobody reads any more: status 1', async () => {
    const taking = begin('take', 'unread');
    await waits(taking);
    taking.child.stdout?.destroy();
    await client.queue('unread').push({ precious: true });
    const { status, stderr } = await taking.ended;
    expect(stderr).to.include('took an item that nobody reads: {"precious":true}');
    expect(status).to.equal(1);
  });

  it('end with 2 where they are used wrongly, and connect to nobody for that', async () => {
    const wrong: readonly (readonly [args: readonly [string, ...string[]], says: string])[] = [
      [['push', 'jobs'], 'expected QUEUE VALUE, found jobs'],
      [['take'], 'expected QUEUE, found nothing'],
      [['take', 'jobs', 'surplus'], 'expected QUEUE, found jobs surplus'],
      [['take', 'jobs', '--count', '0'], '--count: expected a whole number from 1'],
      [['take', 'jobs', '--timeout', 'soon'], 'timeout is a duration'],
      [['take', 'jobs', '--token-file', '/no/such/file'], '--token-file: expected a file'],
    ];
    for (const [args, says] of wrong) {
      const { status, stdout, stderr } = await run(...args);
      expect(stderr).to.include(says);
      expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
    }
  });

  it('end with 1 where no member answers within --timeout, and try every --url', async () => {
    const nobody = '--url=ws://127.0.0.1:1';
    const failed = await shoal('take', 'jobs', nobody, '--timeout', '300ms');
    expect(failed).to.include({ status: 1, stdout: '' });
    expect(failed.stderr).to.include('expected a member that answers within 300 ms');
    expect((await run('push', 'jobs', 'by the second', nobody)).status).to.equal(0);
  });
});

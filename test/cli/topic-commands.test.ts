/** `shoal publish` and `subscribe` as processes, beside a member that is one. */
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

describe('the commands for topics', function () {
  this.timeout(60_000);
  let member: MemberProcess;
  let folder: string;
  let client: GridClient;

  before(async () => {
    build();
    folder = mkdtempSync(join(tmpdir(), 'shoal-'));
    const config = join(folder, 'shoal.json');
    writeFileSync(config, JSON.stringify({ topics: { forgetful: { retain: 1 } } }));
    member = await startMember(['--config', config]);
    client = await connectTo(`ws://${member.address}`);
  });
  after(async () => {
    await closeClients();
    killStarted();
    rmSync(folder, { recursive: true });
  });

  const run = (...args: string[]) => shoal(...args, '--url', `ws://${member.address}`);
  const begin = (...args: string[]) => startShoal(...args, '--url', `ws://${member.address}`);
  const isInForce = ({ texts }: Program) =>
    until(() => texts.stderr.includes('subscribed to'), 'a subscription', startsMs);

  it('publish a message and print its number; subscribe from where one likes', async () => {
    expect(await run('publish', 'news', 'a first story')).to.include({
      status: 0,
      stdout: '1\n',
      stderr: '',
    });
    expect((await run('publish', 'news', '{"n":2}', '--json')).stdout).to.equal('{"sequence":2}\n');
    const earliest = ['--from', 'earliest', '--count', '2'];
    expect(await run('subscribe', 'news', ...earliest)).to.include({
      status: 0,
      stdout: 'a first story\n{"n":2}\n',
    });
    const { stdout } = await run('subscribe', 'news', '--from', '2', '--count', '1', '--json');
    const [line] = jsonLines(stdout);
    expect(line).to.deep.include({ sequence: 2, message: { n: 2 } });
    expect(line!.publishedAt).to.be.a('number');
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`print messages as they come until ${signal}, which is status 0`, async () => {
      const topic = client.topic(`until ${signal}`);
      await topic.publish('before');
      const subscribing = begin('subscribe', topic.name);
      await isInForce(subscribing);
      await topic.publish('meanwhile');
      await until(() => subscribing.texts.stdout !== '', 'the message', startsMs);
      subscribing.child.kill(signal);
      expect(await subscribing.ended).to.include({ status: 0, stdout: 'meanwhile\n' });
    });
  }

  it('tell of messages that were missed, for people and among the JSON', async () => {
    const topic = client.topic('forgetful');
    // More bytes than any topic keeps for subscribers on their way.
    for (const message of ['x'.repeat(5_000_000), 'b', 'c']) await topic.publish(message);
    const args = ['subscribe', 'forgetful', '--from', '1', '--count', '2'];
    const plain = await run(...args);
    expect(plain).to.include({ status: 0, stdout: 'b\nc\n' });
    expect(plain.stderr).to.include('missed the messages from 1 to 1 (trimmed)');
    const lines = jsonLines((await run(...args, '--json')).stdout);
    expect(lines).to.have.length(3);
    expect(lines[0]).to.deep.equal({ gap: { from: 1, to: 1, reason: 'trimmed' } });
    expect(lines[1]).to.deep.include({ sequence: 2, message: 'b' });
  });

  it('end in peace when nobody reads any more, as with head', async () => {
    const topic = client.topic('stories');
    const subscribing = begin('subscribe', 'stories');
    await isInForce(subscribing);
    subscribing.child.stdout?.destroy();
    await topic.publish('nobody reads this');
    const { status, stderr } = await subscribing.ended;
    expect(stderr).to.equal("shoal: subscribed to 'stories'; Ctrl-C ends it\n");
    expect(status).to.equal(0);
  });

  it('go on where they were when the member behind them is killed, and say so', async () => {
    const first = await startMember(['--preset', 'local']);
    const seeds = ['--seed', first.address, '--preset', 'local'];
    const [second] = await Promise.all([startMember(seeds), startMember(seeds)]);
    const grid = await connectTo(`ws://${first.address}`);
    await grid.safe({ timeout: '20s' });
    const topic = grid.topic('survivors');
    // It is told of the others by the one that it begins with.
    const args = ['subscribe', 'survivors', '--json', '--url', second.address];
    const subscribing = startShoal(...args);
    await isInForce(subscribing);
    await topic.publish('before');
    await until(() => subscribing.texts.stdout.includes('before'), 'the message', startsMs);
    expect(await second.end('SIGKILL')).to.equal('SIGKILL');
    await topic.publish('after', { timeout: '20s' });
    await until(() => subscribing.texts.stdout.includes('after'), 'the next', startsMs);
    subscribing.child.kill('SIGINT');
    const { status, stdout, stderr } = await subscribing.ended;
    expect(stderr).to.include('the connection is lost').and.to.include('connected again');
    expect(jsonLines(stdout).map(({ message }) => message)).to.deep.equal(['before', 'after']);
    expect(status).to.equal(0);
  });

  it('end with 2 where they are used wrongly', async () => {
    const wrong: readonly (readonly [args: readonly string[], says: string])[] = [
      [['publish', 'news'], 'expected TOPIC VALUE, found news'],
      [['subscribe'], 'expected TOPIC, found nothing'],
      [['subscribe', 'news', '--from', 'then'], '--from: expected earliest, now or a number'],
      [['subscribe', 'news', '--count', 'all'], '--count: expected a whole number from 1'],
    ];
    for (const [args, says] of wrong) {
      const { status, stdout, stderr } = await run(...args);
      expect(stderr).to.include(says);
      expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
    }
  });
});

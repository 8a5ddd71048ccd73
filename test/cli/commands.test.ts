import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  build,
  jsonLines,
  killStarted,
  type MemberProcess,
  shoal,
  startMember,
  startProgram,
  startShoal,
} from '../support/processes.ts';
import { until } from '../transport/until.ts';

const secret = 'k7Qw-2mZx-9pLs-4vNb-8tRf-1yHd-6cJg';

describe('the command line', function () {
  this.timeout(60_000);
  let member: MemberProcess;
  let folder: string;

  before(async () => {
    build();
    folder = mkdtempSync(join(tmpdir(), 'shoal-'));
    member = await startMember(['--name', 'ann', '--cluster', 'shop']);
  });

  after(() => {
    killStarted();
    rmSync(folder, { recursive: true });
  });

  it('prints its usage, and ends with 0', async () => {
    const { status, stdout } = await shoal('--help');
    expect(status).to.equal(0);
    expect(stdout).to.include('start').and.to.include('demo');
    const ofStart = await shoal('start', '--help');
    expect(ofStart.status).to.equal(0);
    expect(ofStart.stdout).to.include('--secret-file');
  });

  const wrong: readonly (readonly [args: readonly string[], says: string])[] = [
    [['strat'], "no command 'strat'"],
    [['members', '--ulr', 'x'], '--ulr'],
    [['members', 'surplus'], 'surplus'],
    [['start', '--listen', '7400'], '--listen: expected host:port'],
    [['start', '--backups', '4'], '--backups: expected a whole number from 0 to 3'],
    [['start', '--members', '0'], '--members: expected a whole number from 1 to 64'],
    [['start', '--seed', 'nowhere'], 'seeds: expected'],
    [['start', '--preset', 'moon'], '--preset: expected local or lan or wan'],
    [['start', '--secret-file', '/no/such/file'], '--secret-file: expected a file'],
    [['start', '--config', '/no/such/file'], '--config: expected a file'],
    [['start', '--listen', '0.0.0.0:7497'], 'nothing keeps strangers out'],
    [['demo', '--kill', 'everybody'], '--kill: expected leader or follower'],
  ];
  for (const [args, says] of wrong) {
    it(`ends with 2 for wrong usage: ${args.join(' ')}`, async () => {
      const { status, stdout, stderr } = await shoal(...args);
      expect(stderr).to.include(says);
      expect(stderr.trimEnd().split('\n'), 'one line, no stack').to.have.length(1);
      expect(stdout).to.equal('');
      expect(status).to.equal(2);
    });
  }

  it('ends with 1 where no member answers, and names where it asked', async () => {
    const { status, stderr } = await shoal('members', '--url', 'ws://127.0.0.1:1');
    expect(stderr).to.include('ws://127.0.0.1:1');
    expect(status).to.equal(1);
  });

  it('shows the members, for people and as JSON', async () => {
    const url = `ws://${member.address}`;
    const plain = await shoal('members', '--url', url);
    expect(plain.status).to.equal(0);
    expect(plain.stdout)
      .to.match(/^NAME +ADDRESS/)
      .and.to.match(/\nann +127\.0\.0\.1:\d+/);
    const { stdout } = await shoal('members', '--url', url, '--json');
    const expected = { name: 'ann', address: member.address, id: member.id, state: 'up' };
    expect(jsonLines(stdout)).to.deep.equal([{ ...expected, metaLeader: true }]);
  });

  it('shows the partitions, for people and as JSON', async () => {
    const plain = await shoal('partitions', '--url', member.address);
    expect(plain.status).to.equal(0);
    expect(plain.stdout).to.match(/^PARTITION +BACKUPS +PRIMARY/);
    const json = await shoal('partitions', '--url', member.address, '--watch', '--json');
    expect(json.status).to.equal(0);
    expect(json.stderr, 'there is nothing to wait for').to.equal('');
  });

  it('refuses to join another cluster, with 1 and the sentence of the peer', async () => {
    const args = ['start', '--listen', '127.0.0.1:0', '--cluster', 'bank', '--seed'];
    const { status, stderr } = await shoal(...args, member.address);
    expect(stderr).to.include('"shop"').and.to.include('"bank"');
    expect(status).to.equal(1);
  });

  it('takes options from a file and a secret from another, the command line over both', async () => {
    const config = join(folder, 'shoal.json');
    const secretFile = join(folder, 'secret');
    writeFileSync(config, JSON.stringify({ cluster: 'files', name: 'from file', zone: 'z1' }));
    writeFileSync(secretFile, `${secret}\n`);
    const args = ['--config', config, '--secret-file', secretFile, '--name', 'from line'];
    const started = await startMember(args);
    const { stdout } = await shoal('members', '--url', started.address, '--json');
    expect(jsonLines(stdout)[0]).to.include({ name: 'from line', zone: 'z1' });
    expect(await started.end('SIGTERM')).to.equal(0);
  });

  it('starts several members that find each other, and ends them all with 0', async () => {
    const fleet = await startMember(['--members', '3', '--name', 'm', '--preset', 'local'], 3);
    const names = fleet.lines.map((line) => (JSON.parse(line) as { name: string }).name);
    expect(names).to.have.members(['m-1', 'm-2', 'm-3']);
    const { stdout } = await shoal('members', '--url', fleet.address, '--json');
    expect(jsonLines(stdout)).to.have.length(3);
    expect(await fleet.end('SIGTERM')).to.equal(0);
    const gone = await shoal('members', '--url', fleet.address);
    expect(gone.status).to.equal(1);
  });

  it('starts no further members after a signal, and ends with 0 when all have ended', async () => {
    const fleet = startShoal('start', '--members', '4', '--listen', '127.0.0.1:0', '--json');
    await until(() => fleet.texts.stdout.includes('\n'), 'the first to serve', 20_000);
    fleet.child.kill('SIGTERM');
    const { status, stdout, stderr } = await fleet.ended;
    expect(stderr).to.not.match(/\n +at /);
    expect(status).to.equal(0);
    const { address } = jsonLines(stdout)[0] as { address: string };
    expect((await shoal('members', '--url', address)).status).to.equal(1);
  });

  it('ends with 2 and the sentence of a member that did, where a port is taken', async () => {
    const args = ['start', '--members', '2', '--listen', member.address];
    const { status, stderr } = await shoal(...args);
    expect(stderr)
      .to.include(`expected ${member.address} to be free`)
      .and.to.not.match(/\n +at /);
    expect(status).to.equal(2);
  });

  it('ends the others with 1 where one member is killed, and says so', async () => {
    const fleet = startShoal('start', '--members', '2', '--listen', '127.0.0.1:0', '--json');
    await until(() => fleet.texts.stdout.split('\n').length > 2, 'both to serve', 20_000);
    const { name } = jsonLines(fleet.texts.stdout)[1] as { name: string };
    const pid = Number(name.split('-').at(-1));
    process.kill(pid, 'SIGKILL');
    const { status, stderr } = await fleet.ended;
    expect(stderr).to.include(`member process ${pid} ended by SIGKILL`);
    expect(stderr).to.not.match(/\n +at /);
    expect(status).to.equal(1);
  });

  it('ends a member whose parent is gone before it has joined', async () => {
    const config = join(folder, 'patient.json');
    writeFileSync(config, JSON.stringify({ timeout: '50s', seeds: ['127.0.0.1:1'] }));
    const args = ['start', '--listen', '127.0.0.1:0', '--config', config];
    const parent = `require('node:child_process').fork('dist/cli/main.js', ${JSON.stringify(args)}, { stdio: 'inherit' }).once('spawn', () => process.exit(0))`;
    // What both print ends when both have ended.
    const { stderr } = await startProgram('-e', parent).ended;
    expect(stderr)
      .to.include('found that it has ended')
      .and.to.not.match(/\n +at /);
  });
});

/** The programs in examples/: the README shows them, and each does what it says, as processes. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { closeClients, connectTo } from '../support/clients.ts';
import {
  build,
  killStarted,
  type MemberProcess,
  type Program,
  startMember,
  startProgram,
} from '../support/processes.ts';
import { until } from '../transport/until.ts';

const startsMs = 20_000;
const files = readdirSync('examples').sort();

describe('the README and the examples', () => {
  const readme = readFileSync('README.md', 'utf8');
  const shown = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1]);

  it('are the same programs, letter by letter', () => {
    const programs = files.map((file) => readFileSync(`examples/${file}`, 'utf8'));
    expect(shown).to.have.members(programs);
  });

  it('have ten lines each, or fewer', () => {
    for (const program of shown)
      expect(program!.trimEnd().split('\n')).to.have.length.within(5, 10);
  });

  it('are of all four kinds', () => {
    expect(files).to.include.members(['client.mjs', 'embedded.mjs', 'queue.mjs', 'topic.mjs']);
  });
});

describe('the examples', function () {
  this.timeout(60_000);
  let member: MemberProcess;

  before(async () => {
    build();
    member = await startMember(['--name', 'ann']);
  });
  after(async () => {
    await closeClients();
    killStarted();
  });

  const begin = (file: string) => startProgram(`examples/${file}`, '0', member.address);
  const prints = ({ texts }: Program, text: RegExp) =>
    until(() => text.test(texts.stdout), `${text} in ${texts.stdout}`, startsMs);

  /** Ends as the signal says, without a word. */
  async function end(program: Program): Promise<void> {
    program.child.kill('SIGTERM');
    const { stderr } = await program.ended;
    expect(program.child.signalCode).to.equal('SIGTERM');
    expect(stderr).to.equal('');
  }

  it('embedded.mjs: members that see what the others wrote; client.mjs: one that only asks', async () => {
    const first = begin('embedded.mjs');
    await prints(first, /^visit 1\n[\s\S]*visitor at /);
    const visitor = /visitor at (\S+) \{ since: [\d-]+T[\d:.]+Z \}/.exec(first.texts.stdout)!;
    const second = begin('embedded.mjs');
    await prints(second, /^visit 2\n(?=[\s\S]*total 2\n)([\s\S]*visitor at ){2}/);
    expect(second.texts.stdout).to.include(visitor[0]);
    const client = startProgram('examples/client.mjs', `ws://${member.address}`);
    const { status, stdout, stderr } = await client.ended;
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    expect(stdout).to.match(/^visit 3\ntold by /);
    const told = /told by (.*)/.exec(stdout)![1]!.split(',');
    expect(told).to.include.members([member.address, visitor[1]!]).and.have.length(3);
    await Promise.all([first, second].map(end));
  });

  it('queue.mjs: workers that do every job once, whoever pushed it', async () => {
    const workers = [begin('queue.mjs'), begin('queue.mjs')];
    const lines = () => workers.flatMap(({ texts }) => texts.stdout.split('\n').filter(Boolean));
    await until(() => lines().length === 2, 'the job that each worker pushed', startsMs);
    const client = await connectTo(`ws://${member.address}`);
    const jobs = Array.from({ length: 20 }, (_, n) => n);
    await Promise.all(jobs.map((n) => client.queue('jobs').push(n)));
    await until(() => lines().length >= 22, 'all jobs', startsMs);
    await Promise.all(workers.map(end));
    const done = lines().map((line) => / does (.*)$/.exec(line)![1]!);
    expect(done.filter((job) => /^\d+$/.test(job)).map(Number)).to.have.members(jobs);
    expect(done.filter((job) => job.startsWith("{ resize: 'cat.jpg', from: "))).to.have.length(2);
  });

  it('topic.mjs: everybody hears all of it, in one order', async () => {
    const first = begin('topic.mjs');
    await prints(first, /^1 \S+ is here\n/);
    const second = begin('topic.mjs');
    const both = /^1 \S+ is here\n2 \S+ is here\n$/;
    await Promise.all([prints(first, both), prints(second, both)]);
    expect(second.texts.stdout).to.equal(first.texts.stdout);
    await Promise.all([first, second].map(end));
  });
});

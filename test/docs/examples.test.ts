/** The programs in examples/: the README shows them, and each does what it says, as processes. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { closeClients, connectTo } from '../support/clients.ts';
import { build, killStarted, type Program, startProgram } from '../support/processes.ts';
import { until } from '../transport/until.ts';

const startsMs = 20_000;
const files = readdirSync('examples').sort();

describe('the programs in the pages and the examples', () => {
  const pages = ['README.md', 'docs/operating.md'].map((path) => readFileSync(path, 'utf8'));
  const shown = pages.map((page) =>
    [...page.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1]!),
  );

  it('are the same, letter by letter', () => {
    const programs = files.map((file) => readFileSync(`examples/${file}`, 'utf8'));
    expect(shown.flat()).to.have.members(programs);
  });

  it('have ten lines each in the README, or fewer', () => {
    expect(shown[0]).to.have.length(4);
    for (const program of shown[0]!) {
      expect(program.trimEnd().split('\n')).to.have.length.within(5, 10);
    }
  });

  it('are of all kinds', () => {
    const names = ['client.mjs', 'embedded.mjs', 'queue.mjs', 'topic.mjs', 'workers.mjs'];
    expect(files).to.deep.equal(names);
  });
});

describe('the examples', function () {
  this.timeout(60_000);
  let cluster: string;
  let clusters = 0;

  before(build);
  beforeEach(() => {
    // A name that no other run on this machine has.
    cluster = `examples ${process.pid} ${clusters++}`;
  });
  after(async () => {
    await closeClients();
    killStarted();
  });

  const begin = (file: string) => startProgram(`examples/${file}`, cluster);
  const prints = ({ texts }: Program, text: RegExp) =>
    until(() => text.test(texts.stdout), `${text} in ${texts.stdout}`, startsMs);

  /** The lines of the program itself: on a loaded machine the member logs that it was late. */
  const wordsOf = (text: string) => text.split('\n').filter((line) => /^[^{]/.test(line));

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
    const client = startProgram('examples/client.mjs', `ws://${visitor[1]}`, cluster);
    const { status, stdout, stderr } = await client.ended;
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    expect(stdout).to.match(/^visit 3\ntold by /);
    const told = /told by (.*)/.exec(stdout)![1]!.split(',');
    expect(told).to.include(visitor[1]).and.have.length(2);
    await Promise.all([first, second].map(end));
  });

  it('queue.mjs: workers that do every job once, whoever pushed it', async () => {
    const workers = [begin('queue.mjs'), begin('queue.mjs')];
    const lines = () => workers.flatMap(({ texts }) => wordsOf(texts.stdout));
    await until(() => lines().length === 2, 'the job that each worker pushed', startsMs);
    const [address] = lines()[0]!.split(' ');
    const client = await connectTo(`ws://${address}`, { cluster });
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

  it('workers.mjs: workers of node:cluster that share a map, each at a port of its own', async () => {
    const workers = begin('workers.mjs');
    const line = /^worker (\d) at (\S+): visit (\d)$/gm;
    const lines = () => [...workers.texts.stdout.matchAll(line)];
    await until(() => lines().length === 4, 'four workers', startsMs);
    for (const [at, distinct] of [4, 4, 4].entries()) {
      expect(new Set(lines().map((match) => match[at + 1])).size).to.equal(distinct);
    }
    workers.child.kill('SIGTERM');
    const { status, stderr } = await workers.ended;
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
  });
});

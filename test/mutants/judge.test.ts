/** How mutants are judged, in a project of one rule and some tests, of which most are of no use. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Controls, distinct } from './controls.ts';
import { judge } from './judge.ts';
import { type Check, inGrid, type Mutant, type NamedTest } from './mutant.ts';
import { Workshop } from './workshop.ts';

const rule = 'src/rule.mjs';

const files: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }',
  [rule]: 'export const sum = (a, b) => a + b;\n',
  'test/good.test.js': `import assert from 'node:assert';
import { sum } from '../src/rule.mjs';
it('adds two numbers', () => assert.equal(sum(2, 3), 5));
it('adds nothing', () => assert.equal(sum(2, 0), 2));
`,
  // Stands for a simulation: its fifth world finds what is broken, its sixth finds something always.
  'scripts/bundled.mjs': `import { sum } from '../src/rule.mjs';
const seed = process.argv[4];
if (seed === '6' || sum(2, 3) !== 5) console.log(\`seed \${seed}: something is lost\`);
`,
  // Runs out of time when it is first tried.
  'test/slow.test.js': `import { existsSync, writeFileSync } from 'node:fs';
it('takes its time', (done) => {
  if (existsSync('tried')) done();
  else writeFileSync('tried', '');
}).timeout(10);
`,
  'test/stale.test.js': `it('fails whatever the sources are', () => { throw new Error('always'); });\n`,
  'test/torn.test.js': `import { product } from '../src/none.mjs';\nit('is not reached', () => product);\n`,
};

/** No test of this project: plain text, which takes no time to read. */
function named(name: string, title = ''): NamedTest {
  return { file: `test/${name}.test.js`, title };
}

const good = named('good', 'adds two numbers');

function mutant(to: string, ...checks: Check[]): Mutant {
  return { name: 'a mutant', edits: [{ file: rule, from: 'a + b', to }], checks };
}

describe('the judgement of mutants', function () {
  this.timeout(60_000);
  let project: string;
  let workshop: Workshop;

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'shoal-judge-'));
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(project, path, '..'), { recursive: true });
      await writeFile(join(project, path), text);
    }
    workshop = await Workshop.open(project);
  });

  after(async () => {
    await workshop.close();
    await rm(project, { recursive: true });
  });

  it('names the check that noticed, the first of several', async () => {
    const verdict = await judge(mutant('a - b', good, named('stale')), workshop, new Controls());
    expect(verdict).to.deep.equal({ kind: 'failed', by: 'test/good.test.js: adds two numbers' });
  });

  it('lets one survive that no check notices', async () => {
    const verdict = await judge(mutant('a + b + 0', good, named('good')), workshop, new Controls());
    expect(verdict.kind).to.equal('passed');
  });

  it('takes no mutant for killed that does not load, or is no program any more', async () => {
    const unread = await judge(mutant('a +', good), workshop, new Controls());
    expect(unread).to.include({ kind: 'void' });
    expect(unread).to.have.property('why').that.includes('test/good.test.js does not load');
    const nameless = await judge(mutant('a + c', good), workshop, new Controls());
    expect(nameless).to.have.property('why').that.includes('c is not defined');
    // The copy is whole again.
    expect(await new Controls().of(good, workshop)).to.include({ kind: 'passed' });
  });

  it('believes a world of a simulation that is clean with the whole sources', async () => {
    const found = await judge(mutant('a - b', inGrid(5)), workshop, new Controls());
    expect(found).to.have.property('by', 'simulation grid, seed 5: something is lost');
    const always = await judge(mutant('a - b', inGrid(6)), workshop, new Controls());
    expect(always).to.have.property('why').that.includes('fails with the whole sources as well');
  });

  it('tries a test once more that runs out of time', async () => {
    const verdict = await new Controls().of(named('slow'), workshop);
    expect(verdict).to.include({ kind: 'passed' });
  });

  it('refuses checks that fail, do not load or find no test before anything is broken', async () => {
    const nobody = named('good', 'adds three numbers');
    const checks = [good, named('stale'), named('torn'), nobody, good];
    const failures = await new Controls().runAll(distinct(checks), workshop);
    expect(failures).to.have.length(3);
    expect(failures[0]).to.equal('test/stale.test.js: fails whatever the sources are');
    expect(failures[1]).to.include('test/torn.test.js does not load');
    expect(failures[2]).to.equal('test/good.test.js has no test "adds three numbers"');
  });
});

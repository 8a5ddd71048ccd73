import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { errorCodes } from '../../src/base/errors.ts';
import { build } from '../support/processes.ts';

const readme = readFileSync('README.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Record<string, string>;
};

describe('the README', () => {
  it('has both commands on its first screen, and both exist', () => {
    const screen = readme.split('\n').slice(0, 24).join('\n');
    expect(screen).to.include('npm install && npm start').and.to.include('npm install && npm test');
    expect(scripts).to.include.keys('start', 'test');
  });

  it('has a program that runs as it stands', function () {
    this.timeout(30_000);
    build();
    const program = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    // It is to end by itself, and on a port that is free.
    const here = program
      .replace('process.argv[2] ?? 7400', '0')
      .replace("seeds: ['127.0.0.1:7400']", 'seeds: []');
    expect(here).to.not.equal(program);
    const args = ['--input-type=module', '-e', `${here}\nawait grid.leave();`];
    const { status, stdout, stderr } = spawnSync('node', args, { encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    expect(stdout).to.include('visit 1').and.to.include('visitor at 127.0.0.1:');
  });
});

describe('the page of errors', () => {
  it('has one section for each code, in the order of the codes, and no other', () => {
    const page = readFileSync('docs/errors.md', 'utf8');
    const sections = [...page.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
    expect(sections).to.deep.equal([...errorCodes]);
  });
});

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { errorCodes } from '../../src/base/errors.ts';

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
});

describe('the page of errors', () => {
  it('has one section for each code, in the order of the codes, and no other', () => {
    const page = readFileSync('docs/errors.md', 'utf8');
    const sections = [...page.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
    expect(sections).to.deep.equal([...errorCodes]);
  });
});

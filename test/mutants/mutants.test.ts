/** The list of mutants, without running any: each still breaks something, and names tests that are there. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { applyEdit, isTest } from './mutant.ts';
import { mutants } from './mutants.ts';

describe('the mutants', () => {
  for (const { name, edits, checks } of mutants) {
    it(`still fit the sources: ${name}`, () => {
      for (const edit of edits) {
        const text = readFileSync(edit.file, 'utf8');
        expect(applyEdit(edit, text)).to.not.equal(text);
      }
    });

    it(`name tests that are there: ${name}`, () => {
      for (const { file, title } of checks.filter(isTest)) {
        expect(readFileSync(file, 'utf8'), title).to.include(title);
      }
    });
  }

  it('are over twenty, each with a name of its own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).to.equal(mutants.length);
    expect(mutants.length).to.be.greaterThan(20);
  });
});

describe('docs/mutants.md', () => {
  const text = readFileSync('docs/mutants.md', 'utf8');

  it('has whole tables: titles, a line, and rows of as many cells', () => {
    const faults = brokenRows(text);
    expect(faults).to.deep.equal([]);
    // A row by itself is none, nor one that lacks a cell.
    const table = '| a | b |\n|---|---|\n| 1 | 2 |\n';
    expect(brokenRows(table)).to.deep.equal([]);
    expect(brokenRows(`${table}\n| 3 | 4 |\n`)).to.deep.equal(['| 3 | 4 |']);
    expect(brokenRows(`${table}| 3 |\n`)).to.deep.equal(['| 3 |']);
  });

  it('names every list of mutants', () => {
    const lists = readdirSync('test/mutants').filter((name) => name.endsWith('-mutants.ts'));
    for (const name of lists) expect(text).to.include(`(../test/mutants/${name})`);
  });
});

/** Rows that belong to no table, or have more or fewer cells than its titles. */
function brokenRows(text: string): string[] {
  const broken: string[] = [];
  let cells = 0;
  const lines = text.split('\n');
  for (const [at, line] of lines.entries()) {
    const isRow = line.startsWith('|');
    const begins = isRow && !lines[at - 1]?.startsWith('|');
    if (begins) cells = /^\|(-+\|)+$/.test(lines[at + 1] ?? '') ? cellsOf(line) : 0;
    if (isRow && cellsOf(line) !== cells) broken.push(line);
  }
  return broken;
}

function cellsOf(line: string): number {
  return line.split(/(?<!\\)\|/).length;
}

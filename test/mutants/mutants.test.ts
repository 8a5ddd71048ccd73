/** The list of mutants, without running any: each still breaks something, and names tests that are there. */
import { readFileSync } from 'node:fs';
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

import { expect } from 'chai';
import { VersionHistory } from './version-history.ts';

describe('the versions of an entry', () => {
  it('may rise, stay, and be read late by who began before they rose', () => {
    const history = new VersionHistory();
    const early = history.begin();
    history.begin()(3, 'a');
    history.begin()(3, 'a');
    history.begin()(7, 'b');
    early(3, 'a');
    expect(history.violations).to.deep.equal([]);
    expect(history.looks).to.equal(4);
  });

  it('do not fall', () => {
    const history = new VersionHistory();
    history.begin()(7, 'b');
    history.begin()(6, 'c');
    expect(history.violations).to.deep.equal(['version 6 was read after 7']);
  });

  it('have one value each', () => {
    const history = new VersionHistory();
    history.begin()(7, 'b');
    history.begin()(7, 'c');
    expect(history.violations).to.deep.equal(['version 7 had the value b, and then c']);
  });
});

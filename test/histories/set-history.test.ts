import { expect } from 'chai';
import { SetHistory } from './set-history.ts';

describe('the history of a set', () => {
  function added(history: SetHistory, ...hows: readonly ('ok' | 'failed' | 'unknown')[]): void {
    hows.forEach((how, element) => {
      history.add(element)(how);
    });
  }

  /** Whoever read all of it saw these. */
  function read(history: SetHistory, elements: readonly number[], isWhole = true): void {
    const reading = history.read();
    reading.saw(elements);
    reading.end(isWhole);
  }

  it('holds with what is in doubt and without it', () => {
    for (const elements of [[0], [0, 2]]) {
      const history = new SetHistory();
      added(history, 'ok', 'failed', 'unknown');
      read(history, elements);
      expect(history.violations()).to.deep.equal([]);
      expect(history.counts).to.deep.equal({
        added: 1,
        recovered: elements.length - 1,
        readings: 1,
      });
    }
  });

  it('finds an element that was acknowledged and is lost', () => {
    const history = new SetHistory();
    added(history, 'ok', 'ok');
    read(history, [1]);
    expect(history.violations()).to.deep.equal(['element 0 lost']);
  });

  it('finds one in doubt that was seen and is not seen again', () => {
    const history = new SetHistory();
    added(history, 'unknown');
    read(history, [0]);
    read(history, []);
    expect(history.violations()).to.deep.equal(['element 0 lost']);
  });

  it('asks a reading for nothing that was added while it was under way, or where it did not look', () => {
    const history = new SetHistory();
    const end = history.add(0);
    const reading = history.read();
    end('ok');
    reading.saw([]);
    reading.end(true);
    read(history, [], false);
    expect(history.violations()).to.deep.equal([]);
  });

  it('finds an element of an add that failed, whenever it was seen', () => {
    const history = new SetHistory();
    const end = history.add(0);
    read(history, [0], false);
    end('failed');
    expect(history.violations()).to.deep.equal(['element 0 of an add that was not applied']);
  });

  it('finds one that nobody added', () => {
    const history = new SetHistory();
    read(history, [7]);
    expect(history.violations()).to.deep.equal(['element 7 out of nowhere']);
  });

  it('finds one that a reading gives twice', () => {
    const history = new SetHistory();
    added(history, 'ok');
    read(history, [0, 0]);
    expect(history.violations()).to.deep.equal(['element 0 given twice']);
  });

  it('finds one that was added twice, by a retry that ran again', () => {
    const history = new SetHistory();
    history.add(0)('ok', false);
    expect(history.violations()).to.deep.equal(['element 0 was there before it was added']);
  });
});

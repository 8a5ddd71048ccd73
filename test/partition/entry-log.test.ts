import { expect } from 'chai';
import type { Sequence } from '../../src/base/ids.ts';
import { EntryLog } from '../../src/partition/entry-log.ts';
import { Entry } from '../../src/wire/replica-messages.ts';
import { entry } from './entries.ts';

const at = (sequence: number) => sequence as Sequence;

function logOf(from: number, to: number, capacity = 4): EntryLog {
  const log = new EntryLog(capacity);
  log.begin(at(from - 1));
  for (let sequence = from; sequence <= to; sequence++) log.push(entry(sequence));
  return log;
}

describe('the log of entries', () => {
  it('gives what lies between two sequences', () => {
    const sequences = logOf(1, 4)
      .slice(at(1), at(3))
      ?.map(({ sequence }) => sequence);
    expect(sequences).to.deep.equal([2, 3]);
    expect(logOf(1, 4).slice(at(4), at(4))).to.deep.equal([]);
  });

  it('keeps as many as it was made for, and says that it no longer reaches back further', () => {
    const log = logOf(1, 10);
    expect([log.floor, log.last]).to.deep.equal([6, 10]);
    expect(log.at(at(6))).to.equal(undefined);
    expect(log.at(at(7))?.sequence).to.equal(7);
    expect(log.slice(at(5), at(10))).to.equal(undefined);
    expect(log.slice(at(6), at(10))).to.have.length(4);
  });

  it('keeps copies that are made by a class: V8 takes literals for long-lived', () => {
    expect(logOf(1, 1).at(at(1))).to.be.instanceOf(Entry);
  });

  it('forgets what is confirmed, and nothing else', () => {
    const log = logOf(1, 6, 8);
    const each = log.bytes / 6;
    log.trim(at(2));
    expect([log.floor, log.bytes]).to.deep.equal([2, 4 * each]);
    expect(log.at(at(2))).to.equal(undefined);
    expect(log.at(at(3))?.sequence).to.equal(3);
    log.trim(at(9));
    expect([log.floor, log.last, log.bytes]).to.deep.equal([6, 6, 0]);
    log.push(entry(7));
    expect(log.slice(at(6), at(7))).to.have.length(1);
  });

  it('holds the same whatever has left it before', () => {
    const log = new EntryLog(1_024);
    for (let sequence = 1; sequence <= 1_000; sequence++) {
      log.push(entry(sequence));
      log.trim(at(sequence - (sequence % 97)));
      const sequences = log.slice(log.floor, log.last)?.map((one) => one.sequence);
      expect(sequences).to.have.length(sequence % 97);
      expect(sequences?.at(-1) ?? sequence).to.equal(sequence);
      expect(log.at(log.last)?.sequence).to.equal(sequence % 97 === 0 ? undefined : sequence);
    }
  });

  it('begins anew anywhere, empty', () => {
    const log = logOf(1, 3);
    log.begin(at(2 ** 40));
    expect([log.floor, log.last]).to.deep.equal([2 ** 40, 2 ** 40]);
    expect(log.at(at(3))).to.equal(undefined);
    log.push(entry(2 ** 40 + 1));
    expect(log.at(at(2 ** 40 + 1))?.sequence).to.equal(2 ** 40 + 1);
  });

  it('refuses a gap and a repetition', () => {
    expect(() => logOf(1, 3).push(entry(5))).to.throw('without a gap');
    expect(() => logOf(1, 3).push(entry(3))).to.throw('without a gap');
  });
});

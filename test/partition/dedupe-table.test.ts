import { expect } from 'chai';
import type { CallerId, OpSequence } from '../../src/base/ids.ts';
import { DedupeBudget, DedupeTable } from '../../src/partition/dedupe-table.ts';
import { app, entry } from './entries.ts';

function tableWith(bytesMax = 1_000) {
  const budget = new DedupeBudget(bytesMax);
  const table = new DedupeTable(budget);
  let sequence = 0;
  return {
    budget,
    table,
    done(op: number, firstIncomplete = 1, nowMs = 0, result: Uint8Array = Uint8Array.of(op)) {
      sequence++;
      const numbers = { opSequence: op, firstIncomplete } as {
        opSequence: OpSequence;
        firstIncomplete: OpSequence;
      };
      table.note(entry(sequence, { ...numbers, result }), nowMs);
    },
    /** `new`, `stale`, `gone`, or the result. */
    lookup(op: number, from: DedupeTable = table): string | number {
      const found = from.lookup(app, op as OpSequence);
      if (typeof found === 'string') return found;
      return found.result === undefined ? 'gone' : (found.result[0] ?? 'empty');
    },
  };
}

describe('the dedupe table', () => {
  it('knows an op once it was done, and gives its result again and again', () => {
    const { done, lookup } = tableWith();
    expect(lookup(1)).to.equal('new');
    done(1);
    expect([lookup(1), lookup(1), lookup(2)]).to.deep.equal([1, 1, 'new']);
  });

  it('tells callers apart', () => {
    const { done, table } = tableWith();
    done(1);
    expect(table.lookup('other#1' as CallerId, 1 as OpSequence)).to.equal('new');
  });

  it('forgets the caller that was asked for last where a copy takes its place', () => {
    const { done, lookup, table } = tableWith();
    done(1);
    expect(lookup(1)).to.equal(1);
    table.restore(tableWith().table.encode(), 0);
    expect(lookup(1)).to.equal('new');
    done(2);
    expect([lookup(2), table.callers]).to.deep.equal([2, 1]);
  });

  it('forgets results that their caller has, and refuses what lies below as stale', () => {
    const { done, lookup, budget } = tableWith();
    for (const op of [1, 2, 3]) done(op);
    done(4, 3);
    expect([lookup(1), lookup(2), lookup(3), lookup(4)]).to.deep.equal(['stale', 'stale', 3, 4]);
    expect(budget.bytes).to.equal(2);
  });

  it('never lowers a watermark for a request that was sent earlier', () => {
    const { done, lookup } = tableWith();
    done(5, 5);
    done(6, 2);
    expect([lookup(4), lookup(5)]).to.deep.equal(['stale', 5]);
  });

  it('remembers that an op was done even where its result has no room', () => {
    const { done, lookup, budget } = tableWith(10);
    done(1, 1, 0, new Uint8Array(8).fill(7));
    done(2, 1, 0, new Uint8Array(8));
    expect([lookup(1), lookup(2)]).to.deep.equal([7, 'gone']);
    expect(budget.bytes).to.equal(8);
  });

  it('shares its budget with the other tables of the member', () => {
    const budget = new DedupeBudget(10);
    const [first, second] = [new DedupeTable(budget), new DedupeTable(budget)];
    first.note(entry(1, { result: new Uint8Array(8) }), 0);
    second.note(entry(1, { result: new Uint8Array(8) }), 0);
    expect(second.lookup(app, 1 as OpSequence)).to.deep.include({ result: undefined });
    first.release();
    expect(budget.bytes).to.equal(0);
  });

  it('lets the results of an idle caller go after two minutes, and its watermark after an hour', () => {
    const { done, lookup, table, budget } = tableWith();
    done(1);
    table.expire(120_000);
    expect(lookup(1)).to.equal(1);
    table.expire(120_001);
    expect([lookup(1), lookup(2), budget.bytes]).to.deep.equal(['stale', 'new', 0]);
    table.expire(3_600_001);
    expect([lookup(1), table.callers]).to.deep.equal(['new', 0]);
  });

  it('lets go of more results than a function takes arguments', () => {
    const { done, lookup, table } = tableWith();
    for (let op = 1; op <= 200_000; op++) done(op, 1, 0, new Uint8Array(0));
    table.expire(120_001);
    expect([lookup(200_000), lookup(200_001)]).to.deep.equal(['stale', 'new']);
  });

  it('takes along in a copy what fits into a frame, and remembers that the rest was done', () => {
    const { done, table } = tableWith(2 ** 26);
    for (const op of [1, 2, 3]) done(op, 1, 0, new Uint8Array(3_000_000).fill(op));
    done(4);
    const encoded = table.encode();
    expect(encoded.length).to.be.lessThan(2 ** 23);
    const copy = tableWith(2 ** 26);
    copy.table.restore(encoded, 0);
    expect([1, 2, 3, 4].map((op) => copy.lookup(op))).to.deep.equal([1, 'gone', 'gone', 4]);
  });

  it('counts a result once that came with a copy and again with its entry', () => {
    const { done, budget } = tableWith();
    done(1);
    done(1);
    expect(budget.bytes).to.equal(1);
  });

  it('is the same after a copy, and shares no memory with it', () => {
    const { done, table, lookup } = tableWith();
    for (const op of [1, 2, 3]) done(op, Math.min(op, 2));
    const encoded = table.encode();
    const copy = tableWith();
    copy.done(99);
    copy.table.restore(encoded, 0);
    encoded.fill(0);
    expect([1, 2, 3, 99].map((op) => copy.lookup(op))).to.deep.equal(['stale', 2, 3, 'new']);
    expect(copy.budget.bytes).to.equal(2);
    done(4, 4);
    expect([lookup(3), copy.lookup(3)]).to.deep.equal(['stale', 3]);
  });
});

describe('a dedupe table under pressure', function () {
  this.timeout(20_000);

  it('stays bounded with 1,000 callers of 2,000 ops each, some of whom vanish (scenario 23)', () => {
    const budget = new DedupeBudget(1_048_576);
    const table = new DedupeTable(budget);
    const callers = Array.from({ length: 1_000 }, (_, at) => `c${at}` as CallerId);
    const result = new Uint8Array(100);
    const rounds = 2_000;
    const hasVanished = (at: number, op: number) => at % 10 === 0 && op > 100 + at;
    // So many ops of each are on their way at a time.
    const openMax = 8;
    let bytesMost = 0;
    let sequence = 0;
    for (let op = 1; op <= rounds; op++) {
      for (let at = 0; at < callers.length; at++) {
        if (hasVanished(at, op)) continue;
        sequence++;
        const opSequence = op as OpSequence;
        const firstIncomplete = Math.max(1, op - openMax) as OpSequence;
        const caller = callers[at] as CallerId;
        table.note({ ...entry(sequence), caller, opSequence, firstIncomplete, result }, op);
      }
      bytesMost = Math.max(bytesMost, budget.bytes);
    }
    expect(sequence).to.be.above(1_850_000);
    expect(bytesMost).to.be.within(900_000, 1_048_576);
    // Who vanished an hour ago is forgotten, and until then its late duplicates are refused.
    expect(table.lookup(callers[0] as CallerId, 50 as OpSequence)).to.equal('stale');
    table.expire(rounds + 120_001);
    expect(budget.bytes, 'results of callers that are idle').to.equal(0);
    for (const at of [0, 1]) {
      const caller = callers[at] as CallerId;
      expect(table.lookup(caller, 100 as OpSequence), 'a late duplicate').to.equal('stale');
    }
    table.expire(rounds + 3_600_001);
    expect(table.callers).to.equal(0);
  });
});

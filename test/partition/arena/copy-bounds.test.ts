import { expect } from 'chai';
import fc from 'fast-check';
import { hashCount, murmur3 } from '../../../src/base/hash.ts';
import { endOfPiece } from '../../../src/partition/arena/copy-bounds.ts';
import { RecordTable } from '../../../src/partition/arena/record-table.ts';

const meta = { version: 1, deadline: 0, created: 0, updated: 0 };

function put(table: RecordTable, key: string, bytes: number, hash?: number): void {
  const encoded = Buffer.from(key);
  table.put(hash ?? murmur3(encoded), encoded, new Uint8Array(bytes), meta);
}

describe('the pieces of a copy', () => {
  it('cover every record once, each with as many as its bytes allow', () => {
    const sizes = fc.array(fc.oneof(fc.nat(80), fc.integer({ min: 1_000, max: 9_000 })), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 5_000 }), (values, bytes) => {
        const tables = [new RecordTable(), new RecordTable()];
        for (const [at, size] of values.entries()) {
          put(tables[at % 2] as RecordTable, `key ${at}`, size);
        }
        expect(countInPieces(tables, bytes)).to.equal(values.length);
      }),
      { numRuns: 60 },
    );
  });

  it('are short where two values that fill a frame lie close together', () => {
    const table = new RecordTable();
    const mib = 1_048_576;
    put(table, 'one', 8 * mib, 70_000);
    put(table, 'two', 8 * mib, 70_001);
    const ends: number[] = [];
    for (let from = 0; from < hashCount; from = ends.at(-1) as number) {
      ends.push(endOfPiece([table], from, 65_536));
    }
    expect(ends).to.deep.equal([70_000, 70_001, 70_002, hashCount]);
  });

  it('hold all records of a hash together', () => {
    const table = new RecordTable(() => 5);
    for (let at = 0; at < 30; at++) put(table, `key ${at}`, 100, 5);
    expect(endOfPiece([table], 0, 64)).to.equal(5);
    expect(endOfPiece([table], 5, 64)).to.equal(6);
  });

  it('are one where there is nothing', () => {
    expect(endOfPiece([new RecordTable()], 0, 1)).to.equal(hashCount);
  });
});

function countInPieces(tables: readonly RecordTable[], bytes: number): number {
  let met = 0;
  for (let from = 0; from < hashCount; ) {
    const to = endOfPiece(tables, from, bytes);
    const held = countBetween(tables, from, to);
    met += held;
    const size = sizeBetween(tables, from, to);
    if (size > bytes) expect(held, 'what is too large goes alone').to.equal(1);
    // The next record would have been too much.
    else if (to < hashCount) expect(size + sizeBetween(tables, to, to + 1)).to.be.above(bytes);
    from = to;
  }
  return met;
}

function countBetween(tables: readonly RecordTable[], from: number, to: number): number {
  let count = 0;
  for (const table of tables) table.eachBetween(from, to, () => count++);
  return count;
}

function sizeBetween(tables: readonly RecordTable[], from: number, to: number): number {
  return tables.reduce((sum, table) => sum + table.bytesBetween(from, to), 0);
}

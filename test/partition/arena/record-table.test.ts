import { expect } from 'chai';
import fc from 'fast-check';
import { hashCount, murmur3 } from '../../../src/base/hash.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { rangeEnd } from '../../../src/partition/arena/hash-index.ts';
import { type RecordMeta, RecordTable } from '../../../src/partition/arena/record-table.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const filled = (size: number, byte: number) => new Uint8Array(size).fill(byte);
const meta = (version: number, deadline = 0): RecordMeta => ({
  version,
  deadline,
  created: 1_700_000_000_123,
  updated: 1_700_000_000_123 + version,
});

type Hash = (key: Uint8Array) => number;

function put(
  table: RecordTable,
  key: string,
  value: Uint8Array,
  version = 1,
  hash: Hash = murmur3,
) {
  table.put(hash(bytesOf(key)), bytesOf(key), value, meta(version));
}
const find = (table: RecordTable, key: string, hash: Hash = murmur3) =>
  table.find(hash(bytesOf(key)), bytesOf(key));
const remove = (table: RecordTable, key: string, hash: Hash = murmur3) =>
  table.delete(hash(bytesOf(key)), bytesOf(key));

/** Everything in a table, as text, and a failure where a record is met twice. */
function contents(table: RecordTable): Map<string, { value: string; version: number }> {
  const found = new Map<string, { value: string; version: number }>();
  table.each((ref) => {
    const key = textOf(table.key(ref));
    expect(found.has(key), `${key} is met once`).to.equal(false);
    found.set(key, { value: textOf(table.value(ref)), version: table.version(ref) });
  });
  return found;
}

describe('the hash', () => {
  it('agrees with the published vectors', () => {
    expect(murmur3(bytesOf(''))).to.equal(0);
    expect(murmur3(bytesOf(''), 1)).to.equal(0x514e28b7);
    expect(murmur3(filled(4, 0xff))).to.equal(0x76293b50);
    expect(murmur3(bytesOf('Hello, world!'), 0x9747b28c)).to.equal(0x24884cba);
    expect(murmur3(bytesOf('The quick brown fox jumps over the lazy dog'), 0x9747b28c)).to.equal(
      0x2fa826cd,
    );
  });
});

describe('a record table', () => {
  it('gives back what was put, with all that stands beside it', () => {
    const table = new RecordTable();
    const version = 2 ** 53 - 1;
    const times = { deadline: 2 ** 47 + 5, created: 1_753_000_000_001, updated: 2 ** 47 + 3 };
    table.put(7, bytesOf('ann'), bytesOf('swims'), { version, ...times }, 9);
    const ref = table.find(7, bytesOf('ann'));
    expect(textOf(table.key(ref))).to.equal('ann');
    expect(textOf(table.value(ref))).to.equal('swims');
    expect([table.version(ref), table.deadline(ref)]).to.deep.equal([version, times.deadline]);
    expect([table.created(ref), table.updated(ref)]).to.deep.equal([times.created, times.updated]);
    expect([table.flags(ref), table.keyLength(ref), table.valueLength(ref)]).to.deep.equal([
      9, 3, 5,
    ]);
  });

  it('finds nothing where nothing was put', () => {
    const table = new RecordTable();
    expect(find(table, 'ann')).to.equal(0);
    expect(remove(table, 'ann')).to.equal(false);
    put(table, 'ann', bytesOf('x'));
    expect(find(table, 'bob')).to.equal(0);
  });

  it('keeps empty keys and empty values', () => {
    const table = new RecordTable();
    put(table, '', new Uint8Array(0));
    expect(find(table, '')).to.be.greaterThan(0);
    expect(table.valueLength(find(table, ''))).to.equal(0);
  });

  it('takes a deadline away and gives it back', () => {
    const table = new RecordTable();
    for (const deadline of [5, 0, 6, 0]) {
      table.put(1, bytesOf('k'), bytesOf('value'), meta(1, deadline));
      const ref = table.find(1, bytesOf('k'));
      expect(table.deadline(ref)).to.equal(deadline);
      expect(textOf(table.value(ref))).to.equal('value');
    }
  });

  it('tells keys of one hash apart', () => {
    const same: Hash = () => 0xdeadbeef;
    const table = new RecordTable(same);
    for (let i = 0; i < 40; i++) put(table, `k${i}`, bytesOf(`v${i}`), i, same);
    for (let i = 0; i < 40; i += 2) expect(remove(table, `k${i}`, same)).to.equal(true);
    for (let i = 0; i < 40; i++) {
      const ref = find(table, `k${i}`, same);
      if (i % 2 === 0) expect(ref).to.equal(0);
      else expect(textOf(table.value(ref))).to.equal(`v${i}`);
    }
  });

  it('goes on at the start of the index after its end', () => {
    const last: Hash = (key) => (0xffffffff - (key[0]! % 3)) >>> 0;
    const table = new RecordTable(last);
    for (const key of 'abcdefghijklmnop') put(table, key, bytesOf(key), 1, last);
    for (const key of 'cfjp') expect(remove(table, key, last)).to.equal(true);
    expect([...contents(table).keys()].sort().join('')).to.equal('abdeghiklmno');
    for (const key of 'abdeghiklmno') expect(find(table, key, last)).to.be.greaterThan(0);
    table.clearBetween(255 * 2 ** 24, hashCount);
    expect(table.entries).to.equal(0);
  });

  it('keeps records larger than a slab', () => {
    const table = new RecordTable();
    put(table, 'big', filled(3_000_000, 7));
    put(table, 'small', filled(3, 8));
    put(table, 'middle', filled(200_000, 9));
    expect(table.value(find(table, 'big'))).to.deep.equal(filled(3_000_000, 7));
    expect(table.value(find(table, 'middle'))).to.deep.equal(filled(200_000, 9));
    remove(table, 'big');
    expect(table.capacityBytes).to.be.lessThan(300_000);
  });

  it('takes a small share beside key and value, whatever of its last slab is in use', () => {
    let [capacityBytes, records] = [0, 0];
    for (let size = 1_600; size < 2_100; size += 50) {
      const table = new RecordTable();
      for (let at = 0; at < size; at++) put(table, `key:${100_000_000 + at}`, filled(102, 1));
      capacityBytes += table.capacityBytes;
      records += size;
    }
    expect(capacityBytes / records).to.be.lessThan(13 + 102 + 52);
  });

  it('refuses a key that the layout cannot hold, and changes nothing', () => {
    const table = new RecordTable();
    expect(() => table.put(1, filled(65_536, 1), filled(1, 1), meta(1))).to.throw('65536 bytes');
    expect([table.entries, table.bytes]).to.deep.equal([0, 0]);
  });

  it('starts small and gives everything back', () => {
    const table = new RecordTable();
    expect(table.capacityBytes).to.equal(0);
    put(table, 'ann', filled(20, 1));
    expect(table.capacityBytes).to.be.lessThan(1_100);
    remove(table, 'ann');
    expect([table.capacityBytes, table.entries, table.bytes]).to.deep.equal([0, 0, 0]);
    put(table, 'ann', filled(20, 1));
    table.release();
    expect([table.capacityBytes, table.entries, table.bytes]).to.deep.equal([0, 0, 0]);
  });

  it('behaves as a Map under any calls, with collisions', () => {
    const call = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant('put'), fc.nat(60), fc.nat(400)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('put'), fc.nat(60), fc.nat(9_000)) },
      { weight: 4, arbitrary: fc.tuple(fc.constant('delete'), fc.nat(60), fc.constant(0)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('compact'), fc.constant(0), fc.nat(500)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('clear range'), fc.nat(255), fc.constant(0)) },
    );
    const calls = fc.array(call, { maxLength: 300, size: 'max' });
    fc.assert(
      fc.property(calls, fc.constantFrom(0, 3, 32), (list, hashBits) => {
        const few: Hash = (key) =>
          (hashBits === 0 ? 0 : murmur3(key) & ~(2 ** (32 - hashBits) - 1)) >>> 0;
        compareWithMap(list as [string, number, number][], hashBits === 32 ? murmur3 : few);
      }),
      { numRuns: 60 },
    );
  });

  it('bounds its memory under endless overwriting with changing sizes', () => {
    const table = new RecordTable();
    const random = seededRandom(5);
    const sizes = new Map<string, number>();
    for (let i = 0; i < 120_000; i++) {
      const key = `key ${random.below(500)}`;
      const size = random.below(10) === 0 ? random.below(6_000) : random.below(300);
      put(table, key, filled(size, i), i);
      sizes.set(key, size);
    }
    expect(table.entries).to.equal(sizes.size);
    for (const [key, size] of sizes) expect(table.valueLength(find(table, key))).to.equal(size);
    expect(table.capacityBytes).to.be.lessThan(table.bytes * 2);
  });

  it('bounds its memory when keys come and go', () => {
    const table = new RecordTable();
    for (let i = 0; i < 100_000; i++) {
      put(table, `key ${i}`, filled(50 + (i % 70), 1));
      if (i >= 1_000) remove(table, `key ${i - 1_000}`);
    }
    expect(table.entries).to.equal(1_000);
    expect(table.capacityBytes).to.be.lessThan(table.bytes * 2);
  });

  it('comes to share slabs, however large its first records are', () => {
    const table = new RecordTable();
    for (let i = 0; i < 40_000; i++) put(table, `key ${i}`, filled(140, 1));
    expect(table.entries).to.equal(40_000);
    expect(table.capacityBytes).to.be.lessThan(table.bytes * 1.5);
  });

  it('shrinks after most of it was deleted', () => {
    const table = new RecordTable();
    for (let i = 0; i < 20_000; i++) put(table, `key ${i}`, filled(100, 1));
    for (let i = 10; i < 20_000; i++) remove(table, `key ${i}`);
    while (table.compact(10_000));
    expect(table.capacityBytes).to.be.lessThan(8_192);
    for (let i = 0; i < 10; i++) expect(find(table, `key ${i}`)).to.be.greaterThan(0);
  });

  it('comes to an end with compaction, in slices of about the size asked for', () => {
    const table = new RecordTable();
    for (let i = 0; i < 3_000; i++) put(table, `key ${i}`, filled(1_500, 1));
    for (let i = 0; i < 3_000; i += 3) remove(table, `key ${i}`);
    let slices = 0;
    while (table.compact(5_000)) slices += 1;
    expect(slices).to.be.lessThan(2_000);
    expect(table.entries).to.equal(2_000);
    expect(contents(table).size).to.equal(2_000);
  });

  it('meets every record of a range once, and none of another', () => {
    const table = new RecordTable();
    for (let i = 0; i < 5_000; i++) put(table, `key ${i}`, bytesOf('v'));
    let met = 0;
    for (let range = 0; range < 256; range++) {
      const start = range * 2 ** 24;
      table.eachBetween(start, rangeEnd(start), (ref, hash) => {
        met += 1;
        expect(hash).to.equal(murmur3(table.key(ref)));
        expect(hash >>> 24).to.equal(range);
      });
    }
    expect(met).to.equal(5_000);
    expect(contents(table).size).to.equal(5_000);
  });

  it('has the digest of its content, whatever way it came to it', () => {
    const one = new RecordTable();
    const other = new RecordTable();
    for (let i = 0; i < 300; i++) put(one, `key ${i}`, bytesOf(`value ${i}`), i);
    for (let i = 600; i >= 0; i--) put(other, `key ${i}`, filled(i, 1), 1);
    for (let i = 300; i <= 600; i++) remove(other, `key ${i}`);
    for (let i = 299; i >= 0; i--) put(other, `key ${i}`, bytesOf(`value ${i}`), i);
    expect(other.digest()).to.equal(one.digest());
    const equal = one.digest();
    put(one, 'key 7', bytesOf('value 7'), 8);
    expect(one.digest(), 'the version counts').to.not.equal(equal);
    put(one, 'key 7', bytesOf('value 8'), 7);
    expect(one.digest(), 'the value counts').to.not.equal(equal);
    one.put(murmur3(bytesOf('key 7')), bytesOf('key 7'), bytesOf('value 7'), meta(7), 1);
    expect(one.digest(), 'the flags count').to.not.equal(equal);
    put(one, 'key 7', bytesOf('value 7'), 7);
    expect(one.digest()).to.equal(equal);
    remove(one, 'key 7');
    expect(one.digest(), 'absence counts').to.not.equal(equal);
  });
});

function compareWithMap(calls: readonly [string, number, number][], hash: Hash): void {
  const table = new RecordTable(hash);
  const model = new Map<string, { value: string; version: number }>();
  for (const [version, [call, first, second]] of calls.entries()) {
    const key = `key ${first}`;
    if (call === 'put') {
      const value = String.fromCharCode(97 + (version % 26)).repeat(second);
      put(table, key, bytesOf(value), version, hash);
      model.set(key, { value, version });
    }
    if (call === 'delete') expect(remove(table, key, hash)).to.equal(model.delete(key));
    if (call === 'compact') table.compact(second);
    if (call === 'clear range') {
      table.clearBetween(first * 2 ** 24, (first + 1) * 2 ** 24);
      deleteRange(model, first, hash);
    }
  }
  expect(table.entries).to.equal(model.size);
  expect(Object.fromEntries(contents(table))).to.deep.equal(Object.fromEntries(model));
  for (const [key, { value }] of model) {
    expect(textOf(table.value(find(table, key, hash)))).to.equal(value);
  }
}

function deleteRange(model: Map<string, unknown>, range: number, hash: Hash): void {
  for (const key of [...model.keys()]) if (hash(bytesOf(key)) >>> 24 === range) model.delete(key);
}

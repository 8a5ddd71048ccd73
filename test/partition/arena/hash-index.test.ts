import { expect } from 'chai';
import { hashCount } from '../../../src/base/hash.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { HashIndex } from '../../../src/partition/arena/hash-index.ts';

const entries = 10_000;
const hashes = sortedHashes(entries);

describe('an index that is filled in the order of hashes', () => {
  it('is not crowded at its beginning, where it was reserved', () => {
    const index = new HashIndex();
    index.reserve(entries);
    fill(index, 500);
    expect(longestWay(index, 500)).to.be.lessThan(50);
    fill(index, entries, 500);
    expect(longestWay(index, entries)).to.be.lessThan(50);
  });

  it('is crowded where it was not, so that the above shows something', () => {
    const index = new HashIndex();
    fill(index, 500);
    expect(longestWay(index, 500)).to.be.greaterThan(300);
  });

  it('keeps the room while entries go, until it is told otherwise', () => {
    const index = new HashIndex();
    index.reserve(entries);
    const { capacityBytes } = index;
    fill(index, 500);
    for (const hash of hashes.slice(0, 400)) index.remove(index.first(hash));
    expect(index.capacityBytes).to.equal(capacityBytes);
    index.reserve(0);
    for (const hash of hashes.slice(400, 490)) index.remove(index.first(hash));
    expect(index.capacityBytes).to.be.lessThan(capacityBytes / 50);
    for (const hash of hashes.slice(490, 500)) expect(index.first(hash)).to.be.at.least(0);
  });

  it('has room for all that was reserved, and keeps what was there before', () => {
    const index = new HashIndex();
    fill(index, 100);
    index.reserve(entries);
    const { capacityBytes } = index;
    fill(index, entries, 100);
    expect(index.capacityBytes).to.equal(capacityBytes);
    for (const hash of hashes) expect(index.first(hash)).to.be.at.least(0);
  });
});

function fill(index: HashIndex, to: number, from = 0): void {
  for (let at = from; at < to; at++) index.add(hashes[at] as number, at + 1);
}

/** How far an entry lies from its home, at most. */
function longestWay(index: HashIndex, count: number): number {
  const slots = index.capacityBytes / 8;
  const ways = hashes.slice(0, count).map((hash) => {
    const home = Math.floor((hash * slots) / hashCount);
    return (index.first(hash) - home + slots) % slots;
  });
  return Math.max(...ways);
}

function sortedHashes(count: number): number[] {
  const random = seededRandom(7);
  const found = new Set<number>();
  while (found.size < count) found.add(random.below(hashCount));
  return [...found].sort((one, other) => one - other);
}

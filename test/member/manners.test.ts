/** A member is one tenant of a user's process: whatever is asked of it, others get their turns of the event loop. */
import { expect } from 'chai';
import { closeAll, joinGrid } from '../support/grids.ts';

/** Counts the turns of the event loop until it is over, and what is done between two of them at most. */
class Turns {
  count = 0;
  most = 0;
  #since = 0;
  #goesOn = true;

  constructor() {
    setImmediate(() => this.#turn());
  }

  done(): void {
    this.most = Math.max(this.most, ++this.#since);
  }

  end(): void {
    this.#goesOn = false;
  }

  #turn(): void {
    this.count++;
    this.#since = 0;
    if (this.#goesOn) setImmediate(() => this.#turn());
  }
}

describe('a member leaves turns of the event loop to others', function () {
  this.timeout(20_000);
  afterEach(closeAll);

  it('while a caller reads its own keys one after the other', async () => {
    const map = (await joinGrid()).map<string, string>('m');
    await map.set('ann', 'x'.repeat(1_000));
    const turns = new Turns();
    for (let i = 0; i < 3_000; i++) {
      await map.get('ann');
      turns.done();
    }
    turns.end();
    expect(turns.count).to.be.greaterThan(5);
    expect(turns.most, 'reads between two turns').to.be.lessThan(1_000);
  });

  it('while many reads are made at once, which see nothing that is written after them', async () => {
    const map = (await joinGrid()).map<string, number>('m');
    await map.set('ann', 1);
    const reads = Promise.all(Array.from({ length: 3_000 }, () => map.get('ann')));
    await map.set('ann', 2);
    expect(new Set(await reads)).to.deep.equal(new Set([1]));
    expect(await map.get('ann')).to.equal(2);
  });

  it('while a caller goes through a large partition', async () => {
    const map = (await joinGrid({ partitions: 1 })).map<number, string>('m');
    const entries = 20_000;
    await map.setMany(Array.from({ length: entries }, (_, at) => [at, 'x'.repeat(100)] as const));
    let seen = 0;
    const turns = new Turns();
    for await (const _ of map.values()) {
      seen++;
      turns.done();
    }
    turns.end();
    expect(seen).to.equal(entries);
    expect(turns.count).to.be.greaterThan(20);
    expect(turns.most, 'records between two turns').to.be.lessThan(2_000);
  });
});

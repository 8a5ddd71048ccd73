import { expect } from 'chai';
import type { StructureId } from '../../src/base/ids.ts';
import { DueStores } from '../../src/partition/due-stores.ts';
import { ToyStore } from './replicas.ts';

const id = (number: number) => number as StructureId;

/** A store that is due from a time on, and counts how often it is asked. */
class Timed extends ToyStore {
  looks = 0;
  dueAt = Number.POSITIVE_INFINITY;

  override isDue(gridTime: number): boolean {
    this.looks++;
    return gridTime >= this.dueAt;
  }
}

function twoStores() {
  const gone = new Set<StructureId>();
  const stores = [new Timed(), new Timed()] as const;
  const due = new DueStores((structure) => !gone.has(structure));
  const use = (number: number) => due.used(id(number), stores[number - 1] as Timed);
  use(1);
  use(2);
  const dueAt = (gridTime: number) =>
    [...due.candidates(gridTime)].filter((one) => due.due(one, gridTime) !== undefined);
  const looks = () => stores.map((store) => store.looks);
  return { due, dueAt, gone, looks, stores, use };
}

describe('what is due in a partition', () => {
  it('is not asked of stores to which time brings nothing, once they were looked at', () => {
    const { dueAt, looks, use } = twoStores();
    for (let gridTime = 0; gridTime < 10_000; gridTime += 25) {
      expect(dueAt(gridTime)).to.deep.equal([]);
    }
    expect(looks()).to.deep.equal([2, 2]);
    use(2);
    dueAt(10_000);
    expect(looks()).to.deep.equal([2, 4]);
  });

  it('is found at its time, and asked once a second until shortly before', () => {
    const { dueAt, stores, use } = twoStores();
    stores[0].dueAt = 60_010;
    use(1);
    let foundAt = 0;
    for (let gridTime = 0; foundAt === 0 && gridTime < 70_000; gridTime += 25) {
      if (dueAt(gridTime).length > 0) foundAt = gridTime;
      if (gridTime === 59_000) expect(stores[0].looks).to.be.below(130);
    }
    expect(foundAt).to.equal(60_025);
    expect(stores[1].looks, 'the other').to.equal(2);
    // What was done about it left it nothing.
    stores[0].dueAt = Number.POSITIVE_INFINITY;
    expect(dueAt(60_050)).to.deep.equal([]);
  });

  it('is found at once where a store was used, and where time makes a leap', () => {
    const { dueAt, stores, use } = twoStores();
    stores[0].dueAt = 5_000;
    expect(dueAt(0)).to.deep.equal([]);
    stores[1].dueAt = 30;
    use(2);
    expect(dueAt(30)).to.deep.equal([2]);
    stores[1].dueAt = Number.POSITIVE_INFINITY;
    expect(dueAt(1_000_000)).to.deep.equal([1]);
  });

  it('is not asked of what was destroyed, but again of what turns out to be there', () => {
    const { due, dueAt, gone, looks, stores } = twoStores();
    for (const store of stores) store.dueAt = 10;
    gone.add(id(1)).add(id(2));
    expect(dueAt(10)).to.deep.equal([]);
    expect(looks()).to.deep.equal([0, 0]);
    due.forget(id(2));
    gone.clear();
    expect(dueAt(11)).to.deep.equal([1]);
    gone.add(id(1));
    expect(dueAt(12)).to.deep.equal([]);
  });
});

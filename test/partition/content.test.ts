import { expect } from 'chai';
import type { CallerId, OpSequence, Sequence, StructureId } from '../../src/base/ids.ts';
import { Content } from '../../src/partition/content.ts';
import { DedupeBudget } from '../../src/partition/dedupe-table.ts';
import type { StructureRow } from '../../src/partition/router-port.ts';
import type { Entry } from '../../src/wire/replica-messages.ts';
import { ToyStore } from './replicas.ts';

const id = (number: number) => number as StructureId;

const anEntry: Entry = {
  sequence: 1 as Sequence,
  caller: '' as CallerId,
  opSequence: 0 as OpSequence,
  firstIncomplete: 0 as OpSequence,
  structure: id(1),
  changes: new Uint8Array(0),
  result: undefined,
};

function contentWith(ids: readonly number[], createStore = () => new ToyStore()) {
  const rows = new Map<StructureId, StructureRow>();
  for (const number of ids) {
    rows.set(id(number), {
      id: id(number),
      name: `${number}`,
      type: 'toy',
      backups: 1,
      options: {},
    });
  }
  const content = new Content({
    catalog: { structure: (structure) => rows.get(structure), applied: 9 },
    types: new Map([['toy', { name: 'toy', createStore }]]),
    budget: new DedupeBudget(1_000),
  });
  return { content, rows };
}

describe('the content of a replica', () => {
  it('gives each structure the same store again and again, in whatever order they are asked for', () => {
    const { content } = contentWith([1, 2]);
    const stores = [1, 2, 2, 1, 1].map((number) => content.find(id(number)));
    const [one, two] = stores;
    expect(one).to.not.equal(two);
    expect([stores[2] === two, stores[3] === one, stores[4] === one]).to.not.include(false);
  });

  it('gives no store of a structure that was destroyed, though it was asked for last', () => {
    const { content, rows } = contentWith([1]);
    content.find(id(1));
    rows.delete(id(1));
    expect(content.find(id(1))).to.equal('gone');
    content.dropDestroyed();
    expect(content.stores.size).to.equal(0);
  });

  it('asks again what is due where a structure was used, also the one that was asked for last', () => {
    const { content } = contentWith([1]);
    const store = content.find(id(1)) as ToyStore;
    expect(content.isDue(5)).to.equal(false);
    for (const use of [
      () => content.find(id(1)),
      () => content.takeBack([{ ...anEntry, changes: Uint8Array.of(0) }]),
    ]) {
      use();
      store.isOverdue = true;
      expect(content.isDue(6)).to.equal(true);
      expect(content.due(id(1), 6)).to.equal(store);
      store.isOverdue = false;
      expect(content.isDue(7)).to.equal(false);
    }
  });

  it('goes on with the structures that it is to keep, and asks others for nothing', () => {
    const { content } = contentWith([1, 2]);
    content.find(id(1));
    const other = content.find(id(2)) as ToyStore;
    other.isOverdue = true;
    content.keepOnly(new Set([id(1)]));
    expect([...content.stores.keys()]).to.deep.equal([id(1)]);
    expect(content.isDue(5)).to.equal(false);
  });

  it('begins with fresh stores after its release', () => {
    const { content } = contentWith([1]);
    const before = content.find(id(1));
    content.release();
    expect(content.find(id(1))).to.not.equal(before);
    expect(content.stores.size).to.equal(1);
  });
});

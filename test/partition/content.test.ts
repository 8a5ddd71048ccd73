import { expect } from 'chai';
import type { StructureId } from '../../src/base/ids.ts';
import { Content } from '../../src/partition/content.ts';
import { DedupeBudget } from '../../src/partition/dedupe-table.ts';
import type { StructureRow } from '../../src/partition/router-port.ts';
import { ToyStore } from './replicas.ts';

const id = (number: number) => number as StructureId;

function contentWith(...ids: number[]) {
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
    types: new Map([['toy', { name: 'toy', createStore: () => new ToyStore() }]]),
    budget: new DedupeBudget(1_000),
  });
  return { content, rows };
}

describe('the content of a replica', () => {
  it('gives each structure the same store again and again, in whatever order they are asked for', () => {
    const { content } = contentWith(1, 2);
    const stores = [1, 2, 2, 1, 1].map((number) => content.find(id(number)));
    const [one, two] = stores;
    expect(one).to.not.equal(two);
    expect([stores[2] === two, stores[3] === one, stores[4] === one]).to.not.include(false);
  });

  it('gives no store of a structure that was destroyed, though it was asked for last', () => {
    const { content, rows } = contentWith(1);
    content.find(id(1));
    rows.delete(id(1));
    expect(content.find(id(1))).to.equal('gone');
    content.dropDestroyed();
    expect(content.stores.size).to.equal(0);
  });

  it('begins with fresh stores after its release', () => {
    const { content } = contentWith(1);
    const before = content.find(id(1));
    content.release();
    expect(content.find(id(1))).to.not.equal(before);
    expect(content.stores.size).to.equal(1);
  });
});

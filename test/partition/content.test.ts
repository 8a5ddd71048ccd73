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

  it('looks only at those to which time may bring something, and at others when they were used', () => {
    const looks: string[] = [];
    class Looked extends ToyStore {
      isTimed = false;
      override isDue(gridTime: number): boolean {
        looks.push(gridTime === Number.MAX_VALUE ? 'ever' : 'now');
        return this.isOverdue || (this.isTimed && gridTime === Number.MAX_VALUE);
      }
    }
    const { content } = contentWith([1, 2], () => new Looked());
    const [one, two] = [1, 2].map((number) => content.find(id(number)) as Looked);
    const seen = () => {
      looks.length = 0;
      return [content.isDue(5), looks.join(' ')];
    };
    expect(seen()).to.deep.equal([false, 'ever ever']);
    expect(seen(), 'not again').to.deep.equal([false, '']);
    if (one === undefined || two === undefined) throw new Error('no stores');
    content.find(id(1));
    one.isTimed = true;
    expect(seen()).to.deep.equal([false, 'ever now']);
    expect(seen()).to.deep.equal([false, 'now']);
    one.isOverdue = true;
    expect(seen()).to.deep.equal([true, 'now']);
    expect(content.due(id(1), 5)).to.equal(one);
    one.isOverdue = false;
    one.isTimed = false;
    expect(seen(), 'what it did left it nothing').to.deep.equal([false, 'ever']);
    content.takeBack([{ ...anEntry, structure: id(2), changes: Uint8Array.of(0) }]);
    expect(seen()).to.deep.equal([false, 'ever']);
  });

  it('begins with fresh stores after its release', () => {
    const { content } = contentWith([1]);
    const before = content.find(id(1));
    content.release();
    expect(content.find(id(1))).to.not.equal(before);
    expect(content.stores.size).to.equal(1);
  });
});

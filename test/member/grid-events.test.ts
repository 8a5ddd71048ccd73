import { expect } from 'chai';
import type { GridEvent } from '../../src/grid.ts';
import { GridEvents } from '../../src/member/grid-events.ts';
import { MetaMachine } from '../../src/partition/meta-machine.ts';
import { ann, bob, cid, dan, eve, newMember, Table } from '../partition/table.ts';

/** What a listener hears of partitions while a table changes. */
class Ear {
  readonly events = new GridEvents();
  readonly table: Table;
  readonly #heard: string[] = [];

  constructor(onPartitionLost: 'fail' | 'recreate') {
    this.table = new Table({ members: [ann, bob, cid], onPartitionLost });
    this.table.alter([...this.table.row().inSync].slice(0, 1));
    this.events.events.subscribe((event) => this.#heard.push(brief(event)));
    this.hear();
  }

  hear(): string[] {
    this.#heard.length = 0;
    this.events.observe(this.table.machine, () => false, false);
    return this.#heard.filter((text) => text !== '');
  }
}

function brief(event: GridEvent): string {
  if (event.type === 'partition-lost') return `lost ${event.partition}`;
  return event.type === 'partition-moved' ? `moved ${event.partition} to ${event.to.id}` : '';
}

describe('the events of a grid', () => {
  it('tell of a partition that is lost, once, and of its beginning anew', () => {
    const { table, hear, events } = bound(new Ear('fail'));
    const { primary } = table.row();
    table.apply({ type: 'remove', id: primary ?? ann });
    expect(hear()).to.include(`lost ${table.id(0)}`);
    expect(events.lost).to.equal(1);
    table.apply({ type: 'accept-loss' });
    expect(hear()).to.deep.equal([`moved ${table.id(0)} to ${table.row().primary}`]);
    expect([events.lost, events.begunAnew]).to.deep.equal([0, 0]);
  });

  it('tell of a partition that is lost and begins anew in one step', () => {
    const { table, hear, events } = bound(new Ear('recreate'));
    const { primary } = table.row();
    table.apply({ type: 'remove', id: primary ?? ann });
    const after = table.row().primary;
    const heard = hear().filter((text) => text.split(' ')[1] === `${table.id(0)}`);
    expect(heard).to.deep.equal([`lost ${table.id(0)}`, `moved ${table.id(0)} to ${after}`]);
    expect([events.lost, events.begunAnew]).to.deep.equal([0, 1]);
  });

  it('tell of one that is given up by the word of somebody, while who held it is away', () => {
    const { table, hear, events } = bound(new Ear('fail'));
    const { primary } = table.row();
    table.status(primary ?? ann, 'suspended');
    hear();
    table.apply({ type: 'accept-loss' });
    expect(hear()).to.include(`lost ${table.id(0)}`);
    expect(events.begunAnew).to.equal(1);
  });

  it('tell of nobody who went, where a new identity knows nobody yet', () => {
    const { table, events } = new Ear('fail');
    const heard: string[] = [];
    events.events.subscribe(({ type }) => heard.push(type));
    events.reset();
    for (const state of [new MetaMachine(), table.machine]) {
      events.observe(state, () => false, false);
    }
    expect(heard).to.deep.equal([]);
  });

  it('tell of no loss where a copy goes on', () => {
    const { table, hear, events } = bound(new Ear('recreate'));
    for (const id of [dan, eve]) {
      table.apply({ type: 'join', member: newMember(id), settings: table.settings });
      table.status(id, 'up');
    }
    const [, other] = table.row(1).inSync;
    table.handover(other ?? ann, 1);
    expect(hear()).to.deep.equal([`moved ${table.id(1)} to ${other}`]);
    expect([events.lost, events.begunAnew]).to.deep.equal([0, 0]);
  });
});

function bound(ear: Ear): { table: Table; hear: () => string[]; events: GridEvents } {
  return { table: ear.table, hear: () => ear.hear(), events: ear.events };
}

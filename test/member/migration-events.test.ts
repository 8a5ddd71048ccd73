import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import type { GridEvent } from '../../src/grid.ts';
import { MigrationEvents } from '../../src/member/migration-events.ts';
import { plan } from '../../src/partition/placement.ts';
import { follow, level, planned } from '../partition/placements.ts';
import { ann, bob, cid, Table } from '../partition/table.ts';

const viewOf = (id: MemberId) =>
  ({ id, name: id, address: `${id}:1`, zone: undefined, state: 'up' }) as const;

/** What a listener hears while a table changes. */
class Ear {
  readonly table = new Table({ members: [ann, bob, cid] });
  readonly heard: string[] = [];
  readonly events = new MigrationEvents((event) => this.heard.push(brief(event)));

  row(): string[] {
    this.heard.length = 0;
    this.events.observe(this.table.id(0), this.table.row(), viewOf);
    return [...this.heard];
  }
}

function brief(event: GridEvent): string {
  switch (event.type) {
    case 'migration-started':
      return `started to ${event.to.id}, from ${event.from?.id}`;
    case 'migration-finished':
      return `${event.isDone ? 'done' : 'given up'} to ${event.to.id}, from ${event.from?.id}`;
    case 'migration-progress':
      return `${event.made} made, ${event.left} left`;
    default:
      return event.type;
  }
}

describe('the events of migrations', () => {
  it('tell of a copy that takes the place of another once that is gone', () => {
    const ear = new Ear();
    ear.table.assign(cid, undefined, 0, bob);
    expect(ear.row()).to.deep.equal([`started to ${cid}, from ${bob}`]);
    ear.table.alter([ann, bob, cid]);
    expect(ear.row()).to.deep.equal([]);
    ear.table.alter([ann, cid]);
    expect(ear.row()).to.deep.equal([`done to ${cid}, from ${bob}`]);
    expect(ear.row()).to.deep.equal([]);
  });

  it('tell of a copy that was missing once it is in sync', () => {
    const ear = new Ear();
    ear.table.alter([ann]);
    ear.table.assign(bob);
    expect(ear.row()).to.deep.equal([`started to ${bob}, from undefined`]);
    ear.table.alter([ann, bob]);
    expect(ear.row()).to.deep.equal([`done to ${bob}, from undefined`]);
  });

  it('tell of one that is given up, and of the one that is tried in its place', () => {
    const ear = new Ear();
    ear.table.assign(cid, undefined, 0, bob);
    ear.row();
    ear.table.alter([ann, bob]);
    expect(ear.row()).to.deep.equal([`given up to ${cid}, from ${bob}`]);
    ear.table.alter([ann]);
    ear.table.assign(bob);
    ear.row();
    ear.table.assign(cid);
    expect(ear.row()).to.deep.equal([
      `given up to ${bob}, from undefined`,
      `started to ${cid}, from undefined`,
    ]);
  });

  it('tell how many copies are made and left, until none is', () => {
    const table = new Table({ members: [ann, bob], partitions: 12 });
    const heard: string[] = [];
    const events = new MigrationEvents((event) => heard.push(brief(event)));
    events.observeAll(table.machine);
    expect(heard).to.deep.equal([]);
    table.join(cid);
    events.observeAll(table.machine);
    expect(heard).to.deep.equal(['0 made, 8 left']);
    table.apply({ type: 'assign', changes: plan(table.machine, planned()) });
    events.observeAll(table.machine);
    follow(table);
    events.observeAll(table.machine);
    expect(heard.slice(1)).to.deep.equal(['4 made, 4 left']);
    level(table);
    events.observeAll(table.machine);
    events.observeAll(table.machine);
    expect(heard.slice(2)).to.deep.equal(['8 made, 0 left']);
  });
});

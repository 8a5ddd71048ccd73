import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { ClientEvents } from '../../src/client/client-events.ts';
import type { GridEvent } from '../../src/grid.ts';
import type { ClientTable } from '../../src/wire/client-messages.ts';

const ann = 1;
const bob = 2;
const nobody = 0;

/** Two members; `primaries` and `generations` of the partitions with one backup. */
function table(primaries: readonly number[], generations: readonly number[]): ClientTable {
  const members = ['ann', 'bob'].map((name) => ({
    id: `${name}#1` as MemberId,
    name,
    address: `${name}:1`,
    zone: '',
    state: 'up' as const,
  }));
  return {
    kind: 'client.table',
    cluster: 'c',
    index: 1,
    partitions: primaries.length,
    isSafe: true,
    members,
    groups: [{ backups: 1, primaries, generations }],
  };
}

/** What the second table tells after the first: the type, the partition, and to whom it went. */
function told(before: ClientTable, after: ClientTable): string[] {
  const words: string[] = [];
  const events = new ClientEvents();
  events.events.subscribe((event: GridEvent) => {
    if (event.type === 'partition-lost') words.push(`lost ${event.partition}`);
    else if (event.type === 'partition-moved') words.push(`${event.partition} to ${event.to.name}`);
    else words.push(event.type);
  });
  events.changed(before, after);
  return words;
}

describe('what a client is told of partitions', () => {
  it('says who has become primary', () => {
    expect(told(table([ann, ann], [1, 1]), table([ann, bob], [1, 1]))).to.deep.equal(['3 to bob']);
  });

  it('says which are lost, and where they begin anew', () => {
    const lost = table([nobody, bob], [1, 1]);
    expect(told(table([ann, bob], [1, 1]), lost)).to.deep.equal(['lost 2']);
    expect(told(lost, table([bob, bob], [2, 1]))).to.deep.equal(['2 to bob']);
  });

  it('says so too where losing them and beginning anew was one step', () => {
    const after = table([bob, bob], [2, 1]);
    expect(told(table([ann, bob], [1, 1]), after)).to.deep.equal(['lost 2', '2 to bob']);
    expect(told(table([bob, bob], [1, 1]), after)).to.deep.equal(['lost 2']);
  });
});

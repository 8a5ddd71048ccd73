import { expect } from 'chai';
import { ActorSystem } from '../../src/actors/actor-system.ts';
import type { PartitionId, Sequence, StreamId, StructureId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { pollMs, presets } from '../../src/base/timings.ts';
import { type Catalog, Content } from '../../src/partition/content.ts';
import { DedupeBudget } from '../../src/partition/dedupe-table.ts';
import { PartitionHost } from '../../src/partition/partition-host.ts';
import type { ReplicaCopy } from '../../src/wire/replica-messages.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { app, request } from './entries.ts';
import { ToyStore } from './replicas.ts';
import { ann, bob, cid, dan, Table } from './table.ts';

const types = new Map([['toy', { name: 'toy', createStore: () => new ToyStore() }]]);
const catalog: Catalog = {
  structure: (id) => ({ id, name: 't', type: 'toy', backups: 1, options: {} }),
  applied: 0,
};

/** Dan's host. It learns of a row when a test says so, as a member does whose table lags. */
function hostOf(table: Table) {
  const clock = new HandClock();
  const heirlooms = new Map<PartitionId, Content>();
  const said: string[] = [];
  const results: string[] = [];
  const host = new PartitionHost({
    self: dan,
    clock,
    limits: defaultLimits,
    timings: presets.lan,
    actors: new ActorSystem({ clock }),
    state: table.machine,
    types,
    catalog,
    heirloom: (partition) => heirlooms.get(partition),
    surroundings: {
      isLeaseValid: () => true,
      gridTime: () => 0,
      isGone: () => false,
      isServing: () => true,
      isStaying: () => true,
      isRefused: () => false,
      copiesWanted: () => 2,
      nextStream: () => 1 as StreamId,
      beginCopy: () => true,
      endCopy: () => {},
    },
    outlet: {
      send: (to, message) => said.push(`${message.kind} to ${to}`),
      answer: (_, message) => {
        said.push(message.kind === 'op.refused' ? `refused ${message.reason}` : message.kind);
        if (message.kind === 'op.reply') results.push(new TextDecoder().decode(message.result));
      },
      alter: (changes) => said.push(`alter ${changes.length}`),
      handOver: () => said.push('hand over'),
    },
  });
  const partition = table.id(0);
  const copy = (version: number): ReplicaCopy => ({
    kind: 'replica.copy',
    partition,
    term: table.row().term,
    stream: 5 as StreamId,
    generation: 1,
    version: version as ReplicaCopy['version'],
    chunk: 0,
    at: (2 ** 40) as Sequence,
    structure: 0 as StructureId,
    fromHash: 0,
    toHash: 0,
    entries: 0,
    content: Uint8Array.of(0x90),
    last: true,
  });
  return {
    host,
    heirlooms,
    said,
    results,
    learn: () => {
      host.tableChanged(new Set([partition]));
      clock.turn();
    },
    copy: (version: number) => {
      host.receive(ann, copy(version));
      clock.turn();
    },
    replica: () => host.find(partition)?.replica,
    ask: (text = 'a') => host.request(app, { ...request(1, text), partition }),
    turn: () => clock.turn(),
    /** How many ticks the replica got, of this one. */
    tick: (ms = 0) => {
      clock.spend(ms);
      host.tick(clock.monotonic());
      return clock.deferredCount;
    },
    glance: () => host.glance(partition, 1 as StructureId, 97, new Uint8Array())?.bytes[0],
  };
}

describe('the host of replicas', () => {
  it('makes a replica where a row names its member, and drops it where a later one does not', () => {
    const table = new Table({ members: [ann, bob, cid] });
    table.join(dan);
    const { learn, replica } = hostOf(table);
    learn();
    expect(replica()).to.equal(undefined);
    table.assign(dan);
    learn();
    expect(replica()?.role).to.equal('backup');
    table.assign(undefined);
    learn();
    expect(replica()).to.equal(undefined);
  });

  it('keeps a copy that began before its table named it, whatever older rows say', () => {
    const table = new Table({ members: [ann, bob, cid] });
    table.join(dan);
    const { learn, replica, copy, said } = hostOf(table);
    copy(table.row().version + 2);
    expect(said).to.deep.equal([`replica.ack to ${ann}`]);
    table.alter([ann]);
    learn();
    expect(replica()?.state).to.include({ isWhole: true, generation: 1 });
    table.assign(dan);
    learn();
    table.alter([ann, dan]);
    learn();
    expect(replica()?.state, 'not born anew').to.include({ isWhole: true, stream: 5 });
    table.alter([ann]);
    learn();
    expect(replica()).to.equal(undefined);
  });

  it('goes on with a content from another lineage where the table says so, and with none of its own', () => {
    const table = new Table({ members: [ann] });
    const { ask, heirlooms, learn, replica, said, turn } = hostOf(table);
    const budget = new DedupeBudget(1_000);
    const content = new Content({ catalog, types, budget });
    heirlooms.set(table.id(0), content);
    table.apply({ type: 'remove', id: ann });
    table.join(dan);
    const absorb = { type: 'absorb', lineage: 'c9', merged: [], isWhole: true, rank: 2 } as const;
    table.apply({ ...absorb, contributors: [bob] });
    learn();
    expect(replica()).to.equal(undefined);
    const copy = { partition: table.id(0), path: ['c9'], steps: [], parts: [], version: 7 };
    const revive = { type: 'revive', lineage: 'c9', holder: dan, partitions: [] } as const;
    table.apply({ ...revive, adoptions: [copy] });
    learn();
    const { generation } = table.row();
    const state = { isWhole: true, generation, commit: generation * 2 ** 40 };
    expect(replica()?.state).to.include(state);
    expect(replica()?.state.options.content).to.equal(content);
    ask('+a');
    turn();
    expect(said).to.deep.equal(['op.reply']);
    table.apply({ ...absorb, lineage: 'c8', contributors: [] });
    learn();
    expect(replica()?.state.log.last, 'what came since').to.equal(generation * 2 ** 40 + 1);
  });

  it('gives no ticks to a primary that has nothing to do, and one when that changes', () => {
    const { ask, learn, replica, tick, turn, said } = hostOf(new Table({ members: [dan] }));
    learn();
    expect([replica()?.role, tick()]).to.deep.equal(['primary', 0]);
    ask('?a');
    turn();
    expect(tick(), 'a read waits').to.equal(1);
    tick(pollMs);
    turn();
    expect(said, 'and is answered').to.deep.equal(['op.reply']);
    expect(tick()).to.equal(0);
  });

  it('lets nobody look past what waits in the mailbox, which may be a write of the same caller', () => {
    const { ask, glance, learn, said, turn } = hostOf(new Table({ members: [dan] }));
    expect(glance(), 'no replica').to.equal(undefined);
    learn();
    expect(glance()).to.equal('0'.charCodeAt(0));
    ask('+a');
    expect(glance()).to.equal(undefined);
    turn();
    expect(said).to.deep.equal(['op.reply']);
    expect(glance()).to.equal('1'.charCodeAt(0));
  });

  it('answers a read of one key by a look, in its turn among writes and other reads', () => {
    const { ask, learn, results, turn } = hostOf(new Table({ members: [dan] }));
    learn();
    for (const op of ['aa', '+a', 'aa', '*', 'a']) ask(op);
    turn();
    expect(results).to.deep.equal(['0', '1', '1', '1,0,0,0,0,0,0,0', '1']);
  });

  it('lets nobody look at what it has given away', () => {
    const { glance, host, learn } = hostOf(new Table({ members: [dan] }));
    learn();
    expect(glance()).to.equal('0'.charCodeAt(0));
    expect(host.surrender().estates.size).to.equal(1);
    expect(glance()).to.equal(undefined);
  });

  it('begins no copy that is long over', () => {
    const table = new Table({ members: [ann, bob, cid] });
    table.join(dan);
    table.assign(dan);
    const { version } = table.row();
    table.assign(undefined);
    const { replica, copy } = hostOf(table);
    copy(version);
    expect(replica()).to.equal(undefined);
  });

  it('says of ops on what it does not hold that it is not the primary, or that all is lost', () => {
    const table = new Table({ members: [ann, bob, cid] });
    const { ask, said } = hostOf(table);
    ask();
    table.apply({ type: 'remove', id: ann });
    table.apply({ type: 'remove', id: bob });
    ask();
    expect(said).to.deep.equal(['refused not-primary', 'refused lost']);
  });
});

import { expect } from 'chai';
import type { CallerId, StructureId } from '../../src/base/ids.ts';
import { presets } from '../../src/base/timings.ts';
import { Gateway, type GatewayMember } from '../../src/member/gateway.ts';
import { Watches } from '../../src/member/watches.ts';
import { MetaMachine } from '../../src/partition/meta-machine.ts';
import type { Router } from '../../src/partition/router-port.ts';
import { anybody } from '../../src/security/users.ts';
import type { Message } from '../../src/wire/messages.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { ann, bob, cid, Table } from '../partition/table.ts';

const session = `${'a'.repeat(32)}@client` as CallerId;

function memberOf(table: Table): GatewayMember {
  return {
    id: ann,
    state: table.machine,
    router: {} as Router,
    host: { request: () => {} },
    settings: { timings: presets.lan },
    isReady: true,
    isSafe: true,
    isDoubtful: () => false,
    acceptLoss: () => {},
    toMember: () => false,
    runAfter: (bring) => bring(),
  };
}

describe('a gateway', () => {
  it('tells clients of a table that says something new to them, and of no other', () => {
    const clock = new HandClock();
    const table = new Table({ members: [ann, bob, cid] });
    const gateway = new Gateway(memberOf(table), clock, () => undefined as never);
    const told: Message[] = [];
    const link = { session, user: anybody, send: (said: Message) => told.push(said), close() {} };
    gateway.attach(link);
    const tables = () => told.filter(({ kind }) => kind === 'client.table').length;
    const change = (act: () => void) => {
      const before = tables();
      act();
      gateway.tableChanged();
      clock.turn();
      return tables() - before;
    };
    expect(tables()).to.equal(1);
    expect(
      change(() => table.assign(cid)),
      'perhaps somebody else knows less',
    ).to.equal(1);
    expect(change(() => table.assign(undefined))).to.equal(0);
    expect(change(() => table.assign(cid))).to.equal(0);
    expect(change(() => table.apply({ type: 'status', id: ann, status: 'suspended' }))).to.equal(1);
    gateway.attach(link);
    expect(change(() => table.assign(undefined))).to.equal(1);
  });

  it('does nothing more of a frame whose own answers ended the connection', () => {
    const clock = new HandClock();
    const table = new Table();
    const gateway = new Gateway(memberOf(table), clock, () => undefined as never);
    const said: Message['kind'][] = [];
    const link = {
      session,
      user: anybody,
      send(message: Message) {
        said.push(message.kind);
        // As one that does not read: its connection ends where an answer finds no room.
        if (message.kind === 'client.pong') gateway.detach(link);
      },
      close() {},
    };
    gateway.attach(link);
    const dropped = table.define('dropped');
    gateway.receiveAll(link, [
      { kind: 'client.ping' },
      { kind: 'client.watch', structures: [dropped] },
    ]);
    table.apply({ type: 'destroy', id: dropped as StructureId });
    gateway.tableChanged();
    clock.turn();
    expect(said).to.deep.equal(['client.welcome', 'client.table', 'client.pong']);
  });

  it('lets nobody in before its member is in a grid, which clients would take for another history', () => {
    const clock = new HandClock();
    const newborn = { ...memberOf(new Table()), state: new MetaMachine(), isReady: false };
    expect(new Gateway(newborn, clock, () => undefined as never).isServing).to.equal(false);
    const early = { ...memberOf(new Table()), isReady: false };
    expect(new Gateway(early, clock, () => undefined as never).isServing).to.equal(true);
  });

  it('lets a client watch so many structures and no more, whatever it names', () => {
    const gateway = new Gateway(memberOf(new Table()), new HandClock(), () => undefined as never);
    const link = { session, user: anybody, send() {}, close() {} };
    gateway.attach(link);
    const watch = (from: number) => {
      const structures = Array.from(
        { length: 40_000 },
        (_, at) => (1e9 + from + at) as StructureId,
      );
      gateway.receive(link, { kind: 'client.watch', structures });
    };
    watch(0);
    watch(0);
    expect(() => watch(40_000)).to.throw('expected fewer structures to watch');
  });
});

describe('what clients watch', () => {
  const id = (number: number) => number as StructureId;

  it('is told once, and is kept of nobody who is gone', () => {
    const watches = new Watches<string>();
    for (const client of ['a', 'b']) for (let at = 0; at < 10; at++) watches.add(client, id(at));
    expect(watches.takeWhere((one) => one === 3)).to.deep.equal([[3, new Set(['a', 'b'])]]);
    expect(watches.takeWhere((one) => one === 3)).to.deep.equal([]);
    watches.clientGone('a');
    expect(watches.takeWhere((one) => one === 4)).to.deep.equal([[4, new Set(['b'])]]);
    expect(watches.size).to.equal(8);
    watches.clientGone('b');
    expect(watches.size).to.equal(0);
  });

  it('makes room where the end of a structure was told', () => {
    const watches = new Watches<string>(2);
    expect([1, 2, 2, 3].map((one) => watches.add('a', id(one)))).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
    watches.takeWhere((one) => one === 1);
    expect(watches.add('a', id(3))).to.equal(true);
  });
});

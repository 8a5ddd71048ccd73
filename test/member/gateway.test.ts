import { expect } from 'chai';
import type { CallerId, StructureId } from '../../src/base/ids.ts';
import { presets } from '../../src/base/timings.ts';
import { Gateway, type GatewayMember } from '../../src/member/gateway.ts';
import type { Router } from '../../src/partition/router-port.ts';
import { anybody } from '../../src/security/users.ts';
import type { Message } from '../../src/wire/messages.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { ann, Table } from '../partition/table.ts';

const session = `${'a'.repeat(32)}@client` as CallerId;

describe('a gateway', () => {
  it('does nothing more of a frame whose own answers ended the connection', () => {
    const clock = new HandClock();
    const table = new Table();
    const member: GatewayMember = {
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
    const gateway = new Gateway(member, clock, () => undefined as never);
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
});

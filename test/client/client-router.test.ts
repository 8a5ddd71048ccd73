import { expect } from 'chai';
import type { GridError } from '../../src/base/errors.ts';
import type { CallerId, StructureId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import { Asks } from '../../src/client/asks.ts';
import { ClientRouter } from '../../src/client/client-router.ts';
import { KnownTable } from '../../src/client/known-table.ts';
import type { StructureRow } from '../../src/partition/router-port.ts';
import { Calls } from '../../src/transport/calls.ts';
import type { ClientRequest, ClientTable } from '../../src/wire/client-messages.ts';
import type { Message } from '../../src/wire/messages.ts';
import { HandClock } from '../actors/hand-clock.ts';

const aTable: ClientTable = {
  kind: 'client.table',
  cluster: 'c1',
  index: 1,
  partitions: 7,
  isSafe: true,
  members: [],
  groups: [],
};

/** A router whose questions the test answers. */
function routerAlone() {
  const clock = new HandClock();
  const asked: ClientRequest[] = [];
  const send = (message: Message) => asked.push(message as ClientRequest) > 0;
  const obstacle = { code: 'GRID_TIMEOUT', text: 'nobody' } as const;
  const asks = new Asks({ clock, send, obstacle: () => obstacle });
  const courier = {
    send: () => undefined,
    route: () => undefined,
    patienceMs: () => Number.POSITIVE_INFINITY,
    obstacle: () => ({ code: 'GRID_UNREACHABLE', text: 'nobody' }) as const,
  };
  const caller = '~alone' as CallerId;
  const random = seededRandom(1);
  const calls = new Calls({ caller, clock, random, limits: defaultLimits, courier });
  const table = new KnownTable();
  const router = new ClientRouter({
    clock,
    table,
    calls,
    asks,
    lineage: () => 'c1',
    onCall: () => {},
  });
  const answer = (id: number) => {
    const { request } = asked.at(-1) as ClientRequest;
    const row = { id: id as StructureId, name: 'users', type: 'map', backups: 1, options: '{}' };
    asks.answered({ kind: 'client.rows', request, rows: [row] });
  };
  const done = () => {
    const { request } = asked.at(-1) as ClientRequest;
    asks.answered({ kind: 'client.done', request, code: '', message: '', isDoubtful: false });
  };
  const got: (StructureRow | GridError)[] = [];
  const define = () => router.define('map', 'users', {}, (result) => got.push(result));
  return { router, clock, table, calls, asked, asks, answer, done, got, define };
}

describe('a client that asks for a structure', () => {
  it('does not take one that it has destroyed from a member that is behind', () => {
    const { router, clock, asked, answer, done, got, define } = routerAlone();
    define();
    answer(7);
    router.destroy(got[0] as StructureRow, () => {});
    done();
    expect(router.structure('map', 'users')).to.equal(undefined);

    define();
    answer(7);
    expect(got).to.have.lengthOf(1);
    expect(router.structure('map', 'users')).to.equal(undefined);
    clock.pass(50);
    expect(asked).to.have.lengthOf(4);
    answer(9);
    expect(got[1]).to.include({ id: 9, name: 'users' });
    expect(router.structure('map', 'users')?.id).to.equal(9);
  });

  it('asks once where many handles ask at the same time', () => {
    const { asked, answer, got, define } = routerAlone();
    for (let i = 0; i < 100; i++) define();
    expect(asked).to.have.lengthOf(1);
    answer(7);
    expect(got).to.have.lengthOf(100);
    for (const row of got) expect(row).to.include({ id: 7, name: 'users' });
    define();
    expect(asked, 'what was answered is asked anew').to.have.lengthOf(2);
  });

  it('gives up on members that stay behind', () => {
    const { router, clock, answer, asks, done, got, define } = routerAlone();
    define();
    answer(7);
    router.destroy(got[0] as StructureRow, () => {});
    done();
    define();
    for (let round = 0; round < 300 && got.length < 2; round++) {
      answer(7);
      clock.pass(50);
      asks.tick();
    }
    expect(got[1]).to.include({ code: 'GRID_TIMEOUT', outcome: 'unknown' });
  });
});

describe('a client', () => {
  it('is of no lineage while it has no table of it, nor when it was closed', () => {
    const { router, table, calls } = routerAlone();
    const found = () => [router.lineage, router.closed];
    expect(found()).to.deep.equal([undefined, undefined]);
    table.accept(aTable, true);
    expect(found()).to.deep.equal(['c1', undefined]);
    table.forget();
    expect(found()).to.deep.equal([undefined, undefined]);
    table.accept(aTable, true);
    calls.close();
    expect(found()).to.deep.equal([undefined, { error: undefined }]);
  });
});

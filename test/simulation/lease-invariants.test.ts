import { expect } from 'chai';
import type { Address } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { keyOp, mapOps } from '../../src/structures/map/map-ops.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { type Caller, type GridShape, GridWorld } from './grid-world.ts';
import { LeaseInvariants } from './lease-invariants.ts';
import { plainShape } from './plain-shape.ts';

describe('the invariants of leases', () => {
  const noReplies = { toMembers: 0, toOwnCallers: 0, toOwnClients: 0 };

  function settled(change: Partial<GridShape> = {}) {
    const grid = new GridWorld(1, { ...plainShape, ...change }, {});
    expect(grid.settle(30_000)).to.equal(true);
    const violations: string[] = [];
    const leases = new LeaseInvariants(grid, (violation) => violations.push(violation));
    const [process] = grid.processes;
    if (process === undefined) throw new Error('there is no process');
    return { grid, process, leases, violations };
  }

  it('hold in a grid that is well', () => {
    const { grid, leases, violations } = settled();
    leases.check();
    for (const { address } of grid.processes) leases.replied(address, 'toMembers');
    expect(violations).to.deep.equal([]);
    expect(leases.looks).to.deep.equal({ ...noReplies, toMembers: 3, leases: 3 });
  });

  it('find an answer without a lease', () => {
    const { grid, process, leases, violations } = settled();
    grid.world.isolate(process.name);
    grid.world.runFor(2_500);
    leases.replied(process.address as Address, 'toMembers');
    expect(violations).to.have.lengthOf(1);
    expect(violations[0]).to.match(/I1: m1.* answers, and its lease has been over for \d+/);
  });

  it('find one that is suspended and holds a lease', () => {
    const { grid, process, leases, violations } = settled();
    grid.world.isolate(process.name);
    grid.world.runFor(10_000);
    leases.check();
    expect(violations).to.deep.equal([]);
    // What a lease that is granted for too long would look like.
    Object.defineProperty(process.program.member.meta.lease, 'isValid', { value: () => true });
    leases.check();
    expect(violations).to.deep.equal([`I1: ${process.id} holds a lease, and is suspended`]);
  });

  /** A primary that takes its lease for valid whatever happens, and a read that it gets through a caller. */
  function answeredBy(caller: 'own' | 'client') {
    const scene = settled({ partitions: 1, backups: 0, clients: ['direct'] });
    const { grid, leases } = scene;
    grid.define('map', 'records');
    grid.onAnswer = (where, whom) => leases.replied(where, whom);
    const isPrimary = ({ program }: (typeof grid.processes)[number]) =>
      [...program.member.host.replicas()].some(({ replica }) => replica.primary !== undefined);
    const [client] = grid.clients;
    const isAttached = () => client?.program.session.links.gateway !== undefined;
    expect(grid.world.runUntil(isAttached, grid.world.now + 10_000)).to.equal(true);
    grid.world.runFor(1_000);
    const primary = grid.processes.find(isPrimary);
    if (primary === undefined) throw new Error('nobody serves');
    for (const { replica } of primary.program.member.host.replicas()) {
      Object.assign(replica.state.options.surroundings, { isLeaseValid: () => true });
    }
    for (const other of grid.processes) {
      if (other !== primary) grid.world.cut(primary.name, other.name);
    }
    grid.world.runFor(400);
    primary.program.member.meta.lease.end();
    const process: SimProcess<Caller> | undefined = caller === 'own' ? primary : grid.clients[0];
    let isAnswered = false;
    process?.run(({ router }) => {
      const structure = router.structure('map', 'records');
      if (structure === undefined) throw new Error('there is no map');
      router.submit({
        structure,
        partition: 0,
        op: keyOp(mapOps.get, encodeKey('a', defaultLimits).bytes),
        isWrite: false,
        timeoutMs: 500,
        signal: undefined,
        resolve: () => {
          isAnswered = true;
        },
        reject: () => {},
      });
    });
    grid.world.runFor(100);
    return { ...scene, isAnswered };
  }

  it('find an answer without a lease within a process', () => {
    const { violations, leases, isAnswered } = answeredBy('own');
    expect(isAnswered).to.equal(true);
    expect(leases.looks).to.include({ toMembers: 0, toOwnCallers: 1, toOwnClients: 0 });
    expect(violations.join()).to.match(/I1: m\d.* answers, and its lease has been over/);
  });

  it('find an answer without a lease to a client that is attached', () => {
    const { violations, leases, isAnswered } = answeredBy('client');
    expect(isAnswered).to.equal(true);
    expect(leases.looks).to.include({ toMembers: 0, toOwnCallers: 0, toOwnClients: 1 });
    expect(violations.join()).to.match(/I1: m\d.* answers, and its lease has been over/);
  });
});

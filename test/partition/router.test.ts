import { expect } from 'chai';
import type { StructureId } from '../../src/base/ids.ts';
import { MemberRouter, type MemberRouterOptions } from '../../src/partition/router.ts';
import type { StructureRow } from '../../src/partition/router-port.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { ann } from './table.ts';

const row: StructureRow = {
  id: 1 as StructureId,
  name: 'm',
  type: 'map',
  backups: 1,
  options: {},
};

/** A member that is primary of everything and gives so many bytes. */
function routerOf(clock: HandClock, bytes: number): MemberRouter {
  const seen = { bytes: new Uint8Array(bytes), from: 0, to: bytes, touched: 0 };
  return new MemberRouter({
    self: ann,
    clock,
    meta: { state: {} },
    commit: () => {},
    host: { glance: () => seen },
    calls: { isOpen: true, queued: 0 },
  } as unknown as MemberRouterOptions);
}

/** How many of many reads are made on the spot, and how many of these are answered before the next turn. */
async function turnOf(router: MemberRouter, clock: HandClock): Promise<[number, number]> {
  let read = 0;
  let answered = 0;
  for (let at = 0; at < 5_000; at++) {
    if (router.glance(row, 0, 1, Uint8Array.of(1)) === undefined) continue;
    read++;
    void router.deliver(at).then(() => answered++);
  }
  await Promise.resolve();
  const before = answered;
  clock.turn();
  await Promise.resolve();
  expect(answered, 'answered in the next turn').to.equal(read);
  return [read, before];
}

describe('the router of a member', () => {
  it('reads on the spot for two shares of a turn, and answers the second in the next turn', async () => {
    const clock = new HandClock();
    const router = routerOf(clock, 1);
    for (let turn = 0; turn < 3; turn++) {
      expect(await turnOf(router, clock)).to.deep.equal([2_048, 1_023]);
    }
  });

  it('counts a large value several times', async () => {
    const clock = new HandClock();
    expect(await turnOf(routerOf(clock, 256 * 99), clock)).to.deep.equal([21, 10]);
  });
});

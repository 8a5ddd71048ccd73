import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { RaftCore } from '../../src/consensus/raft-core.ts';
import { MetaMachine } from '../../src/partition/meta-machine.ts';
import { Motions } from '../../src/partition/motions.ts';
import { ann, bob, dan } from './table.ts';

/** To whom a process that nobody has taken in sends its wish to join. */
function asks(leader: MemberId, contacts: readonly MemberId[]): MemberId[] {
  const motions = new Motions({
    self: dan,
    random: seededRandom(1),
    state: new MetaMachine(),
    resendMs: 100,
    strayedMs: 1_000,
    raft: () => ({ role: 'follower', leader }) as unknown as RaftCore,
    isLed: () => false,
    contacts: () => contacts,
    refusalOf: () => '',
  });
  const sent: MemberId[] = [];
  motions.open({ type: 'accept-loss' }, 0, 10_000, () => {});
  motions.send(1, [], (to) => void sent.push(to));
  return sent;
}

describe('a process that nobody has taken in', () => {
  it('asks the leader that it has heard', () => {
    expect(asks(ann, [ann, bob])).to.deep.equal([ann]);
  });

  it('asks others where that leader is gone, since nobody tells it of another', () => {
    expect(asks(ann, [bob])).to.deep.equal([bob]);
  });
});

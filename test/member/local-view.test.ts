import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { Joining, type JoiningParts } from '../../src/member/joining.ts';
import { LocalView } from '../../src/member/local-view.ts';
import type { Member } from '../../src/member/member.ts';
import { HandClock } from '../actors/hand-clock.ts';

describe('what a process says of itself', () => {
  it('has a cluster from the turn on in which it begins one, before there is a table', () => {
    const id = 'ann' as MemberId;
    const clock = new HandClock();
    let formed = 0;
    const settings = {
      cluster: 'shop',
      data: true,
      expect: 1,
      seeds: [],
      needsPermit: true,
      timings: { electionMaxMs: 1_000 },
    };
    const joining = new Joining({
      self: { id, address: '127.0.0.1:7400' },
      settings,
      clock,
      random: { id: () => 'cluster' },
      others: () => [],
      hasSeenCluster: () => false,
      form: () => formed++,
      follow: () => {},
      commit: () => {},
    } as unknown as JoiningParts);
    const member = { id, settings, joining, state: { members: new Map() } };
    const view = new LocalView(
      () => member as unknown as Member,
      () => false,
    );
    joining.tick();
    expect(view.process).to.include({ mayForm: true, hasCluster: false });
    joining.permitForming(clock.monotonic() + 1);
    joining.tick();
    expect(formed).to.equal(1);
    expect(view.process).to.include({ mayForm: true, hasCluster: true });
  });
});

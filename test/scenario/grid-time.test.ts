import { expect } from 'chai';
import type { Message } from '../../src/wire/messages.ts';
import { Scene } from './scene.ts';

describe('grid time', function () {
  this.timeout(60_000);

  it('goes on under a leader that was elected before its first lease', () => {
    const scene = new Scene({ members: 3 });
    const { world } = scene;
    const leader = scene.nameOf(scene.newest?.meta.leader);
    const [other = '', newcomer = ''] = scene.byAge.filter((name) => name !== leader);
    const addressOf = (name: string) => scene.processOf(name).address;

    // The newcomer gets no lease, and the other one never stands for election.
    world.crash(newcomer);
    world.restart(newcomer);
    let dropped = 0;
    world.network.onSend = (from, to, { kind }: Message) => {
      const isLease = kind === 'meta.heartbeat-ack' && to === addressOf(newcomer);
      const isCandidacy = kind === 'raft.vote' && from === addressOf(other);
      if (!isLease && !isCandidacy) return 'pass';
      dropped++;
      return 'drop';
    };
    const isVoter = () => {
      const { id, state, meta } = scene.memberOf(newcomer);
      return state.members.get(id)?.status === 'up' && meta.raft?.config.voters.includes(id);
    };
    scene.until(() => isVoter() === true, 'the newcomer gets no vote');
    const timeOf = (name: string) => {
      const { member, clock } = scene.processOf(name).program;
      return member.meta.lease.gridTime(clock.monotonic());
    };
    const before = timeOf(other);
    world.crash(leader);
    scene.until(() => scene.memberOf(newcomer).meta.isLeader, 'the newcomer is not elected');
    expect(dropped).to.be.above(0);
    expect(timeOf(newcomer)).to.be.within(before, before + 20_000);
    expect(Math.abs(timeOf(newcomer) - timeOf(other))).to.be.below(1_500);
  });
});

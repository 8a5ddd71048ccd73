import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { type ConfigChange, changed } from '../../src/consensus/config.ts';
import { nextVoterChange } from '../../src/partition/voters.ts';
import type { RaftConfig } from '../../src/wire/consensus-messages.ts';
import { ann, bob, cid, dan, eve, Table } from './table.ts';

/** `promote bob#2`, or nothing. */
function brief(change: ConfigChange | undefined): string {
  if (change === undefined) return '';
  const { kind, member } = change;
  return kind === 'promote-pair' ? `${kind} ${member} ${change.other}` : `${kind} ${member}`;
}

class Group {
  readonly table: Table;
  config: RaftConfig;
  leader = ann;
  readonly dead = new Set<MemberId>();
  readonly longGone = new Set<MemberId>();
  readonly changes: string[] = [];

  constructor(members: readonly MemberId[], voters: readonly MemberId[]) {
    this.table = new Table({ members });
    const learners = members.filter((id) => !voters.includes(id));
    this.config = { voters, learners };
  }

  next(): ConfigChange | undefined {
    return nextVoterChange(this.table.machine, this.config, {
      leader: this.leader,
      isLongGone: (id) => this.longGone.has(id),
      isFresh: (id) => !this.dead.has(id),
    });
  }

  /** Does one change after the other until there is none; every one has to be possible. */
  settle(): string[] {
    for (let turn = 0; turn < 20; turn++) {
      const change = this.next();
      if (change === undefined) return this.changes;
      this.changes.push(brief(change));
      this.#follow(change);
      const living = this.config.voters.filter((id) => !this.dead.has(id));
      expect(living.length, brief(change)).to.be.greaterThan(this.config.voters.length / 2);
    }
    throw new Error(`no end of changes: ${this.changes}`);
  }

  crash(id: MemberId): void {
    this.dead.add(id);
    this.table.apply({ type: 'remove', id });
  }

  #follow(change: ConfigChange): void {
    const { kind, member } = change;
    if (kind === 'promote-pair') {
      const config = changed(this.config, change);
      if (config === undefined) throw new Error(`${brief(change)} does not fit`);
      this.config = config;
      return;
    }
    const voters = this.config.voters.filter((id) => id !== member);
    const learners = this.config.learners.filter((id) => id !== member);
    if (kind === 'promote') voters.push(member);
    if (kind === 'add-learner' || kind === 'demote') learners.push(member);
    this.config = { voters, learners };
  }
}

describe('the voters of the meta group', () => {
  it('stay one while there are two members', () => {
    expect(new Group([ann, bob], [ann]).settle()).to.deep.equal([]);
  });

  it('become three with the third member, and five with the fifth', () => {
    const three = new Group([ann, bob, cid], [ann]);
    expect(three.settle()).to.deep.equal([`promote-pair ${bob} ${cid}`]);
    expect(new Group([ann, bob, cid, dan], [ann, bob, cid]).settle()).to.deep.equal([]);
    const five = new Group([ann, bob, cid, dan, eve], [ann, bob, cid]);
    expect(five.settle()).to.deep.equal([`promote ${dan}`, `promote ${eve}`]);
  });

  it('do not become two before a third can follow: two need each other', () => {
    const group = new Group([ann, bob, cid], [ann]);
    group.table.status(cid, 'suspended');
    expect(brief(group.next())).to.equal('');
  });

  it('are joined by every member as a learner first', () => {
    const group = new Group([ann, bob], [ann]);
    group.table.join(cid);
    expect(group.settle()).to.deep.equal([`add-learner ${cid}`, `promote-pair ${bob} ${cid}`]);
  });

  it('become three only by the word of the one that votes', () => {
    const group = new Group([ann, bob, cid], [ann]);
    group.leader = bob;
    expect(brief(group.next())).to.equal('');
  });

  it('are never a lite member', () => {
    const group = new Group([ann, bob], [ann]);
    group.table.join(cid, { data: false });
    expect(group.settle()).to.deep.equal([`add-learner ${cid}`]);
  });

  it('stay three after one of three crashed', () => {
    const group = new Group([ann, bob, cid], [ann, bob, cid]);
    group.crash(cid);
    expect(group.settle()).to.deep.equal([]);
    expect(group.config.voters).to.deep.equal([ann, bob, cid]);
  });

  it('let the dead go before the newcomer comes, and a newcomer that dies takes nothing with it', () => {
    const group = new Group([ann, bob, cid], [ann, bob, cid]);
    group.crash(cid);
    group.table.join(dan);
    expect(group.settle()).to.deep.equal([
      `add-learner ${dan}`,
      `demote ${cid}`,
      `promote ${dan}`,
      `remove ${cid}`,
    ]);

    const unlucky = new Group([ann, bob, cid], [ann, bob]);
    unlucky.table.apply({ type: 'remove', id: cid });
    unlucky.config = { voters: [ann, bob], learners: [] };
    expect(unlucky.settle(), 'two left by a replacement never become one').to.deep.equal([]);
  });

  it('fall to three when two of five crashed', () => {
    const group = new Group([ann, bob, cid, dan, eve], [ann, bob, cid, dan, eve]);
    group.crash(dan);
    group.crash(eve);
    expect(group.settle()).to.deep.equal([
      `demote ${dan}`,
      `demote ${eve}`,
      `remove ${dan}`,
      `remove ${eve}`,
    ]);
  });

  it('fall below three when one of three leaves in peace', () => {
    const group = new Group([ann, bob, cid], [ann, bob, cid]);
    group.table.status(bob, 'leaving');
    group.table.relieve(bob);
    expect(group.settle()).to.deep.equal([`demote ${bob}`, `demote ${cid}`]);
    expect(group.config.voters).to.deep.equal([ann]);
  });

  it('let one leave in peace after another crashed, and the dead one goes first', () => {
    const group = new Group([ann, bob, cid], [ann, bob, cid]);
    group.crash(cid);
    group.table.status(bob, 'leaving');
    group.table.relieve(bob);
    expect(group.settle()).to.deep.equal([`demote ${cid}`, `demote ${bob}`, `remove ${cid}`]);
    expect(group.config.voters).to.deep.equal([ann]);
  });

  it('pass a leaving leader’s vote to another', () => {
    const group = new Group([ann, bob], [ann]);
    group.table.status(ann, 'leaving');
    group.table.relieve(ann);
    expect(group.settle()).to.deep.equal([`promote ${bob}`, `demote ${ann}`]);
  });

  it('pass the only vote on at once, whatever its holder has to hand over yet', () => {
    const group = new Group([ann, bob], [ann]);
    group.table.status(ann, 'leaving');
    expect(group.settle()).to.deep.equal([`promote ${bob}`, `demote ${ann}`]);
  });

  it('keep who leaves until it has handed over what it holds', () => {
    const group = new Group([ann, bob, cid], [ann, bob, cid]);
    group.table.status(cid, 'leaving');
    expect(group.settle()).to.deep.equal([]);
    group.table.relieve(cid);
    expect(group.settle()).to.deep.equal([`demote ${cid}`, `demote ${bob}`]);
  });

  it('keep the leader when there is one too many', () => {
    const group = new Group([ann, bob, cid, dan], [ann, bob, cid, dan]);
    group.leader = dan;
    expect(brief(group.next())).to.equal(`demote ${cid}`);
  });

  it('replace one that is suspended for long', () => {
    const group = new Group([ann, bob, cid, dan], [ann, bob, cid]);
    group.table.status(bob, 'suspended');
    expect(brief(group.next())).to.equal('');
    group.longGone.add(bob);
    group.dead.add(bob);
    expect(brief(group.next())).to.equal(`demote ${bob}`);
  });

  it('take nobody in beside one that is perhaps dead: of four that lost one, three are needed', () => {
    const group = new Group([ann, bob, cid, dan, eve], [ann, bob, cid]);
    group.table.status(bob, 'suspended');
    expect(brief(group.next())).to.equal('');
    group.table.status(bob, 'up');
    expect(brief(group.next())).to.equal(`promote ${dan}`);
  });

  it('demote nobody where the rest has no majority that is there', () => {
    const group = new Group([ann, bob, cid], [ann, bob, cid]);
    group.dead.add(cid);
    group.table.status(bob, 'leaving');
    group.table.relieve(bob);
    expect(brief(group.next())).to.equal('');
  });
});

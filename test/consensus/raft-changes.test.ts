import { expect } from 'chai';
import { encodeConfig } from '../../src/consensus/config.ts';
import { logSnapshotsMax } from '../../src/consensus/raft-options.ts';
import { SnapshotIntake } from '../../src/consensus/snapshot.ts';
import type { RaftSnapshot } from '../../src/wire/consensus-messages.ts';
import { appendOf, electionMaxMs, entriesOf, Group, heartbeatMs, member } from './raft-script.ts';

const trio = ['ann', 'bob', 'cid'];

describe('a change of the members', () => {
  it('is made only after an entry of the leader\u2019s term is committed (the flaw of 2015)', () => {
    // s1 led in term 1 and brought "add s5" to nobody but s5; s2 is to lead in term 2.
    const four = ['s1', 's2', 's3', 's4'];
    const five = [...four, 's5'].map(member);
    const added = {
      index: 2,
      term: 1,
      kind: 'config',
      body: encodeConfig({ voters: five, learners: [] }),
    } as const;
    const group = new Group();
    for (const name of ['s1', 's5']) group.joinWith(name, [...entriesOf(four, []), added], 1);
    for (const name of ['s2', 's3', 's4']) group.joinWith(name, entriesOf(four, []), 1);
    group.cut('s1', 's5');
    for (const name of ['s1', 's3', 's4', 's5']) group.stall(name, electionMaxMs);
    // Only s3 hears of s2's entries: two of three voters without s1, but no majority of the four.
    const isolated = (name: string) => name === 's1' || name === 's5';
    group.drop((from, to, { kind }) => {
      return isolated(from) !== isolated(to) || (kind === 'raft.append' && to === 's4');
    });
    for (let at = 0; at < 60 && group.leaders().length === 0; at++) group.pass(50);
    expect(group.leaders()).to.deep.equal(['s2']);
    expect(group.change('s2', 'remove', 's1')).to.equal(false);

    group.cut('s1', 's5');
    group.pass(heartbeatMs);
    expect(group.change('s2', 'remove', 's1')).to.equal(true);
    expect(group.core('s2').commit).to.equal(group.core('s2').lastIndex);

    // s1 and s5 with s4 would be a majority of their five; s4 knows better.
    group.cut('s2', 's3');
    for (const name of ['s1', 's4', 's5']) group.stall(name, 0);
    group.pass(5 * electionMaxMs);
    expect(group.leaders()).to.not.include.members(['s1']);
    expect(group.core('s1').term).to.be.below(3);
    group.heal();
    group.pass(3 * electionMaxMs);
    expect(group.leaders()).to.have.length(1);
    expect(group.core('s3').config.voters).to.deep.equal(['s2', 's3', 's4']);
  });

  it('goes one at a time', () => {
    const group = Group.of(trio);
    group.cut('ann');
    expect(group.change('ann', 'add-learner', 'dan')).to.equal(true);
    expect(group.change('ann', 'add-learner', 'eve')).to.equal(false);
    group.heal();
    group.pass(heartbeatMs);
    expect(group.change('ann', 'add-learner', 'eve')).to.equal(true);
  });

  it('to two voters, or from three to two, waits for a word of the other from just now', () => {
    for (const [names, kind, which] of [
      [['ann', 'bob'], 'demote', 'bob'],
      [trio, 'demote', 'cid'],
    ] as const) {
      const group = Group.of(names);
      if (names.length === 2) {
        expect(group.change('ann', kind, which)).to.equal(true);
        group.pass(2 * heartbeatMs);
      }
      const change = names.length === 2 ? 'promote' : kind;
      group.cut('bob');
      group.pass(3 * heartbeatMs);
      expect(group.change('ann', change, which), `${names} without bob`).to.equal(false);
      group.heal();
      group.pass(2 * heartbeatMs);
      expect(group.change('ann', change, which), `${names} with bob`).to.equal(true);
    }
  });

  it('is refused where it does not fit', () => {
    const group = Group.of(['ann', 'bob']);
    expect(group.change('bob', 'remove', 'ann'), 'not by a follower').to.equal(false);
    expect(group.change('ann', 'add-learner', 'bob')).to.equal(false);
    expect(group.change('ann', 'promote', 'bob')).to.equal(false);
    expect(group.change('ann', 'demote', 'eve')).to.equal(false);
    expect(group.change('ann', 'remove', 'eve')).to.equal(false);
    expect(group.change('ann', 'demote', 'bob')).to.equal(true);
    expect(group.change('ann', 'remove', 'ann'), 'not the last voter').to.equal(false);
  });

  it('is taken back when another leader replaces its entry', () => {
    const group = Group.of(trio);
    group.cut('ann');
    group.change('ann', 'remove', 'bob');
    expect(group.core('ann').config.voters).to.deep.equal(['ann', 'cid']);
    group.pass(4 * electionMaxMs);
    group.heal();
    group.pass(electionMaxMs);
    expect(group.leaders()).to.not.deep.equal(['ann']);
    expect(group.core('ann').config.voters).to.deep.equal(trio);
  });

  it('that removes the leader makes it go once that is committed', () => {
    const group = Group.of(trio);
    group.drop((_, to) => to === 'ann');
    expect(group.change('ann', 'remove', 'ann')).to.equal(true);
    expect(group.core('ann').role, 'not before').to.equal('leader');
    group.heal();
    group.pass(heartbeatMs);
    expect(group.core('ann').role).to.equal('follower');
    const { term } = group.core('ann');
    group.pass(5 * electionMaxMs);
    expect(group.leaders()).to.have.length(1);
    expect(group.core('ann').term, 'it never stands again').to.equal(term);
    expect(group.core('bob').config.voters).to.deep.equal(['bob', 'cid']);
  });

  it('that removes the leader is finished by it, if it alone has the entry', () => {
    const group = Group.of(['ann', 'bob']);
    group.cut('ann');
    group.change('ann', 'remove', 'ann');
    group.pass(5 * electionMaxMs);
    expect(group.leaders()).to.deep.equal([]);
    group.heal();
    group.pass(4 * electionMaxMs);
    expect(group.leaders()).to.deep.equal(['bob']);
    expect(group.core('bob').config.voters).to.deep.equal(['bob']);
  });

  it('hands leadership on when it removes the leader', () => {
    const group = Group.of(trio);
    const { term } = group.core('ann');
    group.change('ann', 'remove', 'ann');
    expect(group.leaders()).to.have.length(1);
    expect(group.leaders()).to.not.include('ann');
    expect(group.core(group.leaders()[0]!).term).to.equal(term + 1);
  });

  it('does not halt the group when only a learner has the newest entry', () => {
    // cid's newest config makes dan a voter, whose vote it needs; but dan has an entry of a later leader,
    // which died, and takes itself for a learner. bob lacks both and cannot win cid's vote.
    const group = new Group();
    const promoted = {
      index: 2,
      term: 1,
      kind: 'config',
      body: encodeConfig({ voters: [...trio, 'dan'].map(member), learners: [] }),
    } as const;
    const later = { index: 2, term: 2, kind: 'noop', body: new Uint8Array(0) } as const;
    const start = entriesOf(trio, [], ['dan']);
    group.joinWith('bob', start, 2);
    group.joinWith('cid', [...start, promoted], 1);
    group.joinWith('dan', [...start, later], 2);
    group.pass(3 * electionMaxMs);
    expect(group.leaders(), 'the voters try alone first').to.deep.equal([]);
    group.pass(5 * electionMaxMs);
    expect(group.leaders()).to.have.length(1);
    expect(group.leaders()).to.not.include('dan');
    expect(group.core('cid').config).to.deep.equal({ voters: trio, learners: ['dan'] });
  });

  it('is told to the removed member, which then keeps quiet', () => {
    const group = Group.of(trio);
    group.change('ann', 'remove', 'cid');
    group.pass(electionMaxMs);
    expect(group.core('cid').config.voters).to.deep.equal(['ann', 'bob']);
    group.sent.length = 0;
    group.pass(10 * electionMaxMs);
    expect(group.sent.filter(({ from }) => from === 'cid')).to.deep.equal([]);
    expect(group.sent.filter(({ to }) => to === 'cid')).to.deep.equal([]);
  });

  it('is not brought to the removed voter before it is committed', () => {
    // With the entry cid could not vote for bob, and bob could not do without cid.
    const group = Group.of(trio);
    group.stop('bob');
    group.change('ann', 'remove', 'cid');
    group.pass(heartbeatMs);
    expect(group.core('cid').config.voters).to.deep.equal(trio);
    group.stop('ann');
    group.wake('bob');
    group.pass(6 * electionMaxMs);
    expect(group.leaders().filter((name) => name !== 'ann')).to.have.length(1);
  });

  it('does not let a removed member disturb that has not heard of it', () => {
    const group = Group.of(trio);
    group.cut('cid');
    group.change('ann', 'remove', 'cid');
    group.pass(3 * electionMaxMs);
    const { term } = group.core('ann');
    group.heal();
    group.pass(10 * electionMaxMs);
    expect(group.core('cid').role).to.equal('pre-candidate');
    expect(group.leaders()).to.deep.equal(['ann']);
    expect(group.core('ann').term).to.equal(term);
  });
});

describe('a snapshot', () => {
  const options = { snapshotEvery: 8, chunkBytes: 4 };
  const letters = [...'abcdefghijklmnopqrst'];

  it('takes the place of old entries', () => {
    const group = Group.of(['ann'], options);
    for (const letter of letters) {
      group.propose('ann', letter);
      group.pass(heartbeatMs);
    }
    expect(group.core('ann').termAt(1)).to.equal(undefined);
    expect(group.core('ann').termAt(group.core('ann').lastIndex)).to.equal(1);
  });

  it('reaches a learner that lags, in chunks, some of which are lost', () => {
    const group = Group.of(['ann'], options);
    for (const letter of letters) group.propose('ann', letter);
    group.pass(heartbeatMs);
    group.propose('ann', 'u');

    group.join('bob');
    let chunks = 0;
    group.drop((_, __, { kind }) => kind.startsWith('raft.snapshot') && chunks++ % 3 === 0);
    group.change('ann', 'add-learner', 'bob');
    for (let at = 0; at < 40; at++) group.pass(heartbeatMs);
    expect(chunks).to.be.above(letters.length / 2);
    expect(group.commands('bob')).to.equal(group.commands('ann'));
    expect(group.core('bob').config).to.deep.equal(group.core('ann').config);
    group.heal();
    group.propose('ann', 'v');
    expect(group.commands('bob'), 'entries follow').to.equal(group.commands('ann'));
  });

  it('is sent anew by another leader', () => {
    const group = Group.of(trio, options);
    for (const letter of letters) group.propose('ann', letter);
    group.pass(heartbeatMs);
    group.join('dan');
    let chunks = 0;
    group.drop((_, __, { kind }) => kind === 'raft.snapshot' && chunks++ >= 3);
    group.change('ann', 'add-learner', 'dan');
    expect(chunks).to.equal(4);
    group.heal();
    group.drop((from) => from === 'ann');
    group.pass(4 * electionMaxMs);
    const leader = group.leaders().find((name) => name !== 'ann')!;
    expect(group.commands('dan')).to.equal(group.commands(leader));
    expect(group.commands('dan')).to.equal(letters.join(' '));
  });

  it('is passed on by one that got it itself', () => {
    const group = Group.of(['ann'], options);
    for (const letter of letters) group.propose('ann', letter);
    group.pass(heartbeatMs);
    group.join('bob');
    group.change('ann', 'add-learner', 'bob');
    expect(group.commands('bob')).to.equal(letters.join(' '));
    expect(group.change('ann', 'promote', 'bob')).to.equal(true);
    group.transfer('ann', 'bob');
    expect(group.leaders()).to.deep.equal(['bob']);
    group.join('cid');
    expect(group.change('bob', 'add-learner', 'cid')).to.equal(true);
    expect(group.commands('cid')).to.equal(letters.join(' '));
  });

  it('is not sent over and over to one that is silent', () => {
    const group = Group.of(['ann'], options);
    for (const letter of letters) group.propose('ann', letter);
    group.pass(heartbeatMs);
    group.change('ann', 'add-learner', 'bob');
    group.join('bob');
    group.drop((_, __, { kind }) => kind === 'raft.snapshot');
    group.pass(2 * heartbeatMs);
    group.stop('bob');
    group.pass(2 * electionMaxMs);
    const chunks = () => group.sent.filter(({ message }) => message.kind === 'raft.snapshot');
    expect(chunks()).to.not.deep.equal([]);
    group.sent.length = 0;
    group.pass(10 * electionMaxMs);
    expect(chunks()).to.deep.equal([]);
    expect(group.sent.length).to.be.above(50);
    group.heal();
    group.wake('bob');
    group.pass(20 * heartbeatMs);
    expect(group.commands('bob')).to.equal(letters.join(' '));
  });

  it('is put together from the chunks of one leader only', () => {
    const chunkOf = (term: number, offset: number, text: string): RaftSnapshot => ({
      kind: 'raft.snapshot',
      term,
      round: 1,
      lastIndex: 7,
      lastTerm: 1,
      config: { voters: [], learners: [] },
      offset,
      chunk: new TextEncoder().encode(text),
      done: offset > 0,
    });
    const intake = new SnapshotIntake();
    const [ann, bob] = [member('ann'), member('bob')];
    expect(intake.take(ann, chunkOf(1, 0, 'ann'))).to.equal(undefined);
    expect(intake.take(bob, chunkOf(2, 3, '!'))).to.equal(undefined);
    expect(intake.offset).to.equal(0);
    expect(intake.take(bob, chunkOf(2, 0, 'bob'))).to.equal(undefined);
    expect(intake.take(ann, chunkOf(3, 3, '!'))).to.equal(undefined);
    expect(intake.take(bob, chunkOf(2, 0, 'bob'))).to.equal(undefined);
    expect(intake.take(bob, chunkOf(2, 0, 'bob')), 'twice').to.equal(undefined);
    const whole = intake.take(bob, chunkOf(2, 3, '!'));
    expect(new TextDecoder().decode(whole)).to.equal('bob!');
  });

  it('that nobody provides stops the log at a bound', () => {
    const group = Group.of(['ann'], { snapshotEvery: 8 });
    group.withholdSnapshots();
    const proposed = () => group.propose('ann', 'x');
    for (let at = 0; at < 60; at++) proposed();
    group.pass(heartbeatMs);
    expect(proposed()).to.equal('overloaded');
    expect(group.core('ann').lastIndex).to.be.at.most(logSnapshotsMax * 8 + 1);

    // A follower takes no more than that either, whatever it is sent.
    group.join('bob');
    const entries = entriesOf(
      ['ann'],
      Array.from({ length: 100 }, () => 1),
    );
    const answer = group.answer('bob', 'past', appendOf(1, entries, [0, 0], 100));
    expect(answer).to.include({ accepted: true, index: logSnapshotsMax * 8 });
    expect(group.core('bob').lastIndex).to.equal(logSnapshotsMax * 8);

    group.grantSnapshots();
    group.pass(2 * heartbeatMs);
    expect(proposed()).to.have.property('index');
  });
});

describe('the step from one voter to three', () => {
  /** ann leads and votes alone, and the others follow her log. */
  function alone(others: readonly string[] = ['bob', 'cid']): Group {
    const group = Group.of(['ann']);
    for (const other of others) {
      group.join(other);
      group.change('ann', 'add-learner', other);
      group.pass(heartbeatMs);
    }
    return group;
  }

  it('is one step, after which any two decide', () => {
    const group = alone();
    expect(group.promotePair('ann', 'bob', 'cid')).to.equal(true);
    group.pass(heartbeatMs);
    expect(group.core('cid').config.voters).to.deep.equal(trio);
    group.stop('ann');
    group.pass(2 * electionMaxMs);
    const [next = ''] = group.leaders().filter((name) => name !== 'ann');
    group.propose(next, 'on');
    group.pass(heartbeatMs);
    expect(group.commands('bob')).to.equal('on');
    expect(group.commands('cid')).to.equal('on');
  });

  for (const victim of trio) {
    for (const knows of ['bob', 'cid']) {
      it(`is survived by the others where ${victim} dies when only ${knows} has heard of it`, () => {
        const group = alone();
        group.propose('ann', 'before');
        group.pass(heartbeatMs);
        const deaf = knows === 'bob' ? 'cid' : 'bob';
        group.drop((_, to) => to === deaf);
        expect(group.promotePair('ann', 'bob', 'cid')).to.equal(true);
        group.stop(victim);
        group.heal();
        group.pass(8 * electionMaxMs);
        const [leader = ''] = group.leaders().filter((name) => name !== victim);
        expect(leader).not.to.equal('');
        group.propose(leader, 'after');
        group.pass(heartbeatMs);
        for (const name of trio.filter((one) => one !== victim)) {
          expect(group.commands(name), name).to.equal('before after');
        }
      });
    }
  }

  it('is taken by the only voter alone, with learners that answer', () => {
    const group = alone(['bob', 'cid', 'dan', 'eve', 'fay']);
    expect(group.promotePair('ann', 'bob', 'bob'), 'one twice').to.equal(false);
    expect(group.promotePair('ann', 'bob', 'gus'), 'a stranger').to.equal(false);
    group.stop('cid');
    group.pass(3 * heartbeatMs);
    expect(group.promotePair('ann', 'bob', 'cid'), 'one that does not answer').to.equal(false);
    expect(group.promotePair('bob', 'bob', 'dan'), 'not the leader').to.equal(false);
    expect(group.promotePair('ann', 'bob', 'dan')).to.equal(true);
    group.pass(heartbeatMs);
    expect(group.promotePair('ann', 'eve', 'fay'), 'not the only voter').to.equal(false);
  });
});

import { expect } from 'chai';
import {
  electionMaxMs,
  electionMinMs,
  entriesOf,
  Group,
  heartbeatMs,
  member,
  voteOf,
} from './raft-script.ts';

const trio = ['ann', 'bob', 'cid'];

describe('a new group', () => {
  it('is led by its sole voter from the first tick on', () => {
    const group = Group.of(['ann']);
    expect(group.core('ann').role).to.equal('leader');
    group.propose('ann', 'x');
    expect(group.commands('ann')).to.equal('x');
    expect(group.core('ann').contactAt(group.now)).to.equal(group.now);
  });

  it('brings its log to learners, and counts them only once they are promoted', () => {
    const group = Group.of(['ann']);
    group.join('bob');
    expect(group.change('ann', 'add-learner', 'bob')).to.equal(true);
    group.propose('ann', 'x');
    expect(group.commands('bob')).to.equal('x');

    group.stop('bob');
    group.propose('ann', 'y');
    expect(group.commands('ann'), 'a learner is not waited for').to.equal('x y');
    group.wake('bob');
    group.pass(heartbeatMs);
    expect(group.change('ann', 'promote', 'bob')).to.equal(true);
    group.stop('bob');
    group.propose('ann', 'z');
    expect(group.commands('ann'), 'a voter is').to.equal('x y');
  });

  it('is not disturbed by one that knows nothing and waits', () => {
    const group = new Group();
    group.join('bob');
    group.pass(10 * electionMaxMs);
    expect(group.core('bob').role).to.equal('follower');
    expect(group.core('bob').term).to.equal(0);
    expect(group.sent).to.deep.equal([]);
  });

  it('promotes no learner that does not answer', () => {
    const group = Group.of(['ann']);
    group.change('ann', 'add-learner', 'bob');
    group.pass(heartbeatMs);
    expect(group.change('ann', 'promote', 'bob')).to.equal(false);
    expect(group.change('ann', 'remove', 'bob'), 'but lets it go').to.equal(true);
    expect(group.core('ann').config.learners).to.deep.equal([]);
  });
});

describe('the log of a leader', () => {
  it('replaces every kind of log that followers may have (Raft, figure 7)', () => {
    const logs: Record<string, number[]> = {
      lea: [1, 1, 4, 4, 5, 5, 6, 6, 6],
      a: [1, 1, 4, 4, 5, 5, 6, 6],
      b: [1, 1, 4],
      c: [1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
      d: [1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
      e: [1, 1, 4, 4, 4, 4],
      f: [1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    };
    const group = new Group({ batchEntries: 2 });
    for (const [name, terms] of Object.entries(logs)) {
      const term = name === 'lea' ? 7 : terms.at(-1)!;
      group.joinWith(name, entriesOf(Object.keys(logs), terms), term);
    }
    // Only the leader of the figure stands for election.
    for (const name of 'abcdef') group.stall(name, electionMaxMs);
    group.pass(2 * electionMaxMs);

    expect(group.leaders()).to.deep.equal(['lea']);
    const voters = group.sent
      .filter(({ message }) => message.kind === 'raft.vote-reply' && !message.pre)
      .filter(({ message }) => 'granted' in message && message.granted)
      .map(({ from }) => from);
    expect(voters).to.include.members(['a', 'b', 'e', 'f']);
    expect(voters).to.not.include.members(['c', 'd']);
    for (const name of 'abcdef') {
      expect(group.terms(name), name).to.deep.equal([1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 8]);
    }
  });

  it('commits no entry of an older term by counting copies (Raft, figure 8)', () => {
    const five = ['s1', 's2', 's3', 's4', 's5'];
    const group = new Group({ batchEntries: 1 });
    group.joinWith('s1', entriesOf(five, [2, 2]), 3);
    group.joinWith('s2', entriesOf(five, [2]), 2);
    group.joinWith('s3', entriesOf(five, []), 2);
    group.joinWith('s4', entriesOf(five, []), 2);
    group.joinWith('s5', entriesOf(five, [3]), 3);

    // (c) s1 leads in term 4 and brings its entries of term 2 to s2 and s3, but none of term 4.
    for (const name of ['s2', 's3', 's4', 's5']) group.stall(name, electionMaxMs);
    group.drop((_, to, message) => {
      if (message.kind !== 'raft.append') return false;
      const fits = group.core(to).termAt(message.previousIndex) === message.previousTerm;
      return to > 's3' || (fits && message.entries.some(({ term }) => term === 4));
    });
    for (let at = 0; at < 60 && group.leaders().length === 0; at++) group.pass(50);
    expect(group.leaders()).to.deep.equal(['s1']);
    expect(group.terms('s1')).to.deep.equal([1, 2, 2, 4]);
    expect(group.terms('s3')).to.deep.equal([1, 2, 2]);
    expect(group.core('s1').matchOf(member('s2'))).to.equal(3);
    expect(group.core('s1').matchOf(member('s3'))).to.equal(3);
    expect(group.core('s1').commit, 'a majority has them').to.equal(1);

    // (d) s5 may still lead, and replaces it.
    group.cut('s1');
    group.stall('s5', 0);
    group.pass(4 * electionMaxMs);
    expect(group.core('s5').role).to.equal('leader');
    group.heal();
    group.pass(electionMaxMs);
    const terms = group.terms('s5');
    expect(terms.slice(0, 2)).to.deep.equal([1, 3]);
    for (const name of five) expect(group.terms(name), name).to.deep.equal(terms);
  });

  it('finds the place where a long wrong log parts from it term by term', () => {
    const group = new Group();
    group.joinWith('ann', entriesOf(['ann', 'bob', 'cid'], [1, ...Array(90).fill(5)]), 6);
    group.joinWith('bob', entriesOf(['ann', 'bob', 'cid'], [1, ...Array(90).fill(4)]), 4);
    group.joinWith('cid', entriesOf(['ann', 'bob', 'cid'], [1, ...Array(90).fill(5)]), 6);
    for (const name of ['bob', 'cid']) group.stall(name, electionMaxMs);
    for (let at = 0; at < 60 && group.leaders().length === 0; at++) group.pass(50);
    expect(group.terms('bob')).to.deep.equal(group.terms('ann'));
    const refused = group.sent.filter(
      ({ from, message }) =>
        from === 'bob' && message.kind === 'raft.append-reply' && !message.accepted,
    );
    expect(refused).to.have.length(1);
  });

  it('comes in batches and several at a time, and no more than that', () => {
    const group = Group.of(['ann', 'bob'], { batchEntries: 4, inFlightMax: 2 });
    group.drop((from, _, message) => from === 'bob' && message.kind === 'raft.append-reply');
    group.sent.length = 0;
    for (const letter of 'abcdefgh') group.propose('ann', letter);
    const sizes = () =>
      group.sent.flatMap(({ message }) =>
        message.kind === 'raft.append' && message.entries.length > 0 ? message.entries.length : [],
      );
    expect(sizes()).to.deep.equal([1, 1]);
    group.heal();
    group.pass(heartbeatMs);
    expect(sizes()).to.deep.equal([1, 1, 4, 2]);
    expect(group.commands('bob')).to.equal('a b c d e f g h');
  });

  it('refuses proposals beyond its bound of uncommitted ones', () => {
    const group = Group.of(trio, { uncommittedMax: 3 });
    group.cut('ann');
    for (const letter of 'abc') expect(group.propose('ann', letter)).to.have.property('index');
    expect(group.propose('ann', 'd')).to.equal('overloaded');
    expect(group.propose('bob', 'd')).to.equal('not-leader');
    group.heal();
    group.pass(heartbeatMs);
    expect(group.commands('cid')).to.equal('a b c');
    expect(group.propose('ann', 'd')).to.have.property('index');
  });
});

describe('elections', () => {
  it('do not happen because a member comes back from a long separation', () => {
    const group = Group.of(trio);
    const { term } = group.core('ann');
    group.cut('cid');
    group.pass(10 * electionMaxMs);
    expect(group.core('cid').role).to.equal('pre-candidate');
    expect(group.core('cid').term).to.equal(term);
    group.heal();
    group.pass(electionMaxMs);
    expect(group.core('ann').role).to.equal('leader');
    expect(group.core('ann').term).to.equal(term);
    expect(group.core('cid').leader).to.equal('ann');
  });

  it('are refused by whoever has just heard from a leader, unless the leader wants them', () => {
    const group = Group.of(trio);
    group.pass(heartbeatMs);
    const { term, lastIndex } = group.core('bob');
    const end = [lastIndex + 5, term] as const;
    group.stop('ann');
    group.stop('cid');
    group.now += electionMinMs - heartbeatMs - 50;
    expect(group.answer('bob', 'cid', voteOf(term + 1, end, { pre: true }))).to.include({
      granted: false,
      term,
    });
    expect(group.answer('bob', 'cid', voteOf(term + 1, end))).to.include({ granted: false, term });
    expect(group.core('bob').term, 'it does not even enter the term').to.equal(term);
    const asked = voteOf(term + 1, end, { transfer: true });
    expect(group.answer('bob', 'cid', asked)).to.include({ granted: true, term: term + 1 });
    group.now += electionMinMs;
    expect(group.answer('bob', 'cid', voteOf(term + 2, end))).to.include({ granted: true });
  });

  it('give one vote a term', () => {
    const group = new Group();
    group.joinWith('bob', entriesOf(trio, []), 1);
    group.now += electionMinMs;
    expect(group.answer('bob', 'ann', voteOf(2, [1, 1]))).to.include({ granted: true });
    expect(group.answer('bob', 'cid', voteOf(2, [1, 1]))).to.include({ granted: false });
    expect(group.answer('bob', 'ann', voteOf(2, [1, 1])), 'again').to.include({ granted: true });
  });

  it('are won only with a log that covers those of the voters', () => {
    const group = new Group();
    group.joinWith('bob', entriesOf(trio, [2, 2]), 2);
    group.now += electionMinMs;
    for (const pre of [true, false]) {
      expect(group.answer('bob', 'ann', voteOf(9, [2, 2], { pre }))).to.include({ granted: false });
      expect(group.answer('bob', 'ann', voteOf(9, [9, 1], { pre }))).to.include({ granted: false });
    }
    expect(group.answer('bob', 'ann', voteOf(9, [3, 2]))).to.include({ granted: true });
  });

  it('are put off by a member that was itself stalled', () => {
    const group = Group.of(trio);
    group.stop('ann');
    group.stop('cid');
    group.now += 5 * electionMaxMs;
    group.stall('bob', electionMinMs / 2 + 1);
    group.tick('bob');
    expect(group.core('bob').role).to.equal('follower');
    group.stall('bob', 0);
    group.tick('bob');
    expect(group.core('bob').role, 'the timer began anew').to.equal('follower');
    group.now += electionMaxMs;
    group.tick('bob');
    expect(group.core('bob').role).to.equal('pre-candidate');
  });

  it('are not brought about by the words of strangers', () => {
    const group = Group.of(trio);
    const { term } = group.core('ann');
    const reply = { term: term + 9, round: 1, accepted: false, index: 1 } as const;
    group.receive('ann', 'eve', { kind: 'raft.append-reply', ...reply });
    group.receive('ann', 'eve', {
      kind: 'raft.vote-reply',
      term: term + 9,
      pre: false,
      granted: false,
    });
    expect(group.core('ann').role).to.equal('leader');
    group.receive('ann', 'bob', { kind: 'raft.append-reply', ...reply });
    expect(group.core('ann').role, 'a member of the group is heard').to.equal('follower');
    expect(group.core('ann').term).to.equal(term + 9);
  });
});

describe('a leader', () => {
  it('loses contact, and then its role, when it is cut off', () => {
    const group = Group.of(trio);
    group.pass(heartbeatMs);
    const { term } = group.core('ann');
    const before = group.now;
    group.cut('ann');
    group.pass(electionMaxMs - heartbeatMs);
    expect(group.core('ann').role).to.equal('leader');
    expect(group.core('ann').contactAt(group.now)).to.be.at.most(before);

    group.pass(2 * heartbeatMs);
    expect(group.core('ann').role).to.equal('follower');
    expect(group.core('ann').contactAt(group.now)).to.equal(undefined);
    group.pass(2 * electionMaxMs);
    expect(group.leaders()).to.have.length(1);
    expect(group.core(group.leaders()[0]!).term).to.be.above(term);
  });

  it('counts contact from when a round was sent, however late its answer comes', () => {
    const group = Group.of(trio);
    group.pass(electionMinMs);
    const held: Parameters<Group['receive']>[] = [];
    group.drop((from, to, message) => {
      const isReply = message.kind === 'raft.append-reply' && to === 'ann';
      if (isReply) held.push([to, from, message]);
      return isReply;
    });
    const sentAt = group.now;
    group.propose('ann', 'x');
    group.now += electionMinMs;
    for (const [to, from, message] of [...held]) group.receive(to, from, message);
    expect(group.commands('ann')).to.equal('x');
    expect(group.core('ann').contactAt(group.now)).to.equal(sentAt);
  });

  it('is readable only when an entry of its term is committed', () => {
    const group = Group.of(trio);
    group.stop('ann');
    group.drop((_, __, message) => message.kind === 'raft.append');
    // Without appends the winner hears no answer and steps down at last; look while it leads.
    for (let at = 0; at < 60 && group.leaders().length < 2; at++) group.pass(50);
    const leader = group.leaders().find((name) => name !== 'ann')!;
    expect(group.core(leader).leaderReadable()).to.equal(false);
    expect(group.change(leader, 'remove', 'ann'), 'nor may it change the config').to.equal(false);
    group.heal();
    group.pass(heartbeatMs);
    expect(group.core(leader).leaderReadable()).to.equal(true);
    expect(group.change(leader, 'remove', 'ann')).to.equal(true);
  });

  it('does not blame its voters for a stall of its own', () => {
    const group = Group.of(trio);
    group.now += 3 * electionMaxMs;
    group.stall('ann', 3 * electionMaxMs);
    group.tick('ann');
    expect(group.core('ann').role).to.equal('leader');
  });
});

describe('a transfer of leadership', () => {
  it('makes the chosen voter lead at once, in the next term', () => {
    const group = Group.of(trio);
    const { term } = group.core('ann');
    group.propose('ann', 'x');
    expect(group.transfer('ann', 'cid')).to.equal(true);
    expect(group.leaders()).to.deep.equal(['cid']);
    expect(group.core('cid').term).to.equal(term + 1);
    group.propose('cid', 'y');
    expect(group.commands('ann')).to.equal('x y');
  });

  it('waits until the chosen voter has the whole log', () => {
    const group = Group.of(trio);
    group.cut('cid');
    group.propose('ann', 'x');
    group.transfer('ann', 'cid');
    expect(group.propose('ann', 'y')).to.equal('overloaded');
    expect(group.core('ann').contactAt(group.now), 'it still leads').to.be.a('number');
    group.heal();
    group.pass(heartbeatMs);
    expect(group.leaders()).to.deep.equal(['cid']);
  });

  it('is given up after an election timeout', () => {
    const group = Group.of(trio);
    const { term } = group.core('ann');
    group.cut('cid');
    group.propose('ann', 'x');
    group.transfer('ann', 'cid');
    group.pass(electionMaxMs);
    expect(group.core('ann').term).to.equal(term);
    expect(group.propose('ann', 'y')).to.have.property('index');
  });

  it('ends every claim of the old leader in its term, even when nobody takes over', () => {
    const group = Group.of(trio);
    const { term } = group.core('ann');
    group.drop((_, __, { kind }) => kind === 'raft.timeout-now');
    group.transfer('ann', 'cid');
    group.pass(heartbeatMs);
    expect(group.core('ann').role).to.equal('leader');
    expect(group.core('ann').contactAt(group.now)).to.equal(undefined);
    group.pass(electionMaxMs);
    expect(group.core('ann').role).to.equal('leader');
    expect(group.core('ann').term, 'it claims another one').to.equal(term + 1);
    expect(group.core('ann').contactAt(group.now)).to.be.a('number');
  });
});

import { expect } from 'chai';
import type { Sequence, StreamId, Term } from '../../src/base/ids.ts';
import type { ReplicaAppend, ReplicaCopy } from '../../src/wire/replica-messages.ts';
import { origin, Replicas, type ToyStore } from './replicas.ts';
import { ann, bob, cid } from './table.ts';

/** Ann is the serving primary of those given, and nothing is on its way. */
function servedBy(
  inSync: readonly (typeof ann)[],
  ...more: [Partial<Replicas['limits']>?, number?]
) {
  const replicas = new Replicas(inSync, ...more);
  replicas.settle();
  expect(replicas.at(ann).primary?.isServing, 'serving').to.equal(true);
  return replicas;
}

/** Bob is appointed after ann, and has learnt it. */
function bobAfterAnn(replicas: Replicas): void {
  const term = (replicas.row.term + 1) as Term;
  replicas.change({ primary: bob, term }).learn(bob);
}

describe('a primary', () => {
  it('answers at once when it is the only copy', () => {
    expect(servedBy([ann]).request(ann, 7, '+a')).to.equal('reply 7');
  });

  it('answers a write only when every member in sync has it', () => {
    const replicas = servedBy([ann, bob, cid]);
    expect(replicas.request(ann, 7, '+a')).to.equal('');
    replicas.flush(ann);
    replicas.deliver(({ from, to }) => from === cid || to === cid);
    expect(replicas.said).to.deep.equal([]);
    replicas.deliver();
    expect(replicas.said).to.deep.equal(['reply 7']);
    expect(['10000000', '10000000']).to.deep.equal([replicas.counts(bob), replicas.counts(cid)]);
  });

  it('takes and answers no write while fewer are in sync than it needs', () => {
    const replicas = servedBy([ann, bob], {}, 2);
    expect(replicas.request(ann, 1, '+a')).to.equal('');
    replicas.change({ inSync: [ann] });
    expect(replicas.learn(ann), 'one copy has it').to.equal('');
    expect(replicas.request(ann, 2, '+a')).to.equal('refuse 2 not-ready');
    replicas.change({ learner: bob }).learn(ann, bob);
    replicas.settle();
    replicas.change({ inSync: [ann, bob], learner: undefined });
    expect(replicas.learn(ann)).to.equal('reply 1');
    expect(replicas.request(ann, 3, '+a')).to.equal('');
  });

  it('answers writes in order and together when their copies are there', () => {
    const replicas = servedBy([ann, bob]);
    for (const number of [1, 2, 3]) replicas.request(ann, number, '+a');
    replicas.settle();
    expect(replicas.said).to.deep.equal(['reply 1', 'reply 2', 'reply 3']);
    expect(replicas.replies.get(3)).to.equal('3');
  });

  it('answers a read of an untouched key at once, and one of an unconfirmed key with its write', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    expect(replicas.request(ann, 2, 'a')).to.equal('');
    expect(replicas.request(ann, 3, '*')).to.equal('');
    expect(replicas.request(ann, 4, 'b')).to.equal('reply 4');
    replicas.settle();
    expect(replicas.said).to.deep.equal(['reply 4', 'reply 1', 'reply 2', 'reply 3']);
    expect(replicas.replies.get(2)).to.equal('1');
  });

  it('lets itself be looked at where a read would be answered at once, and nowhere else', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    expect(replicas.glance(ann, 'a'), 'not committed').to.equal(undefined);
    expect(replicas.glance(ann, 'b')).to.equal('0');
    replicas.isLeaseValid = false;
    expect(replicas.glance(ann, 'b'), 'neither committed nor a lease').to.equal(undefined);
    replicas.isLeaseValid = true;
    replicas.settle();
    expect(replicas.glance(ann, 'a')).to.equal('1');
    expect(replicas.glance(bob, 'a'), 'a backup').to.equal(undefined);
    replicas.isLeaseValid = false;
    expect(replicas.glance(ann, 'a'), 'no lease').to.equal(undefined);
    replicas.isLeaseValid = true;
    replicas.isStructureKnown = false;
    expect(replicas.glance(ann, 'a'), 'destroyed').to.equal(undefined);
    replicas.isStructureKnown = true;
    replicas.change({ transferTo: bob }).learn(ann);
    expect(replicas.glance(ann, 'a'), 'about to hand over').to.equal(undefined);
  });

  it('takes nothing without a lease, and keeps answers back until it has one again', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.isLeaseValid = false;
    replicas.deliver();
    expect(replicas.said).to.deep.equal([]);
    expect(replicas.request(ann, 2, 'b')).to.equal('refuse 2 not-ready');
    replicas.isLeaseValid = true;
    expect(replicas.tick(ann)).to.include('reply 1');
  });

  it('checks its lease also where it is the only copy', () => {
    const replicas = servedBy([ann]);
    replicas.isLeaseValid = false;
    expect(replicas.request(ann, 1, '+a')).to.equal('refuse 1 not-ready');
    expect(replicas.counts(ann)).to.not.include('1');
  });

  it('answers as the only copy, too, only where it still has a lease by then', () => {
    const replicas = servedBy([ann]);
    replicas.leaseLooksLeft = 1;
    expect(replicas.request(ann, 1, '+a')).to.equal('');
    expect(replicas.counts(ann)).to.equal('10000000');
    replicas.leaseLooksLeft = Number.POSITIVE_INFINITY;
    expect(replicas.tick(ann)).to.include('reply 1');
    expect(replicas.request(ann, 2, '+a')).to.equal('reply 2');
  });

  it('runs a retried op once, and answers where the retry came from', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a', 1);
    replicas.request(ann, 2, '+a', 1);
    replicas.settle();
    expect(replicas.said).to.deep.equal(['reply 2']);
    expect(replicas.request(ann, 3, '+a', 1)).to.equal('reply 3');
    expect([replicas.replies.get(3), replicas.counts(ann)]).to.deep.equal(['1', '10000000']);
  });

  it('says that an op below the caller’s watermark is stale', () => {
    const replicas = servedBy([ann]);
    for (const number of [1, 2, 3]) replicas.request(ann, number, '+a');
    const late = { firstIncomplete: 3 };
    expect(late.firstIncomplete).to.equal(3);
    replicas.at(ann).state.options.content.dedupe.expire(replicas.nowMs + 200_000);
    expect(replicas.request(ann, 9, '+a', 2)).to.equal('refuse 9 stale');
  });

  it('is busy at its bound of unconfirmed changes', () => {
    const replicas = servedBy([ann, bob], { changesInFlightMax: 2 });
    replicas.request(ann, 1, '+a');
    replicas.request(ann, 2, '+a');
    expect(replicas.request(ann, 3, '+a')).to.equal('refuse 3 busy');
    replicas.settle();
    expect(replicas.request(ann, 4, '+a', 3)).to.equal('');
  });

  it('never turns a retry away as if its op had not run', () => {
    const busy = servedBy([ann, bob], { changesInFlightMax: 1 });
    busy.request(ann, 1, '+a', 1);
    expect(busy.request(ann, 2, '+a', 1)).to.equal('refuse 2 interrupted');
    expect(busy.request(ann, 3, '+a', 2)).to.equal('refuse 3 busy');
    const leaseless = servedBy([ann, bob]);
    leaseless.request(ann, 1, '+a', 1);
    leaseless.isLeaseValid = false;
    expect(leaseless.request(ann, 2, '+a', 1)).to.equal('refuse 2 interrupted');
    expect(leaseless.request(ann, 3, '+a', 2)).to.equal('refuse 3 not-ready');
  });

  it('gives a retry its result also where the structure was destroyed since', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a', 1);
    replicas.settle();
    replicas.request(ann, 2, '+a', 2);
    replicas.isStructureKnown = false;
    expect(replicas.request(ann, 3, '+a', 1)).to.equal('reply 3');
    expect(replicas.replies.get(3)).to.equal('1');
    expect(replicas.request(ann, 4, '+a', 2), 'not confirmed').to.equal('');
    expect(replicas.request(ann, 5, '+a', 3)).to.equal('refuse 5 no-structure');
    replicas.settle();
    expect(replicas.said.at(-1)).to.equal('reply 4');
  });

  it('is busy at its bound of unconfirmed bytes', () => {
    const replicas = servedBy([ann, bob], { changeBytesInFlightMax: 3 });
    replicas.request(ann, 1, '+a');
    expect(replicas.request(ann, 2, '+a')).to.equal('refuse 2 busy');
  });

  it('keeps no result that would make an entry too large for a frame, and tells a retry so', () => {
    const replicas = servedBy([ann, bob], { frameBytesMax: 4_096 + 2 });
    replicas.request(ann, 1, '+a');
    replicas.settle();
    expect(replicas.said, 'the first answer').to.deep.equal(['reply 1']);
    expect(replicas.request(ann, 2, '+a', 1)).to.equal('refuse 2 result-gone');
    expect([replicas.counts(ann), replicas.counts(bob)]).to.deep.equal(['10000000', '10000000']);
    expect(replicas.at(bob).state.log.at((origin + 1) as Sequence)?.result).to.equal(undefined);
  });

  it('answers a read that waits when a write gives it something', () => {
    const replicas = servedBy([ann, bob]);
    expect(replicas.request(ann, 9, '?a')).to.equal('');
    for (const number of [1, 2, 3]) {
      expect(replicas.replies.has(9)).to.equal(false);
      replicas.request(ann, number, '+a');
      replicas.settle();
    }
    expect(replicas.replies.get(9)).to.equal('3');
  });

  it('answers a read that waits in vain after its time, however often it was woken', () => {
    const replicas = servedBy([ann]);
    replicas.request(ann, 9, '?a');
    for (const number of [1, 2]) {
      replicas.tick(ann, 2_400);
      replicas.request(ann, number, '+a');
      replicas.flush(ann);
    }
    expect(replicas.replies.has(9)).to.equal(false);
    replicas.tick(ann, 200);
    expect(replicas.replies.get(9)).to.equal('');
  });

  it('sends a read away that waited in vain, where it has no lease any more', () => {
    const replicas = servedBy([ann]);
    replicas.request(ann, 9, '?a');
    replicas.isLeaseValid = false;
    expect(replicas.tick(ann, 5_000)).to.equal('refuse 9 not-ready');
    expect(replicas.replies.has(9)).to.equal(false);
  });

  it('keeps nothing of what is confirmed, here and at its backup, and all that is not', () => {
    const replicas = servedBy([ann, bob], { frameBytesMax: 2 ** 24 });
    for (let number = 1; number <= 600; number++) {
      replicas.request(ann, number, '+a');
      if (number !== 500) continue;
      replicas.settle();
      // An idle peer hears of the commit.
      replicas.tick(ann);
      replicas.settle();
    }
    for (const id of [ann, bob]) {
      const { log, commit } = replicas.at(id).state;
      expect(commit, 'the commit').to.equal(origin + 500);
      expect(log.floor, `${id}`).to.equal(origin + 500);
      expect(log.last, `${id}`).to.equal(id === ann ? origin + 600 : origin + 500);
    }
    replicas.settle();
    expect(replicas.replies.size).to.equal(600);
  });

  it('passes on what its store refuses, and goes on', () => {
    const replicas = servedBy([ann]);
    expect(replicas.request(ann, 1, '!')).to.equal('fail 1 GRID_BAD_VALUE');
    expect(replicas.request(ann, 2, '+a')).to.equal('reply 2');
  });

  it('refuses a write without an op sequence', () => {
    expect(servedBy([ann]).request(ann, 1, '+a', 0)).to.equal('fail 1 GRID_BAD_VALUE');
  });

  it('refuses ops on a structure that was destroyed, at once', () => {
    const replicas = servedBy([ann]);
    replicas.request(ann, 1, '+a');
    replicas.isStructureKnown = false;
    expect(replicas.request(ann, 2, '+a')).to.equal('refuse 2 no-structure');
  });

  it('sends again what was lost, and the peer takes it once', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.sent = [];
    replicas.tick(ann, 201);
    expect(replicas.sent).to.have.length(1);
    const [again] = replicas.sent;
    replicas.settle();
    if (again !== undefined) replicas.give(again);
    expect([replicas.said, replicas.counts(bob)]).to.deep.equal([['reply 1'], '10000000']);
  });

  it('is followed by a peer whose table is behind as soon as that has caught up, without a resend', () => {
    const replicas = servedBy([ann, bob]);
    replicas.behind.add(bob);
    for (const number of [1, 2]) {
      replicas.request(ann, number, '+a');
      replicas.settle();
    }
    expect([replicas.said, replicas.counts(bob)]).to.deep.equal([[], 'none']);
    expect(replicas.at(bob).isBehind).to.equal(true);
    replicas.learnt(bob);
    replicas.settle();
    expect(replicas.said).to.deep.equal(['reply 1', 'reply 2']);
    expect([replicas.counts(bob), replicas.at(bob).isBehind]).to.deep.equal(['20000000', false]);
  });

  it('is followed by a peer whose table was behind with the next that comes, at the latest', () => {
    const replicas = servedBy([ann, bob]);
    replicas.behind.add(bob);
    for (let number = 1; number <= 40; number++) {
      replicas.request(ann, number, '+a');
      replicas.settle();
    }
    replicas.behind.delete(bob);
    replicas.tick(ann, 10_000);
    replicas.settle();
    replicas.tick(ann, 10_000);
    replicas.settle();
    expect(replicas.replies.size).to.equal(40);
    expect(replicas.counts(bob)).to.equal(replicas.counts(ann));
  });

  it('takes nothing that waited for the table once another stream is listened to', () => {
    const replicas = servedBy([ann, bob, cid]);
    replicas.behind.add(bob);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.deliver(({ from, to }) => from === cid || to === cid);
    expect(replicas.at(bob).isBehind).to.equal(true);
    replicas.sent = [];
    const term = (replicas.row.term + 1) as Term;
    replicas.change({ primary: cid, term }).learn(cid);
    replicas.deliver(({ to }) => to === ann);
    replicas.learnt(bob);
    expect(replicas.counts(bob)).to.not.equal('10000000');
  });

  it('tells an idle peer what is committed', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.settle();
    replicas.tick(ann, 10);
    replicas.settle();
    expect(replicas.at(bob).state.commit).to.equal(origin + 1);
  });

  it('that is replaced says of what is pending that its successor knows', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.request(ann, 2, 'a');
    replicas.change({ primary: bob, term: 2 as Term });
    expect(replicas.learn(ann)).to.equal('refuse 1 interrupted, refuse 2 not-primary');
    expect(replicas.request(ann, 3, 'a')).to.equal('refuse 3 not-primary');
  });

  it('ignores acknowledgements of another stream and of another term', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    const [append] = replicas.sent.map(({ message }) => message as ReplicaAppend);
    replicas.sent = [];
    const { term = 0, stream = 0 } = append ?? {};
    const last = (origin + 1) as Sequence;
    const ack = (acked: { term?: number; stream?: number }) =>
      replicas.give({
        from: bob,
        to: ann,
        message: {
          kind: 'replica.ack',
          partition: 0 as ReplicaAppend['partition'],
          term: (acked.term ?? term) as Term,
          stream: (acked.stream ?? stream) as StreamId,
          last,
          chunks: 0,
        },
      });
    expect(ack({ stream: stream - 1 })).to.equal('');
    expect(ack({ stream: stream + 1 })).to.equal('');
    expect(ack({ term: term + 1 })).to.equal('');
    expect(ack({})).to.equal('reply 1');
  });
});

describe('the in-sync set of a primary', () => {
  it('shrinks by a proposal when a peer no longer serves, and only the committed row lets its ack go', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.away.add(bob);
    expect(replicas.tick(ann)).to.include(`alter ${ann}`);
    replicas.tick(ann, 100);
    expect(replicas.said.filter((text) => text.startsWith('reply'))).to.deep.equal([]);
    replicas.change({ inSync: [ann] });
    expect(replicas.learn(ann)).to.equal('reply 1');
  });

  it('waits for a silent peer for two seconds, and repeats its proposal', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.tick(ann, 2_000);
    expect(replicas.said).to.deep.equal([]);
    replicas.tick(ann, 1);
    replicas.tick(ann, 201);
    expect(replicas.said).to.deep.equal([`alter ${ann}`, `alter ${ann}`]);
  });

  it('withdraws the proposal when the peer answers again', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.tick(ann, 2_001);
    replicas.settle();
    replicas.said = [];
    for (let tick = 0; tick < 5; tick++) replicas.tick(ann, 250);
    expect(replicas.said).to.deep.equal([]);
  });

  it('prunes at once where the link of a lagging peer is refused', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.refused.add(bob);
    expect(replicas.tick(ann, 1)).to.include(`alter ${ann}`);
  });

  it('grows by a learner that has a copy of all, which then has to confirm before it is in', () => {
    const replicas = servedBy([ann]);
    for (const number of [1, 2, 3]) replicas.request(ann, number, '+b');
    replicas.change({ learner: bob }).learn(ann, bob);
    replicas.settle();
    expect(replicas.said.at(-1)).to.equal(`alter ${ann},${bob}`);
    expect(replicas.counts(bob)).to.equal('03000000');
    expect([...(replicas.at(ann).primary?.ackSet ?? [])]).to.deep.equal([bob]);
    replicas.said = [];
    replicas.request(ann, 4, '+b');
    expect(replicas.said).to.deep.equal([]);
    replicas.settle();
    expect(replicas.said).to.deep.equal(['reply 4']);
  });

  it('does not propose a learner before its copy is whole', () => {
    const replicas = servedBy([ann], { copyChunkBytes: 1, copyChunksInFlightMax: 1 });
    replicas.request(ann, 1, '+h');
    replicas.change({ learner: bob }).learn(ann, bob);
    replicas.flush(ann);
    const isLast = (message: object) => (message as ReplicaCopy).last === true;
    replicas.deliver(({ message }) => isLast(message));
    expect(replicas.at(bob).state).to.include({ isWhole: false, chunks: 8 });
    expect(replicas.said.filter((text) => text.startsWith('alter'))).to.deep.equal([]);
    replicas.deliver();
    expect(replicas.at(bob).state.isWhole).to.equal(true);
    expect(replicas.said).to.include(`alter ${ann},${bob}`);
  });

  it('copies while writes go on, in small pieces, and ends up equal', () => {
    const replicas = servedBy([ann], { copyChunkBytes: 1, copyChunksInFlightMax: 2 });
    replicas.request(ann, 1, '+a');
    replicas.change({ learner: bob }).learn(ann, bob);
    for (let write = 2; write < 30; write++) {
      replicas.request(ann, write, `+${'abcdefgh'[write % 8]}`);
      replicas.flush(ann);
      replicas.deliver(() => replicas.sent.length < 4);
    }
    replicas.settle();
    expect(replicas.counts(bob)).to.equal(replicas.counts(ann));
    expect(replicas.at(bob).state.isWhole).to.equal(true);
  });

  it('has what was not committed when its copy began as entries, and knows that it was not', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.settle();
    for (const number of [2, 3]) replicas.request(ann, number, '+b');
    replicas.change({ learner: cid }).learn(ann, cid);
    replicas.flush(ann);
    replicas.deliver(({ from, to }) => from === bob || to === bob);
    const { log, commit, isWhole } = replicas.at(cid).state;
    expect([isWhole, log.floor, log.last, commit]).to.deep.equal([
      true,
      origin + 1,
      origin + 3,
      origin + 1,
    ]);
    expect(replicas.counts(cid)).to.equal(replicas.counts(ann));
  });

  it('slows writers down who would outrun it for ever', () => {
    const replicas = servedBy([ann], { changesInFlightMax: 8 });
    replicas.change({ learner: cid }).learn(ann, cid);
    let number = 0;
    const answers: string[] = [];
    const isProposed = () => replicas.said.includes(`alter ${ann},${cid}`);
    for (let round = 0; round < 60 && !isProposed(); round++) {
      // What is sent in one round arrives in the next, however much is written meanwhile.
      const arriving = replicas.sent;
      replicas.sent = [];
      for (let write = 0; write < 6; write++) {
        answers.push(replicas.request(ann, ++number, '+a').replace(/ \d+/, ''));
      }
      for (const sent of arriving) replicas.give(sent);
      replicas.flush(ann, cid);
      replicas.tick(ann, 25);
    }
    expect(isProposed()).to.equal(true);
    expect(answers).to.include.members(['reply', 'refuse busy']);
  });

  it('holds writers up for two seconds where it does not answer, and never again', () => {
    const replicas = servedBy([ann], { changesInFlightMax: 8 });
    replicas.change({ learner: cid }).learn(ann);
    const answers = [];
    for (let number = 1; number <= 60; number++) {
      answers.push(replicas.request(ann, number, '+a').split(' ')[0]);
      replicas.tick(ann, 100);
    }
    const refused = answers.lastIndexOf('refuse');
    expect([answers.indexOf('refuse'), refused]).to.deep.equal([4, 20]);
    expect(answers.slice(refused + 1)).to.have.length(39);
  });

  it('takes the results of earlier ops along with a copy', () => {
    const replicas = servedBy([ann]);
    replicas.request(ann, 1, '+a', 1);
    replicas.change({ learner: bob }).learn(ann, bob);
    replicas.settle();
    replicas.change({ inSync: [ann, bob], learner: undefined }).learn(ann, bob);
    replicas.change({ inSync: [bob], primary: bob, term: 2 as Term }).learn(bob);
    replicas.settle();
    expect(replicas.request(bob, 2, '+a', 1)).to.equal('reply 2');
    expect([replicas.replies.get(2), replicas.counts(bob)]).to.deep.equal(['1', '10000000']);
  });

  it('takes uncommitted entries along, so that a learner that is promoted can pass them on', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.sent = [];
    replicas.change({ learner: cid }).learn(ann, cid);
    replicas.flush(ann);
    replicas.deliver(({ to }) => to === bob);
    expect(replicas.at(cid).state.commit, 'nothing is committed by a copy').to.equal(origin);
    replicas.sent = [];
    replicas.away.add(ann);
    replicas.change({ inSync: [bob, cid], primary: cid, term: 2 as Term, learner: undefined });
    replicas.learn(bob, cid);
    replicas.settle();
    expect(replicas.at(cid).primary?.isServing).to.equal(true);
    expect(replicas.counts(bob)).to.equal('10000000');
  });

  it('waits for a place where the member gives too many copies already', () => {
    const replicas = servedBy([ann]);
    replicas.copyPlaces = 0;
    replicas.change({ learner: bob }).learn(ann, bob);
    replicas.settle();
    expect(replicas.sent).to.have.length(0);
    replicas.copyPlaces = 1;
    replicas.tick(ann);
    replicas.settle();
    expect(replicas.copyPlaces, 'given back').to.equal(1);
    expect(replicas.said).to.include(`alter ${ann},${bob}`);
  });

  it('gives a pruned member that comes back a new stream, and listens to the old one no more', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    const late = [...replicas.sent];
    replicas.sent = [];
    replicas.change({ inSync: [ann] }).learn(ann);
    replicas.change({ learner: bob }).learn(ann, bob);
    for (const one of late) replicas.give(one);
    replicas.flush(ann, bob);
    const streams = (sent: typeof late) =>
      sent.map(({ message }) => 'stream' in message && message.stream);
    const old = streams(late);
    expect(old).to.have.length.above(0);
    const copy = replicas.sent.filter(({ message }) => message.kind === 'replica.copy');
    expect(copy).to.have.length.above(0);
    expect(streams(copy), 'of the copy').to.not.include.oneOf(old);
    replicas.deliver(({ message }) => message.kind === 'replica.copy');
    expect(replicas.said.filter((text) => text.startsWith('alter'))).to.deep.equal([]);
    replicas.settle();
    expect(replicas.said.at(-1)).to.equal(`alter ${ann},${bob}`);
    for (const one of late) replicas.give(one);
    replicas.flush(bob);
    expect(replicas.sent, 'what came too late is not answered').to.deep.equal([]);
    expect(replicas.counts(bob)).to.equal('10000000');
  });

  it('begins a learner’s copy anew where versions of the row were skipped', () => {
    const replicas = servedBy([ann]);
    replicas.change({ learner: bob }).learn(ann, bob);
    replicas.settle();
    // The learner was given up and appointed again, and has dropped what it had.
    replicas.forget(bob);
    replicas.change({ learner: undefined }).change({ learner: bob });
    replicas.said = [];
    replicas.learn(ann, bob);
    replicas.flush(ann);
    expect(replicas.said, 'nothing is proposed before the copy').to.deep.equal([]);
    replicas.deliver();
    expect(replicas.said).to.deep.equal([`alter ${ann},${bob}`]);
    expect(replicas.at(bob).state.isWhole).to.equal(true);
  });

  it('gives up the spare copy once there are more than wanted, the slowest first', () => {
    const replicas = servedBy([ann, bob, cid]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.deliver(({ to }) => to === bob);
    expect(replicas.tick(ann)).to.include(`alter ${ann},${cid}`);
  });

  it('gives up the copy of the one that retires, not of the slowest, and not before its successor is in', () => {
    const replicas = servedBy([ann, bob]);
    replicas.change({ learner: cid, retiring: bob }).learn(ann, cid);
    expect(replicas.tick(ann)).to.not.include('alter');
    replicas.settle();
    expect(replicas.said).to.deep.equal([`alter ${ann},${bob},${cid}`]);
    replicas.change({ inSync: [ann, bob, cid], learner: undefined }).learn(ann);
    expect(replicas.tick(ann)).to.include(`alter ${ann},${cid}`);
  });

  it('prunes nobody where it is to retire itself: it hands over, and its successor lets it go', () => {
    const replicas = servedBy([ann, bob, cid]);
    replicas.change({ retiring: ann }).learn(ann);
    expect(replicas.tick(ann)).to.not.include('alter');
    replicas.change({ primary: bob, term: 2 as Term }).learn(ann, bob, cid);
    replicas.settle();
    expect(replicas.tick(bob)).to.include(`alter ${bob},${cid}`);
  });

  it('gives a learner up that gets nowhere, and not one that gets on', () => {
    const replicas = servedBy([ann, bob], { copyChunkBytes: 1, copyChunksInFlightMax: 1 });
    replicas.request(ann, 1, '+a');
    replicas.settle();
    replicas.said = [];
    replicas.change({ learner: cid }).learn(ann, cid);
    let isCut = false;
    const exchange = () => {
      const { sent } = replicas;
      replicas.sent = [];
      for (const one of sent) if (!isCut) replicas.give(one);
      replicas.flush(ann, cid);
    };
    replicas.flush(ann);
    // A chunk in 6 seconds is slow, and enough.
    for (let half = 0; half < 6; half++) {
      replicas.tick(ann, 3_000);
      exchange();
    }
    expect(replicas.said).to.deep.equal([]);
    isCut = true;
    for (let second = 0; second < 9; second++) {
      replicas.tick(ann, 1_000);
      exchange();
    }
    expect(replicas.said).to.deep.equal([]);
    replicas.tick(ann, 2_000);
    expect(replicas.said).to.deep.equal([`alter ${ann},${bob}`]);
  });

  it('hands over in the turn in which everything is confirmed, and runs nothing meanwhile', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.change({ transferTo: bob }).learn(ann);
    expect(replicas.request(ann, 2, '+b')).to.equal('');
    expect(replicas.tick(ann, 1)).to.equal('');
    replicas.deliver();
    expect(replicas.said).to.deep.equal(['reply 1', `hand over to ${bob}`]);
    expect(replicas.counts(ann)).to.equal('10000000');
  });

  it('runs what waited for a handover where that is given up, in order', () => {
    const replicas = servedBy([ann, bob]);
    replicas.change({ transferTo: bob }).learn(ann);
    for (const number of [1, 2]) replicas.request(ann, number, '+a');
    replicas.change({ transferTo: undefined }).learn(ann);
    expect(replicas.request(ann, 3, '+a')).to.equal('');
    replicas.settle();
    expect([1, 2, 3].map((number) => replicas.replies.get(number))).to.deep.equal(['1', '2', '3']);
  });

  it('sends what waited for a handover on to its successor', () => {
    const replicas = servedBy([ann, bob]);
    replicas.change({ transferTo: bob }).learn(ann);
    replicas.request(ann, 1, '+a');
    replicas.change({ primary: bob, term: 2 as Term, transferTo: undefined });
    expect(replicas.learn(ann)).to.equal('refuse 1 not-primary');
  });

  it('lets nothing wait for a handover longer than half a second, nor more than its bounds', () => {
    const replicas = servedBy([ann, bob]);
    replicas.change({ transferTo: bob }).learn(ann);
    for (let number = 1; number <= 1_024; number++) replicas.request(ann, number, 'a');
    expect(replicas.request(ann, 1_025, 'a')).to.equal('refuse 1025 not-ready');
    replicas.said = [];
    replicas.tick(ann, 499);
    expect(replicas.said).to.deep.equal([`hand over to ${bob}`]);
    replicas.said = [];
    replicas.tick(ann, 1);
    expect(replicas.said.filter((text) => text.endsWith('not-ready'))).to.have.length(1_024);
    const large = 'x'.repeat(4_194_304);
    expect(replicas.request(ann, 2_000, large)).to.equal('');
    expect(replicas.request(ann, 2_001, 'a')).to.equal('refuse 2001 not-ready');
  });
});

describe('a promotion', () => {
  it('waits for every member in sync', () => {
    const replicas = servedBy([ann, bob, cid]);
    bobAfterAnn(replicas);
    replicas.deliver(({ from, to }) => from === ann && to === bob);
    expect(replicas.at(bob).role).to.equal('promotion');
    expect(replicas.request(bob, 1, 'a')).to.equal('');
    replicas.deliver();
    expect(replicas.at(bob).role).to.equal('primary');
    replicas.settle();
    expect(replicas.replies.get(1), 'what came too early has waited').to.equal('0');
    expect(replicas.request(bob, 2, 'a')).to.equal('reply 2');
  });

  it('goes on without one that is silent only once the row no longer names it', () => {
    const replicas = servedBy([ann, bob, cid]);
    replicas.away.add(ann);
    bobAfterAnn(replicas);
    replicas.deliver();
    expect(replicas.tick(bob, 1)).to.equal(`alter ${bob},${cid}`);
    expect(replicas.at(bob).role).to.equal('promotion');
    replicas.change({ inSync: [bob, cid] }).learn(bob);
    expect(replicas.at(bob).role).to.equal('primary');
  });

  it('prunes one that serves and is silent after two seconds', () => {
    const replicas = servedBy([ann, bob]);
    bobAfterAnn(replicas);
    replicas.sent = [];
    expect(replicas.tick(bob, 2_000)).to.not.include('alter');
    replicas.sent = [];
    expect(replicas.tick(bob, 1)).to.equal(`alter ${bob}`);
  });

  it('takes the longest log, brings the others up, and commits it before it serves', () => {
    const replicas = servedBy([ann, bob, cid]);
    replicas.request(ann, 1, '+a');
    replicas.request(ann, 2, '+b');
    replicas.flush(ann);
    replicas.deliver(({ to }) => to !== cid);
    replicas.sent = [];
    replicas.away.add(ann);
    replicas.change({ inSync: [bob, cid] });
    bobAfterAnn(replicas);
    replicas.deliver(({ message }) => message.kind === 'replica.append');
    expect(replicas.counts(bob)).to.equal('11000000');
    replicas.settle();
    expect(replicas.at(bob).primary?.isServing).to.equal(true);
    expect(replicas.at(bob).state.commit).to.equal(origin + 2);
    expect(replicas.request(bob, 3, '+a', 1), 'the retry finds it').to.equal('reply 3');
    expect(replicas.replies.get(3)).to.equal('1');
  });

  it('does not serve before the tail that it found is with everybody in sync', () => {
    const replicas = servedBy([ann, bob, cid]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.deliver(({ to }) => to === cid);
    replicas.sent = [];
    replicas.away.add(ann);
    replicas.change({ inSync: [bob, cid] });
    bobAfterAnn(replicas);
    replicas.flush(bob);
    replicas.deliver(({ message }) => message.kind === 'replica.append');
    expect(replicas.at(bob).role).to.equal('primary');
    expect(replicas.request(bob, 2, 'a')).to.equal('');
    replicas.deliver();
    expect(replicas.replies.get(2)).to.equal('1');
    expect(replicas.request(bob, 3, 'a')).to.equal('reply 3');
    expect(replicas.replies.get(3)).to.equal('1');
  });

  it('fences its predecessor: what that sent before is worth nothing', () => {
    const replicas = servedBy([ann, bob, cid]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    const late = replicas.sent;
    replicas.sent = [];
    replicas.change({ inSync: [bob, cid] });
    bobAfterAnn(replicas);
    replicas.settle();
    for (const one of late) replicas.give(one);
    replicas.settle();
    expect([replicas.counts(bob), replicas.counts(cid)]).to.deep.equal(['none', 'none']);
    expect(replicas.said).to.deep.equal([]);
  });

  it('goes on from a tail as long as its log, though it has to wait for another copy first', () => {
    const replicas = servedBy([ann, bob, cid], { changesInFlightMax: 4 }, 3);
    replicas.request(ann, 1, '+a');
    replicas.settle();
    for (const number of [2, 3, 4, 5]) replicas.request(ann, number, '+a');
    replicas.flush(ann);
    replicas.sent = replicas.sent.filter(({ to }) => to === cid);
    replicas.deliver(({ to }) => to === ann);
    replicas.sent = [];
    expect(replicas.at(bob).state.log.last - replicas.at(bob).state.commit).to.equal(1);
    replicas.forget(ann);
    replicas.change({ inSync: [bob, cid], primary: bob, term: 2 as Term }).learn(bob, cid);
    replicas.settle();
    expect(replicas.at(bob).state.log.last, 'the tail is there').to.equal(origin + 5);
    replicas.change({ learner: ann }).learn(ann, bob, cid);
    replicas.settle();
    expect(replicas.said.at(-1)).to.equal(`alter ${bob},${cid},${ann}`);
    replicas.change({ inSync: [bob, cid, ann], learner: undefined }).learn(ann, bob, cid);
    replicas.settle();
    expect(replicas.at(bob).primary?.isServing).to.equal(true);
    expect(replicas.counts(ann)).to.equal('50000000');
  });

  it('makes its predecessor a backup at once, with what that has', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.sent = [];
    bobAfterAnn(replicas);
    replicas.settle();
    expect(replicas.said).to.deep.equal(['refuse 1 interrupted']);
    expect(replicas.at(ann).role).to.equal('backup');
    expect(replicas.counts(bob), 'pulled from it').to.equal('10000000');
  });

  it('is repeated until it is answered, and prunes whoever does not give its tail', () => {
    const replicas = servedBy([ann, bob, cid]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.deliver(({ to }) => to === bob);
    replicas.sent = [];
    replicas.away.add(ann);
    replicas.change({ inSync: [bob, cid] });
    bobAfterAnn(replicas);
    replicas.sent = [];
    expect(replicas.tick(bob, 201)).to.include('fence');
    replicas.deliver(({ message }) => message.kind === 'replica.pull');
    replicas.sent = [];
    expect(replicas.tick(bob, 201)).to.include('pull');
    replicas.sent = [];
    replicas.tick(bob, 2_001);
    expect(replicas.said).to.include(`alter ${bob}`);
  });

  it('ends when a later primary is there', () => {
    const replicas = servedBy([ann, bob, cid]);
    replicas.away.add(ann);
    bobAfterAnn(replicas);
    replicas.change({ primary: cid, term: 3 as Term }).learn(cid);
    replicas.deliver();
    expect(replicas.at(bob).role).to.equal('backup');
  });

  it('is not ended by the late fence of an earlier one', () => {
    const replicas = servedBy([ann, bob, cid]);
    replicas.change({ primary: cid, term: 2 as Term }).learn(cid);
    const late = replicas.sent.filter(({ to }) => to === bob);
    replicas.sent = [];
    replicas.change({ primary: bob, term: 3 as Term }).learn(bob);
    replicas.settle();
    expect(late).to.have.length(1);
    for (const one of late) expect(replicas.give(one)).to.equal('');
    expect(replicas.at(bob).role).to.equal('primary');
    expect(replicas.at(bob).state.term).to.equal(3);
  });

  it('does not begin on content that is not whole', () => {
    const replicas = servedBy([ann], { copyChunkBytes: 1, copyChunksInFlightMax: 1 });
    replicas.request(ann, 1, '+a');
    replicas.change({ learner: bob }).learn(ann, bob);
    replicas.flush(ann);
    const [first] = replicas.sent;
    if (first !== undefined) replicas.give(first);
    replicas.change({ primary: bob, term: 2 as Term, inSync: [bob], learner: undefined });
    replicas.learn(bob);
    expect(replicas.at(bob).role).to.equal('backup');
    expect(replicas.request(bob, 1, 'a')).to.equal('refuse 1 not-ready');
  });
});

describe('a backup', () => {
  /** Ann’s fence of a later term, as bob answers it. */
  function fenced(replicas: Replicas, generation: number): string {
    const { stream, streamTerm } = replicas.at(bob).state;
    const message = {
      kind: 'replica.fence',
      partition: 0 as ReplicaAppend['partition'],
      term: (streamTerm + 1) as Term,
      generation,
      stream: (stream + 1) as StreamId,
    } as const;
    return replicas.give({ from: ann, to: bob, message });
  }

  it('answers a fence from content of the same generation only', () => {
    const replicas = servedBy([ann, bob]);
    expect(fenced(replicas, 2)).to.equal('');
    expect(fenced(replicas, 1)).to.equal(`fenced to ${ann}`);
  });

  it('answers no fence while its content is not whole', () => {
    const replicas = servedBy([ann], { copyChunkBytes: 1, copyChunksInFlightMax: 1 });
    replicas.request(ann, 1, '+a');
    replicas.change({ learner: bob }).learn(ann, bob);
    replicas.flush(ann);
    const [first] = replicas.sent;
    if (first !== undefined) replicas.give(first);
    expect(replicas.at(bob).state).to.include({ generation: 1, isWhole: false, chunks: 1 });
    expect(fenced(replicas, 1)).to.equal('');
  });

  it('applies a chunk only at the position at which it was read', () => {
    const replicas = servedBy([ann], { copyChunkBytes: 1, copyChunksInFlightMax: 1 });
    replicas.request(ann, 1, '+a');
    replicas.change({ learner: bob }).learn(ann, bob);
    replicas.flush(ann);
    replicas.request(ann, 2, '+a');
    replicas.deliver(({ message }) => message.kind === 'replica.append');
    expect(replicas.at(bob).state.chunks, 'the entry before the second is missing').to.equal(1);
    replicas.deliver();
    replicas.tick(ann, 201);
    replicas.settle();
    expect(replicas.at(bob).state.isWhole).to.equal(true);
    expect(replicas.counts(bob)).to.equal('20000000');
  });

  it('takes no chunk of a copy that has begun anew since', () => {
    const replicas = servedBy([ann], { copyChunkBytes: 1, copyChunksInFlightMax: 1 });
    replicas.request(ann, 1, '+a');
    replicas.change({ learner: bob }).learn(ann, bob);
    replicas.flush(ann);
    replicas.deliver(({ message }) => message.kind === 'replica.copy' && message.chunk === 1);
    const late = [...replicas.sent];
    replicas.sent = [];
    expect(late.map(({ message }) => message.kind)).to.deep.equal(['replica.copy']);
    replicas.change({ learner: undefined }).change({ learner: bob }).learn(ann, bob);
    replicas.flush(ann);
    replicas.deliver(({ message }) => message.kind === 'replica.copy' && message.chunk === 1);
    for (const one of late) replicas.give(one);
    expect(replicas.at(bob).state).to.include({ chunks: 1, isWhole: false });
    replicas.settle();
    expect(replicas.counts(bob)).to.equal('10000000');
  });

  it('applies no entry beyond a gap, and says what it has', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    replicas.sent = [];
    replicas.request(ann, 2, '+a');
    replicas.flush(ann);
    replicas.deliver();
    expect(replicas.counts(bob)).to.equal('none');
    replicas.tick(ann, 201);
    replicas.settle();
    expect(replicas.counts(bob)).to.equal('20000000');
  });

  it('applies no entry that came ahead of a lost chunk', () => {
    const replicas = servedBy([ann], { copyChunkBytes: 1 });
    replicas.request(ann, 1, '+a');
    replicas.change({ learner: bob }).learn(ann, bob);
    replicas.flush(ann);
    const [, lost] = replicas.sent;
    replicas.request(ann, 2, '+b');
    replicas.flush(ann);
    replicas.sent = replicas.sent.filter((sent) => sent !== lost);
    replicas.deliver();
    expect(replicas.at(bob).state).to.include({ chunks: 1, isWhole: false });
    expect(replicas.at(bob).state.log.last).to.equal(origin + 1);
    replicas.tick(ann, 201);
    replicas.settle();
    expect(replicas.counts(bob)).to.equal('11000000');
  });

  it('takes nothing while its table does not know the structure, and all of it afterwards', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.flush(ann);
    const { content } = replicas.at(bob).state.options;
    const find = content.find.bind(content);
    content.find = () => 'unknown';
    replicas.deliver();
    expect(replicas.said).to.deep.equal([]);
    content.find = find;
    replicas.tick(ann, 201);
    replicas.settle();
    expect(replicas.said).to.deep.equal(['reply 1']);
  });

  it('does what time brings, and nothing to a structure that was destroyed', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.settle();
    const { content } = replicas.at(ann).state.options;
    const keep = () => {
      for (const store of content.stores.values()) (store as ToyStore).isOverdue = true;
      replicas.tick(ann);
      replicas.settle();
      return replicas.counts(bob);
    };
    expect(keep()).to.equal('10000001');
    replicas.isStructureKnown = false;
    expect(keep()).to.equal('10000001');
    expect(replicas.at(ann).isCalm(replicas.nowMs), 'it is not even asked').to.equal(true);
    replicas.isStructureKnown = true;
    expect(keep()).to.equal('10000002');
  });

  it('is born empty only where it has been in sync from the birth on', () => {
    const replicas = servedBy([ann]);
    replicas.request(ann, 1, '+a');
    replicas.change({ inSync: [ann, bob] }).learn(bob);
    expect(replicas.at(bob).state).to.include({ generation: 0, isWhole: false });
  });

  it('begins the next generation empty, with sequences beyond all of the last', () => {
    const replicas = servedBy([ann]);
    replicas.request(ann, 1, '+a');
    const reborn = { generation: 2, term: 2 as Term, inSync: [ann], born: [ann] };
    replicas.change(reborn).learn(ann);
    expect(replicas.at(ann).state.log.last).to.equal(2 * origin);
    expect(replicas.request(ann, 2, 'a')).to.equal('reply 2');
    expect(replicas.replies.get(2)).to.equal('0');
  });

  it('learns nothing from an older row', () => {
    const replicas = servedBy([ann, bob]);
    const old = replicas.row;
    replicas.change({ primary: bob, term: 2 as Term }).learn(ann);
    replicas.row = old;
    replicas.learn(ann);
    expect(replicas.at(ann).role).to.equal('backup');
  });

  it('refuses ops of a lost partition as lost', () => {
    const replicas = servedBy([ann, bob]);
    replicas.change({ primary: undefined, inSync: [] }).learn(ann);
    expect(replicas.request(ann, 1, 'a')).to.equal('refuse 1 lost');
  });
});

describe('a replica whose process goes on under another identity', () => {
  it('has of a primary what was committed in common with others, and of a backup all that it has', () => {
    const replicas = servedBy([ann, bob]);
    replicas.request(ann, 1, '+a');
    replicas.settle();
    replicas.request(ann, 2, '+a');
    replicas.flush(ann);
    const committed = replicas.at(bob).state.log.last;
    expect(replicas.at(ann).state.log.last).to.equal(committed + 1);
    const [primary, backup] = [ann, bob].map((id) => replicas.at(id).surrender([]));
    expect([primary?.version, backup?.version]).to.deep.equal([committed, committed]);
    const untold = [primary, backup].map((left) => left?.untold.map(({ sequence }) => sequence));
    expect(untold, 'of which nobody was told').to.deep.equal([[committed + 1], []]);
  });

  it('leaves what it has once, and nothing where it is still copying', () => {
    const replicas = servedBy([ann, bob]);
    expect(replicas.at(bob).surrender([])).to.not.equal(undefined);
    expect(replicas.at(bob).surrender([])).to.equal(undefined);
    replicas.change({ learner: cid }).learn(ann);
    expect(replicas.at(cid).surrender([])).to.equal(undefined);
  });
});

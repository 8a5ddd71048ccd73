import { expect } from 'chai';
import type {
  MemberId,
  PartitionId,
  Sequence,
  StreamId,
  Term,
  Version,
} from '../../src/base/ids.ts';
import { CopyPump, type CopyPurpose } from '../../src/partition/copy-pump.ts';
import type { ReplicaAck, ReplicaCopy } from '../../src/wire/replica-messages.ts';
import { HandClock } from '../actors/hand-clock.ts';

const [one, two, three] = [1, 2, 3] as PartitionId[] as [PartitionId, PartitionId, PartitionId];
const learner = 'learner#1' as MemberId;
/** Longer than any gap. */
const pauseMs = 25;

describe('the pump of copies', () => {
  let clock: HandClock;
  let given: PartitionId[];
  let pump: CopyPump;

  beforeEach(() => {
    clock = new HandClock();
    given = [];
    pump = new CopyPump({
      clock,
      // 100 bytes in a millisecond.
      bytesPerSecondMax: 100_000,
      waitMaxMs: 5,
      give: (partition) => given.push(partition),
    });
  });

  /** Sends a chunk, which is confirmed after a while. */
  function copy(chunk: number, tookMs: number, partition = one, stream = 1): void {
    pump.sent(chunkOf(partition, chunk, stream));
    clock.spend(tookMs);
    pump.confirmed(learner, ackOf(partition, chunk + 1, stream));
  }

  /** How long it waits from one chunk to the next. */
  function gapMs(purpose: CopyPurpose = 'repair'): number {
    clock.spend(2 * pauseMs);
    pump.want(two, purpose);
    clock.turn();
    const count = given.length;
    pump.want(two, purpose);
    let gap = 0;
    for (; gap < 2 * pauseMs && given.length === count; gap += 0.25) clock.pass(0.25);
    return gap;
  }

  it('lets one partition read in a turn, those that wait in order, each once', () => {
    pump.want(two, 'repair');
    pump.want(one, 'repair');
    pump.want(two, 'repair');
    pump.want(three, 'repair');
    expect(given).to.deep.equal([]);
    clock.turn();
    expect(given).to.deep.equal([two]);
    pump.want(two, 'repair');
    for (let turn = 0; turn < 5; turn++) clock.pass(pauseMs);
    expect(given).to.deep.equal([two, one, three, two]);
  });

  it('leaves the event loop to others between two chunks', () => {
    pump.want(one, 'repair');
    clock.turn();
    pump.want(two, 'repair');
    for (let turn = 0; turn < 10; turn++) clock.turn();
    expect(given).to.deep.equal([one]);
    expect(clock.timerCount).to.equal(1);
    clock.pass(pauseMs);
    expect(given).to.deep.equal([one, two]);
  });

  it('slows down where chunks wait on their way, and goes faster where they do not', () => {
    const atFirst = gapMs();
    for (let chunk = 0; chunk < 20; chunk++) copy(chunk, 2);
    const quick = gapMs();
    expect(quick).to.be.lessThan(atFirst);
    copy(20, 30);
    const slower = gapMs();
    expect(slower).to.be.greaterThan(quick);
    for (let chunk = 21; chunk < 300; chunk++) copy(chunk, 2);
    expect(gapMs(), 'as quick as it may be').to.be.within(1, 1.5);
  });

  it('begins as slowly as it goes where all is slow', () => {
    expect(gapMs()).to.be.within(19, 21);
  });

  it('takes twice as long where nothing is missing and copies are moved for balance', () => {
    for (let chunk = 0; chunk < 40; chunk++) copy(chunk, 2);
    expect(gapMs('balance')).to.be.within(1.8 * gapMs(), 2.2 * gapMs());
  });

  it('hurries where a member waits to leave, and keeps no distance once nothing waits', () => {
    expect(gapMs('departure')).to.be.within(4, 6);
    for (let chunk = 0; chunk < 60; chunk++) copy(chunk, 2);
    expect(gapMs('departure'), 'the next turn').to.be.below(0.5);
    expect(gapMs(), 'others keep theirs').to.be.greaterThan(2);
  });

  it('does not take a long way for a queue', () => {
    const atFirst = gapMs();
    for (let chunk = 0; chunk < 50; chunk++) copy(chunk, 80);
    expect(gapMs()).to.be.lessThan(atFirst);
  });

  it('holds one stall against copies once, however many chunks were on their way', () => {
    for (let chunk = 0; chunk < 40; chunk++) copy(chunk, 2);
    const before = gapMs();
    for (let chunk = 40; chunk < 48; chunk++) pump.sent(chunkOf(one, chunk, 1));
    clock.spend(100);
    for (let chunk = 40; chunk < 48; chunk++) pump.confirmed(learner, ackOf(one, chunk + 1, 1));
    expect(gapMs()).to.be.within(before * 1.2, before * 1.7);
  });

  it('gets on where all is slow', () => {
    copy(0, 2);
    for (let chunk = 1; chunk < 100; chunk++) copy(chunk, 500);
    expect(gapMs()).to.be.within(15, 21);
  });

  it('learns nothing from a chunk that was sent twice, nor from another stream', () => {
    for (let chunk = 0; chunk < 40; chunk++) copy(chunk, 2);
    const before = gapMs();
    pump.sent(chunkOf(one, 40, 1));
    clock.spend(300);
    pump.sent(chunkOf(one, 40, 1));
    pump.confirmed(learner, ackOf(one, 41, 1));
    pump.sent(chunkOf(one, 41, 1));
    clock.spend(300);
    pump.confirmed(learner, ackOf(one, 42, 7));
    pump.sent(chunkOf(one, 0, 2));
    pump.confirmed(learner, ackOf(one, 42, 1));
    expect(gapMs()).to.equal(before);
  });

  it('waits when it has sent more than it may, and goes on with time', () => {
    pump.want(one, 'repair');
    clock.turn();
    pump.sent(chunkOf(one, 0, 1, 8_000));
    pump.want(two, 'repair');
    clock.turn();
    expect(given).to.deep.equal([one]);
    clock.spend(25);
    pump.tick();
    clock.turn();
    expect(given).to.deep.equal([one]);
    clock.spend(25);
    pump.tick();
    clock.turn();
    expect(given).to.deep.equal([one, two]);
  });

  it('saves up no more than what goes in 50 ms', () => {
    clock.spend(10_000);
    pump.want(one, 'repair');
    clock.turn();
    pump.sent(chunkOf(one, 0, 1, 5_001));
    pump.want(one, 'repair');
    for (let turn = 0; turn < 3; turn++) clock.turn();
    expect(given).to.deep.equal([one]);
    expect(clock.timerCount).to.equal(0);
  });

  it('reads nothing for a partition that was forgotten', () => {
    pump.want(one, 'repair');
    pump.forget(one);
    clock.turn();
    expect(given).to.deep.equal([]);
  });
});

function chunkOf(partition: PartitionId, chunk: number, stream: number, bytes = 10): ReplicaCopy {
  return {
    kind: 'replica.copy',
    partition,
    term: 1 as Term,
    stream: stream as StreamId,
    generation: 1,
    version: 1 as Version,
    chunk,
    at: 0 as Sequence,
    structure: 0 as ReplicaCopy['structure'],
    fromHash: 0,
    toHash: 0,
    entries: 0,
    content: new Uint8Array(bytes),
    last: false,
  };
}

function ackOf(partition: PartitionId, chunks: number, stream: number): ReplicaAck {
  const last = 0 as Sequence;
  return {
    kind: 'replica.ack',
    partition,
    term: 1 as Term,
    stream: stream as StreamId,
    last,
    chunks,
  };
}

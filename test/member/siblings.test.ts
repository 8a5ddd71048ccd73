import { expect } from 'chai';
import { type PortAnswer, type Round, Siblings } from '../../src/member/siblings.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { runMachine } from './machine.ts';

const own = 7_402;
const waiting: PortAnswer = { kind: 'sibling', mayForm: true, hasCluster: false };
const joiner: PortAnswer = { kind: 'sibling', mayForm: false, hasCluster: false };
const inCluster: PortAnswer = { kind: 'sibling', mayForm: true, hasCluster: true };
const stranger: PortAnswer = { kind: 'stranger' };
const silent: PortAnswer = { kind: 'silent' };

/** One process at port 7402 of 7400 to 7404, and what it finds at the others. */
function processAt(answers: Record<number, PortAnswer>, answerMs = 0) {
  const clock = new HandClock();
  const rounds: Round[] = [];
  const asked: number[] = [];
  const siblings = new Siblings({
    clock,
    ports: { first: 7_400, count: 5 },
    own,
    ask: async (port) => {
      asked.push(port);
      // Only once in a round.
      if (port === 7_400) clock.spend(answerMs);
      return answers[port] ?? { kind: 'free' };
    },
    onRound: (round) => rounds.push(round),
  });
  siblings.start();
  const settle = () => new Promise(setImmediate);
  return {
    siblings,
    asked,
    rounds,
    clock,
    async last() {
      await settle();
      return rounds.at(-1)!;
    },
    async later(ms: number) {
      for (let passed = 0; passed < ms; passed += 250) {
        await settle();
        clock.pass(250);
      }
      await settle();
      return rounds.at(-1)!;
    },
  };
}

describe('a process that was told nothing', () => {
  it('asks at every port but its own', async () => {
    const { asked, last } = processAt({});
    await last();
    expect(asked).to.deep.equal([7_400, 7_401, 7_403, 7_404]);
  });

  it('may form its cluster at once where it finds nobody, or strangers only', async () => {
    expect((await processAt({}).last()).permittedUntil).to.equal(1_100);
    const beside = await processAt({ 7400: stranger, 7403: stranger }).last();
    expect(beside.permittedUntil).to.equal(1_100);
    expect(beside.siblings).to.deep.equal([]);
    expect(beside.strangers).to.deep.equal(['127.0.0.1:7400', '127.0.0.1:7403']);
  });

  it('leaves it to one with a lower port, however long that takes', async () => {
    const { later } = processAt({ 7400: waiting });
    const round = await later(20_000);
    expect(round.permittedUntil).to.equal(undefined);
    expect(round.isFirst).to.equal(false);
    expect(round.siblings).to.deep.equal(['127.0.0.1:7400']);
  });

  it('does not wait for one with a lower port that only joins', async () => {
    const { last, later } = processAt({ 7400: joiner });
    expect((await last()).permittedUntil).to.equal(undefined);
    expect((await later(1_250)).permittedUntil).to.equal(2_350);
  });

  it('forms it 1.25 seconds after it began to look where others wait beside it, and no sooner', async () => {
    const { later } = processAt({ 7403: waiting });
    expect((await later(1_000)).permittedUntil).to.equal(undefined);
    expect((await later(250)).permittedUntil).to.equal(2_350);
  });

  it('forms none where there is one, be its members where they will', async () => {
    for (const port of [7_400, 7_404]) {
      const round = await processAt({ [port]: inCluster }).later(5_000);
      expect(round.permittedUntil).to.equal(undefined);
      expect(round.siblings).to.deep.equal([`127.0.0.1:${port}`]);
    }
  });

  it('forms none while a port is open that does not answer', async () => {
    const { later } = processAt({ 7404: silent });
    const round = await later(20_000);
    expect(round.permittedUntil).to.equal(undefined);
    expect(round.silent).to.deep.equal(['127.0.0.1:7404']);
  });

  it('waits no longer for somebody who was in the way meanwhile', async () => {
    const answers: Record<number, PortAnswer> = { 7403: waiting };
    const { later } = processAt(answers);
    await later(750);
    answers[7_400] = silent;
    expect((await later(500)).permittedUntil).to.equal(undefined);
    delete answers[7_400];
    expect((await later(250)).permittedUntil).to.equal(1_500 + 1_100);
  });

  it('acts on answers that took as long as a port may take', async () => {
    const { clock, last } = processAt({}, 1_000);
    expect((await last()).permittedUntil).to.be.above(clock.monotonic());
  });

  it('goes by when it asked, not by when it was answered', async () => {
    const { clock, last } = processAt({}, 400);
    expect((await last()).permittedUntil).to.equal(1_100);
    expect(clock.monotonic()).to.equal(400);
  });

  it('asks no more when it has stopped', async () => {
    const { siblings, asked, last, later } = processAt({});
    await last();
    siblings.stop();
    await later(5_000);
    expect(asked).to.have.length(4);
  });
});

describe('processes of one machine that were told nothing', function () {
  this.timeout(60_000);

  it('form one cluster and not two, whenever they start, stand still, die and come back', async () => {
    const totals = { formed: 0, joined: 0, crashed: 0, stalled: 0, taken: 0 };
    for (let seed = 1; seed <= 200; seed++) {
      const { violation, left, ...counts } = await runMachine(seed);
      expect(violation, `seed ${seed}`).to.equal(undefined);
      expect(left, `seed ${seed}: left without a cluster`).to.deep.equal([]);
      for (const [name, count] of Object.entries(counts)) {
        totals[name as keyof typeof totals] += count;
      }
    }
    for (const [name, count] of Object.entries(totals)) {
      expect(count, name).to.be.greaterThan(200);
    }
  });
});

import { expect } from 'chai';
import type { GridError } from '../../src/base/errors.ts';
import { Commands } from '../../src/partition/commands.ts';
import type { Command } from '../../src/partition/meta-state.ts';
import type { ProposalResult } from '../../src/partition/proposals.ts';
import { HandClock } from '../actors/hand-clock.ts';

const define = (name: string): Command => ({
  type: 'define',
  structure: 'map',
  name,
  backups: 1,
  options: {},
});

/** Commands whose commits the test ends. */
function commandsAlone() {
  const clock = new HandClock();
  const commits: { timeoutMs: number; done: (result: ProposalResult | undefined) => void }[] = [];
  const commands = new Commands({
    clock,
    commit: (_command, timeoutMs, done) => commits.push({ timeoutMs, done }),
  });
  const ends: (ProposalResult | GridError)[] = [];
  const ask = (name: string) => commands.commit(define(name), (result) => ends.push(result));
  return { clock, commits, ends, ask };
}

describe('commands of users', () => {
  it('are on their way some at a time, and the others follow within their time', () => {
    const { clock, commits, ends, ask } = commandsAlone();
    for (let i = 0; i < 3_000; i++) ask(`map ${i}`);
    expect(commits.length).to.be.below(1_000);
    clock.pass(4_000);
    for (let i = 0; i < 3_000; i++) commits[i]?.done({ index: i, refusal: '' });
    expect(ends.map((end) => (end as ProposalResult).index)).to.deep.equal([
      ...Array(3_000).keys(),
    ]);
    expect([commits[0]?.timeoutMs, commits[2_999]?.timeoutMs]).to.deep.equal([10_000, 6_000]);
  });

  it('end without having been sent where their time is over before their turn', () => {
    const { clock, commits, ends, ask } = commandsAlone();
    for (let i = 0; i < 1_000; i++) ask(`map ${i}`);
    const sent = commits.length;
    clock.pass(10_000);
    for (const { done } of [...commits]) done(undefined);
    expect(commits).to.have.length(sent);
    const outcomes = ends.map((end) => (end as GridError).outcome);
    expect(outcomes.filter((outcome) => outcome === 'unknown')).to.have.length(sent);
    expect(outcomes.filter((outcome) => outcome === 'not-applied')).to.have.length(1_000 - sent);
  });

  it('are refused past a bound, with a word that says so', () => {
    const { ends, ask } = commandsAlone();
    for (let i = 0; i < 70_000 && ends.length === 0; i++) ask(`map ${i}`);
    expect(ends[0]).to.include({ code: 'GRID_OVERLOADED', outcome: 'not-applied' });
  });

  it('end where the grid is closed, however many there are', () => {
    const ends: unknown[] = [];
    const clock = new HandClock();
    const commands = new Commands({
      clock,
      commit: (_command, _timeoutMs, done) => done(undefined),
    });
    for (let i = 0; i < 20_000; i++) commands.commit(define('a'), (end) => ends.push(end));
    expect(ends).to.have.length(20_000);
  });
});

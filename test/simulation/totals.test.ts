import { expect } from 'chai';
import { faultKinds } from '../../src/testing/fault-kinds.ts';
import { names, type Simulation } from './simulations.ts';
import { shortfallsOfAll, Totals } from './totals.ts';

describe('what has to happen in simulations', () => {
  const kindsOf = (each: number) => Object.fromEntries(faultKinds.map((kind) => [kind, each]));

  /** So many runs that counted this together. */
  function totals(name: Simulation, runs: number, counts: Totals['counts']): Totals {
    const made = new Totals(name);
    made.merge({ runs, worldMs: 0, messages: 0, counts });
    return made;
  }

  it('are faults that last, faults at steps and faults at edges', () => {
    const { shortfalls } = totals('grid', 20, { faults: { lasting: 20, step: 20, edge: 8 } });
    expect(shortfalls).to.include('grid: 8 edge of faults in 20 runs');
    expect(shortfalls.filter((text) => /lasting|step/.test(text))).to.deep.equal([]);
    expect(totals('grid', 20, {}).shortfalls).to.include.members([
      'grid: 0 lasting of faults in 20 runs',
      'grid: 0 step of faults in 20 runs',
      'grid: 0 edge of faults in 20 runs',
    ]);
  });

  it('are, in many runs, all kinds of faults that last and all steps of a move', () => {
    const faults = { 'lasting pair': 3, 'lasting slow': 2, 'step chunk': 60 };
    const few = totals('grid', 200, { faults }).shortfalls;
    expect(few).to.include('grid: 2 lasting slow of faults in 200 runs');
    expect(few).to.include('grid: 0 step grown of faults in 200 runs');
    expect(few.filter((text) => /pair|step chunk/.test(text))).to.deep.equal([]);
    expect(totals('grid', 199, { faults }).shortfalls.join()).to.not.include('step grown');
  });

  it('are as many faults of each kind and as many answers as all simulations promise together', () => {
    const all = (each: number, ok: number) =>
      names.map((name) => totals(name, 200, { kinds: kindsOf(each), maps: { ok } }));
    expect(shortfallsOfAll(all(100, 100_000))).to.deep.equal([]);
    const few = shortfallsOfAll(all(99, 99_999));
    expect(few).to.include('all: 495 of clog with 200 seeds, 500 wanted');
    expect(few).to.include('all: 499995 answers, 500000 wanted');
    expect(few).to.have.lengthOf(faultKinds.length + 1);
    expect(shortfallsOfAll(all(99, 99_999).slice(1))).to.deep.equal([]);
  });
});

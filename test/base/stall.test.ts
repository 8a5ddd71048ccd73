import { expect } from 'chai';
import { TickStall } from '../../src/base/stall.ts';
import { HandClock } from '../actors/hand-clock.ts';

describe('the lateness of the event loop', () => {
  let clock: HandClock;
  let told: number[];
  let stall: TickStall;

  beforeEach(() => {
    clock = new HandClock();
    told = [];
    stall = new TickStall(clock, (lagMs) => told.push(lagMs));
  });

  afterEach(() => stall.close());

  it('is what a tick comes late, for as long as is asked', () => {
    clock.pass(50);
    clock.spend(130);
    clock.pass(0);
    expect(stall.lagMs(1_000)).to.equal(80);
    for (let tick = 0; tick < 30; tick++) clock.pass(50);
    expect(stall.lagMs(1_000)).to.equal(0);
    expect(stall.lagMs(5_000)).to.equal(80);
  });

  it('counts the tick that is due', () => {
    clock.spend(350);
    expect(stall.lagMs(1_000)).to.equal(300);
  });

  it('is told from 200 ms on, each time once', () => {
    for (const ms of [50, 249, 250, 50, 1_050, 50]) {
      clock.spend(ms);
      clock.pass(0);
    }
    expect(told).to.deep.equal([200, 1_000]);
  });
});

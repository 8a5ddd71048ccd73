/** Whole grids under faults, each run from a seed that its failure names. */
import { expect } from 'chai';
import type { Address } from '../../src/base/ids.ts';
import { defaultTuning, type SwimTuning } from '../../src/membership/swim-types.ts';
import { type Resident, World, type WorldOptions } from './world.ts';

const minuteMs = 60_000;

/** A grid that is of one view, with a clean record. */
function settled(options: WorldOptions): World {
  const world = new World(options);
  const { seed, size } = options;
  expect(
    world.runUntil(() => world.isOfOneView(), minuteMs),
    `seed ${seed}: joined`,
  ).to.equal(true);
  expect(world.up.length).to.equal(size);
  world.run(2_000 + world.random.next() * 2_000);
  world.happenings.length = 0;
  world.lost = 0;
  return world;
}

function indexOf(address: Address): number {
  return Number(address.slice(1, -2));
}

/** How long until all who are up hold a member for dead. */
function burialMs(world: World, name: string): number {
  const { id } = world.named(name);
  const startMs = world.nowMs;
  const isBuried = () => world.up.every(({ swim }) => swim.stateOf(id) === 'dead');
  expect(world.runUntil(isBuried, minuteMs), `${name} is never found dead`).to.equal(true);
  return world.nowMs - startMs;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

/** Does one random thing to a grid of ten, of which m0 stays up. */
function disturb(world: World): string {
  const name = `m${1 + world.random.below(9)}`;
  const what = world.random.pick(['crash', 'restart', 'restart', 'stall', 'stall', 'cut', 'mend']);
  if (what === 'crash') world.crash(name);
  if (what === 'restart') {
    world.crash(name);
    world.start(name);
  }
  if (what === 'stall') world.stall(world.named(name), world.random.next() * 8_000);
  if (what === 'cut') {
    const from = world.random.below(10);
    const to = world.random.below(10);
    const isOneWay = world.random.next() < 0.3;
    world.isCut = (source, target) =>
      indexOf(source) <= from !== indexOf(target) <= from && (!isOneWay || indexOf(target) >= to);
  }
  if (what === 'mend') world.isCut = () => false;
  return what;
}

describe('a simulated grid', function () {
  this.timeout(10_000);

  it('finds a crash within the bound, at all its members, and nobody else dead', () => {
    for (const [index, size] of [2, 3, 5, 16, 32, 64].entries()) {
      for (let run = 0; run < 3; run++) {
        const seed = 100 * index + run;
        const world = settled({ seed, size });
        const { probeIntervalMs, suspicionMinMs } = world.timings;
        world.crash('m1');
        const tookMs = burialMs(world, 'm1');
        // Some rounds until a first probe fails, one until others confirm, then the suspicion.
        const boundMs = 6 * probeIntervalMs + 2 * suspicionMinMs * Math.max(1, Math.log10(size));
        expect(tookMs, `seed ${seed}, ${size} members`).to.be.within(suspicionMinMs, boundMs);
        const others = world.count(({ kind, about }) => kind === 'dead' && about !== 'm1');
        expect(others, `seed ${seed}: others`).to.equal(0);
      }
    }
  });

  it('finds several crashes at once', () => {
    for (let seed = 0; seed < 10; seed++) {
      const world = settled({ seed, size: 12 });
      for (const name of ['m3', 'm4', 'm5', 'm6']) world.crash(name);
      const isDone = () => world.isOfOneView();
      expect(world.runUntil(isDone, 30_000), `seed ${seed}`).to.equal(true);
      expect(world.count(({ kind }) => kind === 'dead')).to.be.at.least(4 * 8);
    }
  });

  it('lets the last of five find the four others dead', () => {
    for (let seed = 0; seed < 5; seed++) {
      const world = settled({ seed, size: 5 });
      for (const name of ['m0', 'm1', 'm2', 'm3']) world.crash(name);
      expect(
        world.runUntil(() => world.isOfOneView(), 2 * minuteMs),
        `seed ${seed}`,
      ).to.equal(true);
    }
  });

  it('buries hardly anybody alive at 10 % loss, and nobody for good', () => {
    let suspected = 0;
    let buried = 0;
    for (let seed = 0; seed < 2; seed++) {
      const world = settled({ seed, size: 32, loss: 0.1, doubled: 0.05 });
      world.run(10 * minuteMs);
      expect(world.lost, `seed ${seed}: lost messages`).to.be.greaterThan(10_000);
      suspected += world.count(({ kind }) => kind === 'suspected');
      buried += world.count(({ kind }) => kind === 'dead');
      world.loss = 0;
      expect(
        world.runUntil(() => world.isOfOneView(), minuteMs),
        `seed ${seed}`,
      ).to.equal(true);
    }
    expect(suspected, 'suspicions').to.be.greaterThan(100);
    expect(buried, 'burials').to.be.at.most(2);
  });

  it('accuses the healthy over twenty times less with Lifeguard, where a minority stalls', () => {
    /** What is said falsely of members that never stall. */
    function falseWords(seed: number, tuning: Partial<SwimTuning>) {
      const world = settled({ seed, size: 24, tuning });
      const stalling = new Set(['m3', 'm9', 'm15', 'm21']);
      let stalls = 0;
      const nap = (resident: Resident): void => {
        stalls++;
        world.stall(resident, 300 + world.random.next() * 3_000);
        const wakeMs = resident.stalledUntilMs - world.nowMs;
        world.after(wakeMs + 1 + world.random.next() * 30, () => nap(resident));
      };
      for (const name of stalling) nap(world.named(name));
      world.run(4 * minuteMs);
      expect(stalls, `seed ${seed}: stalls`).to.be.greaterThan(300);
      const about = (wanted: string) =>
        world.count(({ kind, about }) => kind === wanted && !stalling.has(about));
      return { suspected: about('suspected'), dead: about('dead') };
    }
    const plain = { localHealthMax: 1, stallAmnesty: false, suspicionMaxMult: 1 };
    for (let seed = 0; seed < 2; seed++) {
      const without = falseWords(seed, plain);
      const having = falseWords(seed, defaultTuning);
      expect(without.suspected, `seed ${seed}`).to.be.greaterThan(500);
      expect(having.suspected * 20, `seed ${seed}`).to.be.at.most(without.suspected);
      expect(having.dead, `seed ${seed}`).to.equal(0);
    }
  });

  it('finds crashes about as fast with Lifeguard as without', () => {
    function meanMs(tuning: Partial<SwimTuning>): number {
      const took = Array.from({ length: 20 }, (_, seed) => {
        const world = settled({ seed, size: 16, tuning });
        world.crash('m5');
        return burialMs(world, 'm5');
      });
      return mean(took);
    }
    const plain = meanMs({ localHealthMax: 1, stallAmnesty: false });
    expect(meanMs(defaultTuning)).to.be.within(0.9 * plain, 1.1 * plain);
  });

  it('splits in a partition and is one again after it', () => {
    for (let seed = 0; seed < 6; seed++) {
      const world = settled({ seed, size: 16, loss: 0.02 });
      const cutAt = 1 + world.random.below(15);
      world.isCut = (from, to) => indexOf(from) < cutAt !== indexOf(to) < cutAt;
      // Beyond the time for which the dead are told that they are.
      world.run(3 * minuteMs);
      for (const { name, swim } of world.up) {
        const live = [...swim.members].filter(({ state }) => state === 'alive').length;
        const own = indexOf(`${name}:1` as Address) < cutAt ? cutAt : 16 - cutAt;
        expect(live, `seed ${seed}: ${name}, cut at ${cutAt}`).to.be.at.most(own);
      }
      world.isCut = () => false;
      world.loss = 0;
      const isOne = world.runUntil(() => world.isOfOneView(), minuteMs);
      expect(isOne, `seed ${seed}: cut at ${cutAt}`).to.equal(true);
    }
  });

  it('is one again after a partition although no seed is left', () => {
    for (let seed = 0; seed < 3; seed++) {
      const world = settled({ seed, size: 10 });
      for (const name of ['m0', 'm1']) world.crash(name);
      world.run(10_000);
      world.isCut = (from, to) => indexOf(from) < 5 !== indexOf(to) < 5;
      world.run(10 * minuteMs);
      expect(world.isOfOneView(), `seed ${seed}`).to.equal(false);
      world.isCut = () => false;
      const isOne = world.runUntil(() => world.isOfOneView(), 2 * minuteMs);
      expect(isOne, `seed ${seed}`).to.equal(true);
    }
  });

  it('is not impressed by a link that works in one direction only', () => {
    const world = settled({ seed: 1, size: 8 });
    let cut = 0;
    world.isCut = (from, to) => {
      const isLost = indexOf(from) === 2 && indexOf(to) === 5;
      if (isLost) cut++;
      return isLost;
    };
    world.run(5 * minuteMs);
    expect(cut).to.be.greaterThan(50);
    expect(world.count(({ kind }) => kind === 'dead')).to.equal(0);
  });

  it('knows a restarted member for another, and the old one for dead, at once', () => {
    for (let seed = 0; seed < 10; seed++) {
      const world = settled({ seed, size: 9 });
      const old = world.named('m4');
      world.crash('m4');
      world.run(world.random.next() * 3_000);
      world.start('m4');
      expect(
        world.runUntil(() => world.isOfOneView(), 3_000),
        `seed ${seed}`,
      ).to.equal(true);
      world.run(2_000);
      for (const { name, swim } of world.up) {
        // The successor may never have heard of it.
        if (name !== 'm4') expect(swim.stateOf(old.id), `seed ${seed}: ${name}`).to.equal('dead');
      }
      // Those who were there before, and the successor itself.
      const replaced = world.count(({ kind, about }) => kind === 'replaced' && about === 'm4');
      expect(replaced, `seed ${seed}`).to.be.within(8, 9);
    }
  });

  it('is one again after all but one restarted', () => {
    for (let seed = 0; seed < 5; seed++) {
      const world = settled({ seed, size: 9, loss: 0.02 });
      for (let index = 1; index < 9; index++) world.crash(`m${index}`);
      world.run(world.random.next() * 10_000);
      for (let index = 1; index < 9; index++) world.start(`m${index}`);
      expect(
        world.runUntil(() => world.isOfOneView(), minuteMs),
        `seed ${seed}`,
      ).to.equal(true);
    }
  });

  it('is of one view again after whatever happened to it', () => {
    const first = Number(process.env.SWIM_SEED ?? 0);
    const seeds = Number(process.env.SWIM_SEEDS ?? 8);
    const happened = new Map<string, number>();
    for (let seed = first; seed < first + seeds; seed++) {
      const world = settled({ seed, size: 10, loss: 0.05, doubled: 0.05 });
      for (let turn = 0; turn < 40; turn++) {
        const what = disturb(world);
        happened.set(what, (happened.get(what) ?? 0) + 1);
        world.run(world.random.next() * 4_000);
      }
      world.isCut = () => false;
      world.loss = 0;
      const isOne = world.runUntil(() => world.isOfOneView(), 3 * minuteMs);
      expect(isOne, `seed ${seed}`).to.equal(true);
      world.run(10_000);
      expect(world.isOfOneView(), `seed ${seed}: lasting`).to.equal(true);
    }
    expect([...happened.keys()]).to.have.members(['crash', 'restart', 'stall', 'cut', 'mend']);
  });

  it('lets a member leave without anybody calling it dead', () => {
    for (let seed = 0; seed < 5; seed++) {
      const world = settled({ seed, size: 40, loss: 0.05 });
      const leaver = world.named('m7');
      const actions: Parameters<typeof leaver.swim.leave>[1] = [];
      leaver.swim.leave(world.nowMs, actions);
      world.carryOut(leaver, actions);
      expect(
        world.runUntil(() => leaver.swim.hasLeft, 10_000),
        `seed ${seed}`,
      ).to.equal(true);
      leaver.isUp = false;
      const all = () => world.up.every(({ swim }) => swim.stateOf(leaver.id) === 'left');
      expect(world.runUntil(all, 5_000), `seed ${seed}`).to.equal(true);
      expect(
        world.count(({ kind }) => kind === 'dead'),
        `seed ${seed}`,
      ).to.equal(0);
    }
  });

  it('probes a crashed member for the first time after about one period, whatever its size', () => {
    for (const size of [4, 8, 16, 32, 64]) {
      const periods = Array.from({ length: 12 }, (_, seed) => {
        const world = settled({ seed, size, tickMs: 25 });
        const { probeIntervalMs } = world.timings;
        const startMs = world.nowMs;
        world.crash('m2');
        const isSuspected = () => world.count(({ kind }) => kind === 'suspected') > 0;
        world.runUntil(isSuspected, minuteMs);
        const first = world.happenings.find(({ kind }) => kind === 'suspected');
        expect(first?.about, `seed ${seed}, ${size} members`).to.equal('m2');
        // The doomed ping was sent a period before the suspicion.
        return ((first?.atMs ?? 0) - startMs) / probeIntervalMs - 1;
      });
      expect(mean(periods), `${size} members`).to.be.within(0.3, 1.8);
    }
  });

  it('sends about as much a member in a large grid as in a small one', () => {
    const pings = [8, 32, 64].map((size) => {
      const world = settled({ seed: 5, size });
      const before = world.named('m3').sent.get('swim.ping') ?? 0;
      world.run(minuteMs);
      return (world.named('m3').sent.get('swim.ping') ?? 0) - before;
    });
    for (const count of pings) expect(count).to.be.within(110, 125);
  });
});

import { expect } from 'chai';
import { TickStall } from '../../src/base/stall.ts';
import { World } from '../../src/testing/world.ts';
import { Listener } from './toys.ts';

function pair(seed = 1) {
  const world = new World(seed);
  const ann = world.spawn('ann', (parts) => new Listener(parts));
  const bob = world.spawn('bob', (parts) => new Listener(parts));
  return { world, ann, bob };
}

/** A pair whose link is up. */
function linked(seed = 1) {
  const { world, ann, bob } = pair(seed);
  ann.run((program) => void program.send(bob.address, 0));
  world.run(100);
  expect(bob.program.requests).to.deep.equal([0]);
  return { world, ann, bob };
}

describe('a simulated clock', () => {
  it('fires timers in time, once, and not when cancelled', () => {
    const { world, ann } = pair();
    const { clock } = ann.program.parts;
    const origin = clock.monotonic();
    const fired: number[] = [];
    clock.setTimer(50, () => fired.push(clock.monotonic() - origin));
    clock.setTimer(70, () => fired.push(-1)).cancel();
    world.run(49);
    expect(fired).to.deep.equal([]);
    world.run(200);
    expect(fired).to.have.length(1);
    expect(fired[0]).to.be.within(50, 51);
  });

  it('runs timers of no delay a little later, so that time goes on', () => {
    const { world, ann } = pair();
    const { clock } = ann.program.parts;
    let count = 0;
    const again = () => {
      count++;
      clock.setTimer(1e-13, again);
    };
    again();
    world.run(100);
    expect(count).to.be.within(50, 101);
  });

  it('has a rate of its own', () => {
    const { world, ann, bob } = pair();
    world.run(1_000);
    const shown = () => [ann.program.parts.clock.monotonic(), bob.program.parts.clock.monotonic()];
    const [annBefore, bobBefore] = shown();
    world.setRate('ann', 1.01);
    let fired = 0;
    ann.program.parts.clock.setTimer(10_100, () => {
      fired = world.now;
    });
    world.run(21_000);
    const [annAfter, bobAfter] = shown();
    expect(annAfter! - annBefore!).to.be.closeTo(20_200, 0.01);
    expect(bobAfter! - bobBefore!).to.be.closeTo(20_000, 0.01);
    expect(fired).to.be.closeTo(11_000, 1);
  });

  it('has a wall clock that jumps, and a monotonic one that does not', () => {
    const { world, ann } = pair();
    const { clock } = ann.program.parts;
    const [wall, monotonic] = [clock.wall(), clock.monotonic()];
    world.jumpWall('ann', -5_000);
    world.run(1_000);
    expect(clock.wall() - wall).to.equal(-4_000);
    expect(clock.monotonic() - monotonic).to.be.closeTo(1_000, 0.01);
  });
});

describe('a simulated process', () => {
  it('runs nothing while it is paused, and all of it afterwards', () => {
    const { world, ann, bob } = linked();
    const { clock } = bob.program.parts;
    const fired: string[] = [];
    clock.setTimer(100, () => fired.push('timer'));
    clock.defer(() => fired.push('deferred'));
    world.pause('bob');
    ann.run((program) => void program.send(bob.address, 1));
    world.runFor(500);
    expect(fired).to.deep.equal([]);
    expect(bob.program.requests).to.deep.equal([0]);
    world.resume('bob');
    world.runFor(10);
    expect(fired).to.deep.equal(['deferred', 'timer']);
    expect(bob.program.requests).to.deep.equal([0, 1]);
  });

  it('resumes by itself where the pause has an end', () => {
    const { world, bob } = linked();
    let firedAt = 0;
    bob.program.parts.clock.setTimer(10, () => {
      firedAt = world.now;
    });
    world.pause('bob', 300);
    world.runFor(1_000);
    expect(firedAt).to.be.within(400, 401);
  });

  it('reads what has arrived during a stall before a timer that fell due acts', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { world, ann, bob } = linked(seed);
      let seen: number[] = [];
      // The timer is due long before the message arrives, and both within the stall.
      bob.program.parts.clock.setTimer(20, () => {
        seen = bob.program.requests;
      });
      world.stall('bob', 300);
      world.after(200, () => ann.program.send(bob.address, 1));
      world.runFor(299);
      expect(bob.program.requests).to.deep.equal([0]);
      world.runFor(10);
      expect(seen, `seed ${seed}`).to.deep.equal([0, 1]);
    }
  });

  it('sees its own stall, as a real one does', () => {
    const { world, ann, bob } = linked();
    world.run(2_000);
    world.stall('bob', 700);
    world.runFor(800);
    expect(bob.program.parts.stall.lagMs(1_000)).to.be.within(600, 710);
    expect(ann.program.parts.stall.lagMs(1_000)).to.be.lessThan(5);
    expect(bob.program.parts.stall).to.be.instanceOf(TickStall);
  });

  it('gets behind where its turns are slow', () => {
    const { world, bob } = linked();
    const { clock } = bob.program.parts;
    const turnsIn = (ms: number) => {
      let turns = 0;
      let isOver = false;
      const turn = () => {
        turns++;
        if (!isOver) clock.defer(turn);
      };
      clock.defer(turn);
      world.runFor(ms);
      isOver = true;
      world.runFor(50);
      return turns;
    };
    const healthy = turnsIn(100);
    world.slow('bob', 100);
    expect(turnsIn(100)).to.be.within(healthy / 120, healthy / 80);
    world.slow('bob', 1);
    expect(turnsIn(100)).to.be.within(healthy * 0.9, healthy * 1.1);
  });

  it('forgets all in a crash: its memory, its timers and what was on its way to it', () => {
    const { world, ann, bob } = linked();
    const old = bob.program;
    const oldId = bob.id;
    const fired: string[] = [];
    old.parts.clock.setTimer(5, () => fired.push('timer'));
    for (let request = 1; request <= 5; request++) ann.program.send(bob.address, request);
    // Now they are on their way.
    world.runFor(0.05);
    old.parts.clock.defer(() => fired.push('deferred'));
    world.crash('bob');
    expect(bob.isUp).to.equal(false);
    world.restart('bob');
    world.runFor(1_000);
    expect(fired).to.deep.equal([]);
    expect(old.requests).to.deep.equal([0]);
    expect(bob.program).to.not.equal(old);
    expect(bob.program.requests).to.deep.equal([]);
    expect(bob.id).to.not.equal(oldId);
    expect(bob.address).to.equal(old.parts.address);
    expect(bob.starts).to.equal(2);
  });

  it('runs nothing more of a bunch in which it dies', () => {
    const { world, bob } = linked();
    const ran: string[] = [];
    world.pause('bob');
    bob.run(() => {
      ran.push('dies');
      world.crash('bob');
    });
    bob.run(() => ran.push('after'));
    bob.program.parts.clock.defer(() => ran.push('deferred'));
    world.resume('bob');
    world.runFor(100);
    expect(ran).to.deep.equal(['dies']);
  });

  it('is told to stop in a turn of its own', () => {
    const world = new World(1);
    let stopped = 0;
    const process = world.spawn('ann', () => ({ stop: () => void stopped++ }));
    process.stop();
    world.run(1);
    expect(stopped).to.equal(1);
  });

  it('tells in which world and when it failed', () => {
    const world = new World(12, { traceLinesMax: 10 });
    const process = world.spawn('ann', ({ clock, logger }) => {
      logger.info({ size: 3 }, 'table came');
      clock.setTimer(20, () => {
        throw new Error('broken');
      });
      return {};
    });
    expect(() => world.run(100)).to.throw(/broken[\s\S]*seed 12 after 2\d\.[\s\S]*table came/);
    expect(process.isUp).to.equal(true);
  });
});

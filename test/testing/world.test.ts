import { expect } from 'chai';
import { seededRandom } from '../../src/base/random.ts';
import { faultKinds } from '../../src/testing/fault-kinds.ts';
import { drawSwarm, FaultPlan, type Swarm } from '../../src/testing/faults.ts';
import { defaultQuality } from '../../src/testing/sim-path.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { World } from '../../src/testing/world.ts';
import { Gossiper, Listener } from './toys.ts';

const names = ['ann', 'bob', 'cid', 'dan', 'eve'];

function gossipWorld(seed: number, swarm: Swarm) {
  const world = new World(seed, { mode: swarm.mode, quality: swarm.quality, traceLinesMax: 20 });
  const addresses = names.map((_, index) => `10.0.0.${index + 1}:7000` as never);
  const gossipers = names.map((name) =>
    world.spawn(name, (parts) => new Gossiper(parts, addresses)),
  );
  return { world, gossipers };
}

const downCount = (world: World) => world.processes.filter(({ isUp }) => !isUp).length;

/** Two seconds of faults, then two of calm in which the latest number has to reach everybody. */
function runGossip(seed: number) {
  const swarm = { ...drawSwarm(seededRandom(seed)), gapMs: 100 };
  const { world, gossipers } = gossipWorld(seed, swarm);
  const plan = new FaultPlan(world, swarm, { mayCrash: () => downCount(world) < 2 });
  plan.inject(2_000);
  world.run(2_000);
  world.runFor(0.1);
  gossipers[0]!.program.heard = seed;
  const knowsAll = () => gossipers.every((process) => process.program.heard === seed);
  const isDone = world.runUntil(knowsAll, 12_000);
  return { world, plan, isDone };
}

/** A world with all its processes linked. */
function linkedWorld(seed = 1) {
  const world = new World(seed);
  const listeners = names.map((name) => world.spawn(name, (parts) => new Listener(parts)));
  for (const from of listeners) for (const to of listeners) from.program.send(to.address, 0);
  world.run(100);
  return { world, listeners };
}

/** `ann>bob`: which pairs can reach each other now, one after the other in the alphabet. */
function reached(world: World, listeners: readonly SimProcess<Listener>[]): string {
  const marks = new Map<number, string>();
  let mark = 1_000_000 + Math.floor(world.now);
  for (const from of listeners) {
    for (const to of listeners) {
      if (from === to) continue;
      marks.set(++mark, `${from.name}>${to.name}`);
      from.program.send(to.address, mark);
    }
  }
  world.runFor(400);
  const got = listeners.flatMap((process) => process.program.requests);
  return [...marks].flatMap(([number, name]) => (got.includes(number) ? [name] : [])).join(' ');
}

describe('a simulated world', () => {
  it('has the same history for the same seed, and another for another', () => {
    const hashes = new Set<string>();
    for (let seed = 1; seed <= 50; seed++) {
      const [first, second] = [runGossip(seed), runGossip(seed)];
      expect(second.world.traceHash, `seed ${seed}`).to.equal(first.world.traceHash);
      expect(second.world.events).to.equal(first.world.events);
      hashes.add(first.world.traceHash);
    }
    expect(hashes.size).to.equal(50);
  });

  it('comes to rest when all faults are healed', () => {
    let faults = 0;
    for (let seed = 100; seed < 150; seed++) {
      const { world, plan, isDone } = runGossip(seed);
      expect(isDone, `seed ${seed}\n${world.traceLines.join('\n')}`).to.equal(true);
      for (const count of plan.counts.values()) faults += count;
      expect(world.counts.messages.get('swim.nack')).to.be.greaterThan(100);
    }
    expect(faults).to.be.greaterThan(300);
  });

  it('keeps the last lines of its trace, oldest first', () => {
    const world = new World(1, { traceLinesMax: 3 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) world.note('fault', name);
    expect(world.traceLines.map((line) => line.at(-1))).to.deep.equal(['c', 'd', 'e']);
  });

  it('runs until something is so, or to a deadline', () => {
    const world = new World(1);
    let isSo = false;
    world.after(300, () => {
      isSo = true;
    });
    expect(world.runUntil(() => isSo, 200)).to.equal(false);
    expect(world.now).to.equal(200);
    expect(world.runUntil(() => isSo, 1_000)).to.equal(true);
    expect(world.now).to.be.within(300, 311);
  });

  it('does not stand still for ever', () => {
    const world = new World(1);
    const again = () => world.after(0, again);
    again();
    expect(() => world.run(1)).to.throw('simulated time goes on');
  });

  it('is buggy at some points of some worlds only', () => {
    const fires = (seed: number) => {
      const world = new World(seed);
      return Array.from({ length: 100 }, () => world.buggify('slow write', 0.5)).filter(Boolean)
        .length;
    };
    const counts = Array.from({ length: 200 }, (_, seed) => fires(seed));
    expect(counts.filter((count) => count > 0).length).to.be.within(25, 75);
    expect(Math.max(...counts)).to.be.within(40, 75);
  });

  it('isolates one process', () => {
    const { world, listeners } = linkedWorld();
    world.isolate('ann');
    expect(reached(world, listeners)).to.not.include('ann');
    expect(reached(world, listeners)).to.include('bob>cid');
    world.healAll();
    world.runFor(300);
    expect(reached(world, listeners).split(' ')).to.have.length(20);
  });

  it('lets no end of a cut end another that came after all were healed', () => {
    const { world, listeners } = linkedWorld();
    world.cut('ann', 'bob');
    world.healLater(300, () => world.heal('ann', 'bob'));
    world.healAll();
    world.isolate('ann');
    world.runFor(500);
    expect(reached(world, listeners)).to.not.include('ann');
    world.healLater(300, () => world.heal('ann', 'bob'));
    world.runFor(700);
    expect(reached(world, listeners)).to.include('ann>bob').and.not.include('ann>cid');
  });

  it('splits into groups, with a bridge where groups overlap', () => {
    const { world, listeners } = linkedWorld();
    world.split(['ann', 'bob', 'cid'], ['cid', 'dan', 'eve']);
    const pairs = reached(world, listeners).split(' ');
    expect(pairs).to.have.length(12);
    expect(pairs).to.include.members(['cid>ann', 'cid>eve', 'eve>cid', 'ann>bob']);
    expect(pairs).to.not.include.members(['ann>dan']);
  });
});

describe('a fault plan', () => {
  const everything: Swarm = {
    mode: 'stream',
    quality: defaultQuality,
    kinds: faultKinds,
    gapMs: 30,
    lastsMs: 300,
  };

  it('injects every kind, counts it, and heals it all', () => {
    const { world, listeners } = linkedWorld();
    const plan = new FaultPlan(world, everything, { mayCrash: () => downCount(world) < 1 });
    const chat = () => {
      if (world.now > 20_000) return;
      for (const from of listeners.filter(({ isUp }) => isUp)) {
        for (const to of listeners) from.run((program) => void program.send(to.address, 0));
      }
      world.after(20, chat);
    };
    chat();
    plan.inject(20_000);
    world.runFor(20_000.1);
    for (const kind of faultKinds) {
      expect(plan.counts.get(kind), kind).to.be.greaterThan(3);
      expect(world.counts.faults.has(countedAs(kind)), kind).to.equal(true);
    }
    expect(downCount(world)).to.equal(0);
    expect(world.processes.some(({ isPaused }) => isPaused)).to.equal(false);
    // A half-open data link is found out after 9 s.
    world.runFor(12_000);
    expect(reached(world, listeners).split(' ')).to.have.length(20);
    const links = listeners.map(({ program }) => program.links.length);
    world.runFor(5_000);
    expect(listeners.map(({ program }) => program.links.length)).to.deep.equal(links);
  });

  it('asks before it crashes, restarts, pauses and cuts', () => {
    const { world } = linkedWorld();
    const plan = new FaultPlan(world, everything, {
      mayCrash: (name) => name === 'bob',
      mayRestart: () => false,
      mayPause: (name) => name === 'cid',
      mayCut: () => false,
    });
    expect(plan.injectOne('crash')).to.equal(true);
    expect(world.processes.filter(({ isUp }) => !isUp).map(({ name }) => name)).to.deep.equal([
      'bob',
    ]);
    expect(plan.injectOne('crash')).to.equal(false);
    expect(plan.injectOne('pause')).to.equal(true);
    expect(plan.injectOne('pause')).to.equal(false);
    expect(world.process('cid').isPaused).to.equal(true);
    for (const kind of ['cut', 'cut-one-way', 'isolate', 'split', 'flap', 'half-open'] as const) {
      expect(plan.injectOne(kind), kind).to.equal(false);
    }
    plan.heal();
    expect(world.process('cid').isPaused).to.equal(false);
    expect(world.process('bob').isUp).to.equal(false);
  });

  it('draws another swarm for another seed', () => {
    const swarms = Array.from({ length: 60 }, (_, seed) => drawSwarm(seededRandom(seed)));
    expect(drawSwarm(seededRandom(7))).to.deep.equal(swarms[7]);
    for (const kind of faultKinds) {
      const having = swarms.filter(({ kinds }) => kinds.includes(kind)).length;
      expect(having, kind).to.be.within(8, 40);
    }
    expect(new Set(swarms.map(({ mode }) => mode)).size).to.equal(2);
  });
});

/** What the world counts when a plan injects that kind. */
function countedAs(kind: string): string {
  if (kind === 'bridge') return 'split';
  return kind === 'flap' || kind === 'swizzle' ? 'cut' : kind;
}

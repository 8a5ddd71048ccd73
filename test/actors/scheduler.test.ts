import { expect } from 'chai';
import { type Runnable, Scheduler } from '../../src/actors/scheduler.ts';
import { HandClock } from './hand-clock.ts';

/** Takes so long for each of its messages, and writes down its name. */
class Worker implements Runnable {
  readonly #act: () => void;
  #left: number;

  constructor(messages: number, act: () => void) {
    this.#left = messages;
    this.#act = act;
  }

  runOne(): boolean {
    this.#act();
    return --this.#left > 0;
  }
}

function world() {
  const clock = new HandClock();
  const scheduler = new Scheduler(clock);
  const ran: string[] = [];
  const worker = (name: string, messages: number, costMs = 0) =>
    new Worker(messages, () => {
      ran.push(name);
      clock.spend(costMs);
    });
  /** `a3 b2`: who ran, and how often in a row. */
  const runs = () => {
    const text = ran.join(' ').replace(/(\w+)( \1\b)*/g, (run) => {
      const names = run.split(' ');
      return `${names[0]}${names.length}`;
    });
    ran.length = 0;
    return text;
  };
  return { clock, scheduler, worker, runs };
}

describe('the scheduler', () => {
  it('runs what is ready after the present turn, in the order in which it became ready', () => {
    const { clock, scheduler, worker, runs } = world();
    scheduler.ready(worker('a', 2));
    scheduler.ready(worker('b', 1));
    expect(runs()).to.equal('');
    expect(clock.deferredCount).to.equal(1);
    clock.turn();
    expect(runs()).to.equal('a2 b1');
    expect(clock.deferredCount).to.equal(0);
  });

  it('goes on to the next actor after 64 messages', () => {
    const { clock, scheduler, worker, runs } = world();
    scheduler.ready(worker('a', 150));
    scheduler.ready(worker('b', 70));
    clock.turn();
    expect(runs()).to.equal('a64 b64 a64 b6 a22');
  });

  it('goes on to the next actor after 1 ms', () => {
    const { clock, scheduler, worker, runs } = world();
    scheduler.ready(worker('slow', 3, 1.1));
    scheduler.ready(worker('quick', 2));
    clock.turn();
    expect(runs()).to.equal('slow1 quick2 slow2');
  });

  it('yields to the event loop after 4 ms in total, and goes on in the next turn', () => {
    const { clock, scheduler, worker, runs } = world();
    for (const name of ['a', 'b', 'c']) scheduler.ready(worker(name, 2, 1.5));
    clock.turn();
    expect(runs()).to.equal('a1 b1 c1');
    expect(clock.deferredCount).to.equal(1);
    clock.turn();
    expect(runs()).to.equal('a1 b1 c1');
    expect(clock.deferredCount).to.equal(0);
  });

  it('yields even where the clock stands still', () => {
    const { clock, scheduler, worker, runs } = world();
    scheduler.ready(worker('a', 20_000));
    clock.turn();
    expect(clock.deferredCount).to.equal(1);
    clock.turn();
    expect(runs()).to.equal('a20000');
  });

  it('runs at once when told to, and again when more is ready', () => {
    const { clock, scheduler, worker, runs } = world();
    scheduler.ready(worker('a', 1));
    scheduler.runNow();
    expect(runs()).to.equal('a1');
    scheduler.ready(worker('b', 1));
    clock.turn();
    expect(runs()).to.equal('b1');
  });

  it('does not nest turns', () => {
    const { clock, scheduler, runs, worker } = world();
    scheduler.ready(
      new Worker(1, () => {
        scheduler.ready(worker('inner', 1));
        scheduler.runNow();
        expect(runs()).to.equal('');
      }),
    );
    clock.turn();
    expect(runs()).to.equal('inner1');
  });

  it('runs its hooks at the end of each turn, and then what they have made ready', () => {
    const { clock, scheduler, worker, runs } = world();
    let flushes = 0;
    scheduler.onTurnEnd(() => {
      flushes++;
      if (flushes === 1) scheduler.ready(worker('reply', 1));
    });
    scheduler.ready(worker('a', 1));
    clock.turn();
    expect(runs()).to.equal('a1 reply1');
    expect(flushes).to.equal(2);
  });

  it('runs its hooks before it yields', () => {
    const { clock, scheduler, worker, runs } = world();
    const flushed: string[] = [];
    scheduler.onTurnEnd(() => void flushed.push(runs()));
    scheduler.ready(worker('a', 1, 5));
    scheduler.ready(worker('b', 1));
    clock.turn();
    expect(flushed).to.deep.equal(['a1']);
    clock.turn();
    expect(flushed).to.deep.equal(['a1', 'b1']);
  });

  it('goes on after a hook has thrown', () => {
    const { clock, scheduler, worker, runs } = world();
    let throws = true;
    scheduler.onTurnEnd(() => {
      if (throws) throw new Error('disk full');
    });
    scheduler.ready(worker('a', 1));
    expect(() => clock.turn()).to.throw('disk full');
    throws = false;
    scheduler.ready(worker('b', 1));
    clock.turn();
    expect(runs()).to.equal('a1 b1');
  });
});

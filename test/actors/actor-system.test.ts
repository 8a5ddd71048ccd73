import { expect } from 'chai';
import type { ActorContext, Behavior, StopReason } from '../../src/actors/actor.ts';
import type { SpawnOptions } from '../../src/actors/actor-cell.ts';
import { ActorSystem } from '../../src/actors/actor-system.ts';
import type { Logger } from '../../src/base/logger.ts';
import { HandClock } from './hand-clock.ts';

type Order =
  | { readonly kind: 'add'; readonly amount: number }
  | { readonly kind: 'fail' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'later'; readonly delayMs: number; readonly amount: number }
  | { readonly kind: 'gone' };

const add = (amount: number): Order => ({ kind: 'add', amount });
const fail: Order = { kind: 'fail' };

/** A sum as an actor; what happens to it is written to a diary that outlives it. */
class Sum implements Behavior<Order> {
  readonly #diary: string[];
  #total = 0;

  constructor(diary: string[]) {
    this.#diary = diary;
  }

  onStart(): void {
    this.#diary.push('start');
  }

  receive(order: Order, context: ActorContext<Order>): void {
    switch (order.kind) {
      case 'add':
        this.#total += order.amount;
        this.#diary.push(`${this.#total}`);
        break;
      case 'fail':
        throw new Error('broken');
      case 'stop':
        context.self.stop();
        break;
      case 'later':
        context.schedule(order.delayMs, add(order.amount));
        break;
      case 'gone':
        this.#diary.push('gone');
        break;
    }
  }

  onStop(reason: StopReason): void {
    this.#diary.push(`stop: ${reason}`);
  }
}

function world() {
  const clock = new HandClock();
  const escalated: string[] = [];
  const logged: object[] = [];
  const logger: Logger = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (fields) => void logged.push(fields),
  };
  const system = new ActorSystem({
    clock,
    logger,
    onEscalation: (name, error) => void escalated.push(`${name}: ${(error as Error).message}`),
  });
  const spawn = (name: string, options: SpawnOptions = {}) => {
    const diary: string[] = [];
    return { ref: system.spawn(name, () => new Sum(diary), options), diary };
  };
  return { clock, system, spawn, escalated, logged };
}

describe('an actor', () => {
  it('starts at once and receives in later turns, one message after the other', () => {
    const { clock, spawn } = world();
    const { ref, diary } = spawn('sum');
    ref.tell(add(1));
    ref.tell(add(2));
    expect(diary).to.deep.equal(['start']);
    clock.turn();
    expect(diary).to.deep.equal(['start', '1', '3']);
  });

  it('handles what is brought there and then, one at a time, and nothing before what waits', () => {
    const { system } = world();
    const { scheduler } = system;
    const diary: string[] = [];
    const sum = system.spawn('sum', () => new Sum(diary));
    const relay = system.spawn('relay', () => ({
      receive: (order: Order) => {
        sum.tell(order);
        diary.push('told');
      },
    }));
    let ends = 0;
    scheduler.onTurnEnd(() => ends++);
    diary.length = 0;
    scheduler.runAfter(() => {
      sum.tell(add(1));
      expect(diary).to.deep.equal(['1']);
      relay.tellControl(add(2));
      expect(diary, 'what it tells waits').to.deep.equal(['1', 'told']);
      sum.tell(add(4));
      expect(diary).to.deep.equal(['1', 'told']);
      expect([sum.waiting, ends]).to.deep.equal([2, 0]);
    });
    expect(diary).to.deep.equal(['1', 'told', '3', '7']);
    expect([sum.waiting, ends]).to.deep.equal([0, 1]);
  });

  it('handles what is brought there and then for as long as a turn may take, and the rest in its turns', () => {
    const { clock, system } = world();
    let handled = 0;
    const slow = system.spawn('slow', () => ({
      receive: (_: Order) => {
        handled++;
        clock.spend(1);
      },
    }));
    system.scheduler.runAfter(() => {
      for (let count = 0; count < 20; count++) slow.tell(add(1));
      expect(handled).to.equal(4);
      expect(slow.waiting).to.equal(16);
    });
    expect(handled, 'a turn of its own').to.equal(8);
    slow.tell(add(1));
    expect(slow.waiting, 'nothing is brought any more').to.equal(13);
    while (slow.waiting > 0) clock.turn();
    expect(handled).to.equal(21);
  });

  it('answers false at the bound of its mailbox', () => {
    const { clock, spawn } = world();
    const { ref, diary } = spawn('sum', { mailbox: { normal: { countMax: 1, bytesMax: 10 } } });
    expect(ref.tell(add(1))).to.equal(true);
    expect(ref.tell(add(2))).to.equal(false);
    expect(ref.tellControl(add(10))).to.equal(true);
    clock.turn();
    expect(diary).to.deep.equal(['start', '10', '11']);
  });

  it('discards what waits when it stops, and takes nothing after', () => {
    const { clock, system, spawn } = world();
    const { ref, diary } = spawn('sum');
    ref.tell({ kind: 'stop' });
    ref.tell(add(1));
    clock.turn();
    expect(diary).to.deep.equal(['start', 'stop: stopped']);
    expect(ref.tell(add(1))).to.equal(false);
    expect(ref.tellControl(add(1))).to.equal(false);
    ref.stop();
    clock.turn();
    expect(diary).to.deep.equal(['start', 'stop: stopped']);
    expect(system.count).to.equal(0);
  });

  it('tells itself something later', () => {
    const { clock, spawn } = world();
    const { ref, diary } = spawn('sum');
    ref.tell({ kind: 'later', delayMs: 100, amount: 7 });
    clock.turn();
    clock.pass(99);
    expect(diary).to.deep.equal(['start']);
    clock.pass(1);
    expect(diary).to.deep.equal(['start', '7']);
  });

  it('forgets its timers when it restarts and when it stops', () => {
    const { clock, spawn } = world();
    const { ref, diary } = spawn('sum');
    ref.tell({ kind: 'later', delayMs: 100, amount: 7 });
    clock.turn();
    expect(clock.timerCount).to.equal(1);
    ref.tell(fail);
    clock.turn();
    expect(clock.timerCount).to.equal(0);
    ref.tell({ kind: 'later', delayMs: 100, amount: 7 });
    clock.turn();
    expect(clock.timerCount).to.equal(1);
    ref.stop();
    expect(clock.timerCount).to.equal(0);
    expect(diary).to.deep.equal(['start', 'stop: failed', 'start', 'stop: stopped']);
  });

  describe('that throws', () => {
    it('restarts with a fresh state and keeps its mailbox', () => {
      const { clock, spawn, logged } = world();
      const { ref, diary } = spawn('sum');
      for (const order of [add(5), fail, add(1)]) ref.tell(order);
      clock.turn();
      expect(diary).to.deep.equal(['start', '5', 'stop: failed', 'start', '1']);
      expect(logged).to.have.length(1);
    });

    it('stops where its supervision says so', () => {
      const { clock, spawn, escalated } = world();
      const { ref, diary } = spawn('sum', { supervision: { onFailure: 'stop' } });
      for (const order of [fail, add(1)]) ref.tell(order);
      clock.turn();
      expect(diary).to.deep.equal(['start', 'stop: failed']);
      expect(ref.tell(add(1))).to.equal(false);
      expect(escalated).to.deep.equal([]);
    });

    it('escalates where its supervision says so', () => {
      const { clock, spawn, escalated } = world();
      const onFailure = (error: unknown) =>
        (error as Error).message === 'broken' ? 'escalate' : 'restart';
      const { ref, diary } = spawn('sum', { supervision: { onFailure } });
      ref.tell(fail);
      clock.turn();
      expect(diary).to.deep.equal(['start', 'stop: failed']);
      expect(escalated).to.deep.equal(['sum: broken']);
    });

    it('escalates at the fourth time within 10 s', () => {
      const { clock, spawn, escalated } = world();
      const { ref, diary } = spawn('sum');
      for (let count = 0; count < 4; count++) ref.tell(fail);
      clock.turn();
      expect(diary.filter((entry) => entry === 'start')).to.have.length(4);
      expect(escalated).to.deep.equal(['sum: broken']);
      expect(ref.tell(add(1))).to.equal(false);
    });

    it('restarts for ever where its failures are rare', () => {
      const { clock, spawn, escalated } = world();
      const { ref, diary } = spawn('sum');
      for (let count = 0; count < 9; count++) {
        ref.tell(fail);
        clock.pass(3_500);
      }
      expect(diary.filter((entry) => entry === 'start')).to.have.length(10);
      expect(escalated).to.deep.equal([]);
    });

    it('is not started over and over where its start fails', () => {
      const { system, escalated } = world();
      let starts = 0;
      const ref = system.spawn<Order>('stillborn', () => {
        starts++;
        throw new Error('no disk');
      });
      expect(starts).to.equal(4);
      expect(escalated).to.deep.equal(['stillborn: no disk']);
      expect(ref.tell(add(1))).to.equal(false);
    });

    it('is gone even where its farewell fails', () => {
      const { clock, system, logged } = world();
      const ref = system.spawn<Order>('sour', () => ({
        receive: () => {},
        onStop: () => {
          throw new Error('no farewell');
        },
      }));
      ref.stop();
      clock.turn();
      expect(system.count).to.equal(0);
      expect(logged).to.have.length(1);
    });
  });
});

describe('a death watch', () => {
  it('calls once, with the reason', () => {
    const { clock, spawn } = world();
    const { ref } = spawn('sum', { supervision: { onFailure: 'stop' } });
    const reasons: StopReason[] = [];
    ref.onStopped((reason) => void reasons.push(reason));
    ref.tell(fail);
    clock.turn();
    ref.stop();
    expect(reasons).to.deep.equal(['failed']);
  });

  it('calls at once where the actor has stopped already', () => {
    const { spawn } = world();
    const { ref } = spawn('sum');
    ref.stop();
    const reasons: StopReason[] = [];
    ref.onStopped((reason) => void reasons.push(reason));
    expect(reasons).to.deep.equal(['stopped']);
  });

  it('is silent once cancelled', () => {
    const { spawn } = world();
    const { ref } = spawn('sum');
    let calls = 0;
    const act = () => void calls++;
    ref.onStopped(act);
    ref.onStopped(act).cancel();
    ref.stop();
    expect(calls).to.equal(1);
  });

  it('comes to another actor as a message, and ends when that one restarts', () => {
    const { clock, system } = world();
    const received: string[] = [];
    const watched = system.spawn<Order>('watched', () => ({ receive: () => {} }));
    let watches = true;
    const watcher = system.spawn<Order>('watcher', () => ({
      onStart: (context) => {
        if (watches) context.watch(watched, { kind: 'gone' });
      },
      receive: (order) => {
        if (order.kind === 'fail') throw new Error('broken');
        received.push(order.kind);
      },
    }));
    const second = system.spawn<Order>('second', () => ({
      onStart: (context) => void context.watch(watched, { kind: 'gone' }),
      receive: (order) => void received.push(`second ${order.kind}`),
    }));
    watches = false;
    watcher.tell(fail);
    clock.turn();
    watched.stop();
    clock.turn();
    expect(received).to.deep.equal(['second gone']);
    expect(second.tell(add(1))).to.equal(true);
  });

  it('does not outlive the watched actor, however it is set', () => {
    const { clock, system, spawn } = world();
    const { ref } = spawn('gone');
    ref.stop();
    const received: string[] = [];
    system.spawn<Order>('late', () => ({
      onStart: (context) => void context.watch(ref, { kind: 'gone' }),
      receive: (order) => void received.push(order.kind),
    }));
    clock.turn();
    expect(received).to.deep.equal(['gone']);
  });
});

describe('an actor system', () => {
  it('has one actor of a name at a time', () => {
    const { system, spawn } = world();
    const { ref } = spawn('sum');
    expect(() => spawn('sum')).to.throw('an actor named sum');
    ref.stop();
    spawn('sum');
    expect(system.count).to.equal(1);
  });

  it('stops all its actors, the youngest first', () => {
    const { system, spawn } = world();
    const order: string[] = [];
    for (const name of ['a', 'b', 'c']) spawn(name).ref.onStopped(() => void order.push(name));
    system.stop();
    expect(order).to.deep.equal(['c', 'b', 'a']);
    expect(() => spawn('d')).to.throw('stopped system');
  });
});

import { expect } from 'chai';
import type { Address, MemberId } from '../../src/base/ids.ts';
import { seededRandom } from '../../src/base/random.ts';
import { BroadcastQueue, retransmitLimit } from '../../src/membership/gossip.ts';
import { pushPullScale } from '../../src/membership/healing.ts';
import { LocalHealth } from '../../src/membership/local-health.ts';
import { MemberTable, overrides } from '../../src/membership/member-table.ts';
import { ProbeRing } from '../../src/membership/probe.ts';
import { Suspicion, suspicionBounds, suspicionTimeoutMs } from '../../src/membership/suspicion.ts';
import type { SwimState, SwimUpdate } from '../../src/wire/membership-messages.ts';

function update(name: string, state: SwimState = 'alive', incarnation = 1): SwimUpdate {
  const id = name as MemberId;
  const address = `${name}:1` as Address;
  return { state, id, address, incarnation, accuser: id, name, zone: 'z', data: true };
}

describe('what is said of a member', () => {
  // What is known, always at incarnation 5; then what is said, and whether it counts at 4, 5 and 6.
  const rows: [SwimState, SwimState, string][] = [
    ['alive', 'alive', 'no no yes'],
    ['alive', 'suspect', 'no yes yes'],
    ['alive', 'dead', 'no yes yes'],
    ['alive', 'left', 'yes yes yes'],
    ['suspect', 'alive', 'no no yes'],
    ['suspect', 'suspect', 'no no yes'],
    ['suspect', 'dead', 'no yes yes'],
    ['suspect', 'left', 'yes yes yes'],
    ['dead', 'alive', 'no no yes'],
    ['dead', 'suspect', 'no no no'],
    ['dead', 'dead', 'no no no'],
    ['dead', 'left', 'yes yes yes'],
    ['left', 'alive', 'no no no'],
    ['left', 'suspect', 'no no no'],
    ['left', 'dead', 'no no no'],
    ['left', 'left', 'no no no'],
  ];
  for (const [known, said, expected] of rows) {
    it(`counts against "${known}" at incarnation 5, when it is "${said}" at 4, 5, 6: ${expected}`, () => {
      const before = { state: known, incarnation: 5, isGoneForGood: false };
      const found = [4, 5, 6].map((incarnation) => overrides({ state: said, incarnation }, before));
      expect(found.map((counts) => (counts ? 'yes' : 'no')).join(' ')).to.equal(expected);
    });
  }

  it('never counts once the member is gone for good', () => {
    const gone = { state: 'dead', incarnation: 1, isGoneForGood: true } as const;
    for (const state of ['alive', 'suspect', 'dead', 'left'] as const) {
      expect(overrides({ state, incarnation: 9 }, gone)).to.equal(false);
    }
  });
});

describe('the table of members', () => {
  it('forgets who is gone for good after a while, and keeps who may come back', () => {
    const table = new MemberTable(update('self'), 0);
    const left = table.add(update('left', 'left'), 0);
    const dead = table.add(update('dead', 'dead'), 0);
    table.sweep(100, 100);
    expect(table.get(left.id)).to.equal(left);
    table.sweep(101, 100);
    expect(table.get(left.id)).to.equal(undefined);
    expect(table.get(dead.id)).to.equal(dead);
  });

  it('remembers at most 1,024 dead, the latest', () => {
    const table = new MemberTable(update('self'), 0);
    for (let index = 0; index < 1_500; index++) table.add(update(`d${index}`, 'dead'), index);
    expect(table.dead.size).to.equal(1_024);
    expect(table.get('d475' as MemberId)).to.equal(undefined);
    expect(table.get('d476' as MemberId)).not.to.equal(undefined);
    expect(table.liveCount).to.equal(1);
  });
});

describe('a suspicion', () => {
  const bounds = { minMs: 1_000, maxMs: 6_000, accusersWanted: 2 };

  it('lasts max - (max - min) * ln(C + 1) / ln(K + 1), and at least min', () => {
    for (let accusers = 0; accusers <= 4; accusers++) {
      const formula = 6_000 - 5_000 * (Math.log(accusers + 1) / Math.log(3));
      expect(suspicionTimeoutMs(accusers, bounds)).to.be.closeTo(Math.max(1_000, formula), 1e-6);
    }
    expect(suspicionTimeoutMs(0, bounds)).to.equal(6_000);
    expect(suspicionTimeoutMs(1, bounds)).to.be.closeTo(2_845, 1);
    expect(suspicionTimeoutMs(2, bounds)).to.be.closeTo(1_000, 1e-6);
  });

  it('grows with the logarithm of the grid, and does not wait for accusers that cannot exist', () => {
    expect(suspicionBounds(2, 1_000, 4, 6)).to.deep.equal({
      minMs: 1_000,
      maxMs: 6_000,
      accusersWanted: 0,
    });
    expect(suspicionBounds(3, 1_000, 4, 6).accusersWanted).to.equal(0);
    expect(suspicionBounds(4, 1_000, 4, 6).accusersWanted).to.equal(2);
    expect(suspicionBounds(100, 1_000, 4, 6).minMs).to.be.closeTo(2_000, 1e-6);
    expect(suspicionTimeoutMs(0, suspicionBounds(3, 1_000, 4, 6))).to.equal(1_000);
  });

  it('counts an accuser once, the first not at all, and none beyond those wanted', () => {
    const suspicion = new Suspicion('a' as MemberId, bounds, 100);
    expect(suspicion.confirm('a' as MemberId)).to.equal(false);
    expect(suspicion.deadlineMs).to.equal(6_100);
    expect(suspicion.confirm('b' as MemberId)).to.equal(true);
    expect(suspicion.confirm('b' as MemberId)).to.equal(false);
    expect(suspicion.deadlineMs).to.be.closeTo(2_945, 1);
    expect(suspicion.confirm('c' as MemberId)).to.equal(true);
    expect(suspicion.confirm('d' as MemberId)).to.equal(false);
    expect(suspicion.deadlineMs).to.be.closeTo(1_100, 1e-6);
  });
});

describe('the queue of broadcasts', () => {
  function taken(queue: BroadcastQueue, bytesMax = 8_192): string {
    const updates: SwimUpdate[] = [];
    queue.take(3, bytesMax, updates);
    return updates.map(({ id, incarnation }) => `${id}${incarnation}`).join(' ');
  }

  it('sends each update up to the limit, the least sent first', () => {
    const queue = new BroadcastQueue();
    queue.add(update('a'));
    expect(taken(queue)).to.equal('a1');
    queue.add(update('b'));
    expect(taken(queue)).to.equal('b1 a1');
    expect(taken(queue)).to.equal('b1 a1');
    expect(queue.has('a' as MemberId)).to.equal(false);
    expect(taken(queue)).to.equal('b1');
    expect(taken(queue)).to.equal('');
  });

  it('prefers the larger, then the newer', () => {
    const queue = new BroadcastQueue();
    for (const name of ['a', 'bb', 'c']) queue.add(update(name));
    expect(taken(queue)).to.equal('bb1 c1 a1');
  });

  it('replaces the older word about the same member by the newer', () => {
    const queue = new BroadcastQueue();
    queue.add(update('a'));
    taken(queue);
    taken(queue);
    queue.add(update('a', 'suspect', 2));
    expect(queue.size).to.equal(1);
    expect([taken(queue), taken(queue), taken(queue), taken(queue)]).to.deep.equal([
      'a2',
      'a2',
      'a2',
      '',
    ]);
  });

  it('takes no more than fits, and the rest the next time', () => {
    const queue = new BroadcastQueue();
    for (const name of ['a', 'b', 'c']) queue.add(update(name));
    expect(taken(queue, 64)).to.equal('c1 b1');
    expect(taken(queue, 64)).to.equal('a1 c1');
  });

  it('holds at most 4,096 updates and drops what was sent most often', () => {
    const queue = new BroadcastQueue();
    queue.add(update('old'));
    taken(queue);
    for (let index = 0; index < 4_200; index++) queue.add(update(`m${index}`));
    expect(queue.size).to.equal(4_096);
    expect(queue.has('old' as MemberId)).to.equal(false);
    expect(queue.has('m4199' as MemberId)).to.equal(true);
  });

  it('counts 4 * ceil(log10(n + 1)) transmissions', () => {
    const limits = [4, 9, 10, 32, 99, 100].map((size) => retransmitLimit(4, size));
    expect(limits).to.deep.equal([4, 4, 8, 8, 8, 12]);
  });
});

describe('the order of probing', () => {
  it('has everybody once a round', () => {
    const ring = new ProbeRing(seededRandom(1));
    const ids = ['a', 'b', 'c', 'd', 'e'] as MemberId[];
    for (const id of ids) ring.insert(id);
    for (let round = 0; round < 20; round++) {
      const probed = ids.map(() => ring.next(() => true));
      expect([...probed].sort(), `round ${round}`).to.deep.equal(ids);
    }
  });

  it('takes in a newcomer at a random place and probes nobody twice for it', () => {
    for (let seed = 0; seed < 50; seed++) {
      const ring = new ProbeRing(seededRandom(seed));
      for (const id of ['a', 'b', 'c'] as MemberId[]) ring.insert(id);
      const probed = [ring.next(() => true)];
      ring.insert('new' as MemberId);
      probed.push(
        ring.next(() => true),
        ring.next(() => true),
      );
      expect(new Set(probed).size, `seed ${seed}`).to.equal(3);
    }
  });

  it('drops who is not wanted any more', () => {
    const ring = new ProbeRing(seededRandom(1));
    for (const id of ['a', 'b'] as MemberId[]) ring.insert(id);
    expect([1, 2, 3].map(() => ring.next((id) => id === 'b'))).to.deep.equal(['b', 'b', 'b']);
    expect(ring.next(() => false)).to.equal(undefined);
  });
});

describe('local health', () => {
  it('stays within 0 and 7, and is sick from 3', () => {
    const health = new LocalHealth(8);
    health.add(-1);
    expect(health.score).to.equal(0);
    health.add(2);
    expect(health.isSick).to.equal(false);
    health.add(1);
    expect(health.isSick).to.equal(true);
    health.add(50);
    expect(health.score).to.equal(7);
    health.add(-1);
    expect(health.score).to.equal(6);
  });

  it('is no better than the event loop', () => {
    const health = new LocalHealth(8);
    health.noteLag(520, 250);
    expect(health.score).to.equal(2);
    health.noteLag(100_000, 250);
    expect(health.score).to.equal(7);
    health.noteLag(0, 250);
    expect(health.score).to.equal(0);
  });

  it('is always perfect where it is switched off', () => {
    const health = new LocalHealth(1);
    health.add(5);
    health.noteLag(10_000, 250);
    expect(health.score).to.equal(0);
  });
});

it('exchanges whole tables less often in large grids', () => {
  expect([2, 32, 33, 64, 65, 128].map(pushPullScale)).to.deep.equal([1, 1, 2, 2, 3, 3]);
});

import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { seededRandom } from '../../src/base/random.ts';
import { Formation, type FormationOptions } from '../../src/member/formation.ts';

const ann = 'ann#1' as MemberId;
const bob = 'bob#2' as MemberId;
const cid = 'cid#3' as MemberId;
const patienceMs = 2_000;

function formationOf(self: MemberId, more: Partial<FormationOptions> = {}): Formation {
  const options = {
    self,
    isData: true,
    expect: 3,
    hasOtherSeeds: true,
    mayFormAlone: false,
    patienceMs,
  };
  return new Formation({ ...options, ...more }, 0);
}

describe('a process outside of any cluster', () => {
  it('joins a cluster that it has seen, whatever else it sees', () => {
    expect(formationOf(ann).next([bob, cid], true, 99_000).kind).to.equal('join');
  });

  it('asks around while it sees fewer than are expected', () => {
    expect(formationOf(ann).next([bob], false, 99_000).kind).to.equal('join');
  });

  it('only joins where it was in a cluster before, whoever else is outside as well', () => {
    const formation = formationOf(ann, { expect: Number.POSITIVE_INFINITY, mayFormAlone: true });
    formation.pledgedBy(bob, patienceMs);
    formation.pledgedBy(cid, patienceMs);
    expect(formation.next([bob, cid], false, patienceMs).kind).to.equal('join');
    expect(formation.next([], false, 99_000).kind).to.equal('join');
  });

  it('gives those that are there the time to say that they are in a cluster', () => {
    const formation = formationOf(bob);
    expect(formation.next([ann, cid], false, patienceMs - 1).kind).to.equal('join');
    expect(formation.next([ann, cid], false, patienceMs).kind).to.equal('pledge');
  });

  it('pledges to the lowest identity that it sees', () => {
    const step = formationOf(bob).next([cid, ann], false, patienceMs);
    expect(step).to.deep.equal({ kind: 'pledge', candidate: ann });
  });

  it('keeps its pledge for ten seconds, also when a lower identity comes', () => {
    const formation = formationOf(cid, { expect: 2 });
    formation.next([bob], false, patienceMs);
    const step = formation.next([ann, bob], false, patienceMs + 9_999);
    expect(step).to.deep.equal({ kind: 'pledge', candidate: bob });
    const later = formation.next([ann, bob], false, patienceMs + 10_000);
    expect(later).to.deep.equal({ kind: 'pledge', candidate: ann });
  });

  it('forms the cluster with pledges of more than half of the expected, its own counted', () => {
    const formation = formationOf(ann);
    expect(formation.next([bob, cid], false, patienceMs).kind).to.equal('join');
    formation.pledgedBy(bob, patienceMs);
    formation.pledgedBy(bob, patienceMs);
    expect(formation.next([bob, cid], false, patienceMs).kind).to.equal('form');
    expect(formation.next([bob, cid], false, patienceMs).kind, 'once').to.equal('wait');
  });

  it('counts the pledge of one process once, and none that is too old', () => {
    const formation = formationOf(ann, { expect: 5 });
    const others = [bob, cid, 'dan#4' as MemberId, 'eve#5' as MemberId];
    formation.pledgedBy(bob, patienceMs);
    formation.pledgedBy(bob, patienceMs + 1);
    formation.next(others, false, patienceMs);
    expect(formation.next(others, false, patienceMs).kind).to.equal('join');
    formation.pledgedBy(cid, patienceMs + 10_001);
    expect(formation.next(others, false, patienceMs + 10_001).kind).to.equal('join');
    formation.pledgedBy(bob, patienceMs + 10_002);
    expect(formation.next(others, false, patienceMs + 10_002).kind).to.equal('form');
  });

  it('that holds no partitions joins, and never forms one', () => {
    const formation = formationOf(ann, { isData: false, expect: 1, hasOtherSeeds: false });
    expect(formation.next([], false, 99_000).kind).to.equal('join');
  });

  it('that pledged to another does not form one for itself', () => {
    const formation = formationOf(bob);
    formation.next([ann, cid], false, patienceMs);
    formation.pledgedBy(cid, patienceMs);
    formation.pledgedBy(ann, patienceMs);
    expect(formation.next([cid, 'dan#4' as MemberId], false, patienceMs + 1).kind).to.equal(
      'pledge',
    );
  });

  it('forms one alone only where it expects nobody and has no other seeds, or may', () => {
    const alone = { expect: 1, hasOtherSeeds: false };
    expect(formationOf(ann, alone).next([], false, 0).kind).to.equal('form');
    const seeded = formationOf(ann, { expect: 1 });
    expect(seeded.next([], false, 99_000).kind).to.equal('wait');
    const allowed = formationOf(ann, { expect: 1, mayFormAlone: true });
    expect(allowed.next([], false, patienceMs - 1).kind).to.equal('wait');
    expect(allowed.next([], false, patienceMs).kind).to.equal('form');
  });

  it('forms none alone where one of its seeds has turned it away', () => {
    const formation = formationOf(ann, { expect: 1, mayFormAlone: true });
    formation.turnedAway();
    expect(formation.next([], false, 99_000).kind).to.equal('wait');
    expect(formation.next([bob], true, 99_000).kind).to.equal('join');
  });
});

const all: readonly MemberId[] = [ann, bob, cid];

/** Who forms a cluster where views change at random and every other pledge is lost. */
function foundersOf(seed: number): MemberId[] {
  const random = seededRandom(seed);
  const processes = new Map(all.map((id) => [id, formationOf(id)]));
  const founders: MemberId[] = [];
  const turn = (id: MemberId, formation: Formation, now: number) => {
    const others = all.filter((other) => other !== id && random.below(4) > 0);
    const step = formation.next(others, false, now);
    if (step.kind === 'form') founders.push(id);
    if (step.kind !== 'pledge' || random.below(2) === 0) return;
    processes.get(step.candidate)?.pledgedBy(id, now);
  };
  for (let now = patienceMs; now < patienceMs + 9_000; now += 500) {
    for (const [id, formation] of processes) turn(id, formation, now);
  }
  return founders;
}

describe('processes that see each other in part', () => {
  it('never form two clusters by pledges of one time', () => {
    let formed = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const founders = foundersOf(seed);
      expect(founders.length, `seed ${seed}: ${founders}`).to.be.at.most(1);
      formed += founders.length;
    }
    expect(formed).to.be.greaterThan(100);
  });

  it('need more than half of all that are there, where more came than were expected', () => {
    const formation = formationOf(ann);
    formation.pledgedBy(bob, patienceMs);
    const others = [bob, cid, 'dan#4' as MemberId];
    expect(formation.next(others, false, patienceMs).kind).to.equal('join');
    formation.pledgedBy(cid, patienceMs);
    expect(formation.next(others, false, patienceMs).kind).to.equal('form');
  });
});

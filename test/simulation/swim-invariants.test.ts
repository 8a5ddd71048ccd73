import { expect } from 'chai';
import type { Address, MemberId } from '../../src/base/ids.ts';
import type { SwimMember } from '../../src/membership/swim-types.ts';
import type { SwimState } from '../../src/wire/membership-messages.ts';
import { SwimInvariants } from './swim-invariants.ts';

type Belief = readonly [id: string, state: SwimState, incarnation: number];

describe('the invariants of membership', () => {
  function beliefOf([id, state, incarnation]: Belief): SwimMember {
    return {
      id: id as MemberId,
      address: `${id}:1` as Address,
      name: id,
      zone: '',
      isData: true,
      state,
      incarnation,
      stallMs: 0,
    };
  }

  /** Who holds what of others, one moment after the other; whoever has beliefs is up. */
  function found(
    moments: readonly Readonly<Record<string, readonly Belief[]>>[],
    what: (invariants: SwimInvariants) => void = () => {},
  ): readonly string[] {
    const grid = { world: { now: 0 }, members: [] as ReturnType<typeof observer>[] };
    const invariants = new SwimInvariants(grid);
    what(invariants);
    for (const moment of moments) {
      grid.world.now += 1_000;
      grid.members = Object.entries(moment).map(([id, beliefs]) => observer(id, beliefs));
      invariants.check();
    }
    invariants.checkAtRest();
    return invariants.violations.map((text) => text.replace(/^.* ms: I15: /, ''));
  }

  function observer(id: string, beliefs: readonly Belief[]) {
    const members = beliefs.map(beliefOf);
    const own = members.find((belief) => belief.id === id);
    return {
      id: id as MemberId,
      swim: {
        members,
        incarnation: own?.incarnation ?? 1,
        stateOf: (subject: MemberId) => members.find((belief) => belief.id === subject)?.state,
      },
    };
  }

  const a: Belief = ['a', 'alive', 1];
  const b: Belief = ['b', 'alive', 1];

  it('hold where one is suspected, refutes, and dies', () => {
    const suspects: Belief = ['b', 'suspect', 1];
    const refuted: Belief = ['b', 'alive', 2];
    const moments = [
      { a: [a, b], b: [a, b] },
      { a: [a, suspects], b: [a, b] },
      { a: [a, refuted], b: [a, refuted] },
      { a: [a, ['b', 'dead', 2] as Belief] },
    ];
    expect(found(moments, (invariants) => invariants.calm(0))).to.deep.equal([]);
  });

  it('find one that comes back without a word of its own', () => {
    const moments = [
      { a: [a, ['b', 'dead', 1] as Belief], b: [a, b] },
      { a: [a, b], b: [a, b] },
    ];
    expect(found(moments)).to.deep.equal(['a held b for dead 1, and then for alive 1']);
  });

  it('find an incarnation that falls, and one that has left and comes back', () => {
    const refuted: Belief = ['b', 'alive', 2];
    const fallen = [
      { a: [a, refuted], b: [a, refuted] },
      { a: [a, b], b: [a, refuted] },
    ];
    expect(found(fallen)).to.deep.equal(['a held b for alive 2, and then for alive 1']);
    const back = [{ a: [a, ['b', 'left', 1] as Belief] }, { a: [a, refuted], b: [a, refuted] }];
    expect(found(back)).to.deep.equal(['a held b for left 1, and then for alive 2']);
  });

  it('find an incarnation that its member has not reached', () => {
    const moments = [{ a: [a, ['b', 'alive', 2] as Belief], b: [a, b] }];
    expect(found(moments)).to.deep.equal(['a has heard of incarnation 2 of b, which is at 1']);
  });

  it('find one that doubts itself', () => {
    const moments = [{ a: [['a', 'suspect', 1] as Belief] }];
    expect(found(moments)[0]).to.equal('a holds itself for suspect');
  });

  it('find one that is held for dead in the calm, and not while something goes wrong', () => {
    const refuted: Belief = ['b', 'alive', 2];
    const moments = [
      { a: [a, b], b: [a, b] },
      { a: [a, ['b', 'dead', 1] as Belief], b: [a, b] },
      { a: [a, refuted], b: [a, refuted] },
    ];
    const inCalm = found(moments, (invariants) => invariants.calm(0));
    expect(inCalm).to.deep.equal(['a holds b for dead, which lives and is hindered by nothing']);
    expect(found(moments, (invariants) => invariants.calm(10_000))).to.deep.equal([]);
    expect(found(moments, (invariants) => invariants.disturbed())).to.deep.equal([]);
  });

  it('find at rest who holds a living one for dead, or knows nothing of it', () => {
    const moments = [{ a: [a], b: [['a', 'dead', 1] as Belief, b] }];
    expect(found(moments)).to.deep.equal(['a holds b for nobody', 'b holds a for dead']);
  });

  it('find at rest who has not found out that one is gone', () => {
    const moments = [{ a: [a, b] }];
    expect(found(moments)).to.deep.equal(['a holds b for alive, which is gone']);
  });
});

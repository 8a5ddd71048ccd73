import { expect } from 'chai';
import { seededRandom } from '../../src/base/random.ts';
import { Deck, kindsOf } from './deck.ts';
import type { Scene } from './fault.ts';
import type { Network } from './network.ts';

const lossy = { canLose: true } as Network;
const sound = { canLose: false } as Network;

/** What is asked of a scene to draw some of the kinds. */
const scene = {
  fleet: {
    running: [0, 1, 2, 3, 4, 5, 6],
    absent: [],
    nameOf: String,
    process: () => ({ name: 'x' }),
  },
  network: lossy,
  random: seededRandom(7),
} as unknown as Scene;

async function drawn(seed: number, kinds: readonly string[], count: number): Promise<string[]> {
  const deck = new Deck(seededRandom(seed), kinds);
  const found: string[] = [];
  for (let at = 0; at < count; at++) found.push((await deck.draw(scene)).note.kind);
  return found;
}

describe('the deck of faults', () => {
  it('gives the same order for the same seed', async () => {
    const kinds = ['loss', 'leave'];
    expect(await drawn(3, kinds, 12)).to.deep.equal(await drawn(3, kinds, 12));
  });

  it('gives every kind in its share, and only what is possible', async () => {
    const found = await drawn(1, ['loss', 'leave', 'join'], 12);
    expect(found.filter((kind) => kind === 'leave')).to.have.length(10);
    expect(found.filter((kind) => kind === 'loss')).to.have.length(2);
    expect(found).to.not.include('join');
  });

  it('leaves out what the network cannot do, and what takes long in a short run', () => {
    expect(kindsOf(lossy, 600_000)).to.include.members(['loss', 'stop 30 s', 'rolling restart']);
    expect(kindsOf(sound, 600_000)).to.not.include('loss');
    expect(kindsOf(lossy, 90_000)).to.not.include.members(['stop 30 s', 'rolling restart']);
  });

  it('refuses a kind that it does not know', () => {
    expect(() => new Deck(seededRandom(1), ['flood'])).to.throw("found 'flood'");
  });
});

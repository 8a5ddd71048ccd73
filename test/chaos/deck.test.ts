import { expect } from 'chai';
import { seededRandom } from '../../src/base/random.ts';
import { Deck, kindsOf } from './deck.ts';
import type { Scene } from './fault.ts';
import type { Network } from './network.ts';

const lossy = { canLose: true } as Network;
const sound = { canLose: false } as Network;

/** What is asked of a scene to draw some of the kinds. */
const scene = sceneOf([0, 1, 2, 3, 4, 5, 6]);

function sceneOf(running: readonly number[]): Scene {
  return {
    fleet: {
      running,
      absent: [],
      nameOf: String,
      process: () => ({ name: 'x' }),
    },
    clients: { connectedTo: () => [] },
    network: lossy,
    random: seededRandom(7),
  } as unknown as Scene;
}

async function drawn(seed: number, kinds: readonly string[], count: number): Promise<string[]> {
  const deck = new Deck(seededRandom(seed), kinds);
  const found: string[] = [];
  for (let at = 0; at < count; at++) found.push((await deck.draw(scene)).note.kind);
  return found;
}

describe('the deck of faults', () => {
  it('gives the same order for the same seed', async () => {
    const kinds = ['loss 5 %', 'leave'];
    expect(await drawn(3, kinds, 12)).to.deep.equal(await drawn(3, kinds, 12));
  });

  it('gives every kind in its share, and only what is possible', async () => {
    const found = await drawn(1, ['loss 5 %', 'leave', 'join'], 12);
    expect(found.filter((kind) => kind === 'leave')).to.have.length(10);
    expect(found.filter((kind) => kind === 'loss 5 %')).to.have.length(2);
    expect(found).to.not.include('join');
  });

  it('keeps what was not possible for as long as it was never dealt, and deals it first', async () => {
    const deck = new Deck(seededRandom(1), ['loss 1 %', 'loss 20 %', 'no majority']);
    for (let at = 0; at < 5; at++) await deck.draw(scene);
    expect(deck.isDealt).to.equal(false);
    const { note } = await deck.draw(sceneOf([0, 1, 2, 3, 4]));
    expect(note.kind).to.equal('no majority');
    expect(deck.isDealt).to.equal(true);
  });

  it('cuts four of five two from two, while the fifth is killed', async () => {
    const { note } = await new Deck(seededRandom(1), ['no majority']).draw(
      sceneOf([0, 1, 2, 3, 4]),
    );
    expect(note.cutOff).to.have.length(4);
    expect(note.detail).to.match(/^\d is killed, \d and \d are cut from \d and \d$/);
  });

  it('leaves out what the network cannot do, and what takes long in a short run', () => {
    expect(kindsOf(lossy, 600_000)).to.include.members([
      'loss 20 %',
      'stop 30 s',
      'rolling restart',
    ]);
    expect(kindsOf(sound, 600_000)).to.not.include.members(['loss 1 %', 'loss 5 %', 'loss 20 %']);
    expect(kindsOf(lossy, 90_000)).to.not.include.members(['stop 30 s', 'rolling restart']);
  });

  it('refuses a kind that it does not know', () => {
    expect(() => new Deck(seededRandom(1), ['flood'])).to.throw("found 'flood'");
  });
});

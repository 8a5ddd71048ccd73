/** Which faults come, in an order that the seed draws: every kind in its share, and none twice in a row for long. */
import type { Random } from '../../src/base/random.ts';
import { blockBriefly, stopBriefly } from './brief-absences.ts';
import { cutClients, killClient } from './client-faults.ts';
import { joinTogether, killBeside, killDuringJoin } from './combined-faults.ts';
import type { Fault, Scene } from './fault.ts';
import { halves, oneWayThatLasts } from './lasting-cuts.ts';
import { bridge, flap, isolate, loss, oneWay, reset, split } from './link-faults.ts';
import { join, leave, rollingRestart } from './membership-faults.ts';
import type { Network } from './network.ts';
import { block, kill, killLeader, loseMachine, slow, stop } from './process-faults.ts';

type Draw = (scene: Scene) => Promise<Fault>;

/** Members that a grid has at least and at most. */
export const membersLeast = 4;
export const membersMost = 7;
const longRunMs = 300_000;

interface Card {
  /** As the note of its fault says. */
  readonly name: string;
  /** How many of a deck are of this kind. */
  readonly share: number;
  readonly draw: Draw;
  /** It has no place in a short run. */
  readonly takesLong?: boolean;
  /** It takes a network that can lose single packets. */
  readonly isLossy?: boolean;
  readonly isPossible?: (scene: Scene) => boolean;
}

const cards: readonly Card[] = [
  { name: 'kill', share: 3, draw: kill },
  { name: 'leader killed', share: 1, draw: killLeader },
  { name: 'machine lost', share: 3, draw: loseMachine },
  { name: 'stop 0.5 s', share: 1, draw: (scene) => stopBriefly(scene, 500) },
  { name: 'stop 1 s', share: 1, draw: (scene) => stopBriefly(scene, 1_000) },
  { name: 'stop 8 s', share: 1, draw: (scene) => stop(scene, 8_000) },
  { name: 'stop 30 s', share: 1, draw: (scene) => stop(scene, 30_000), takesLong: true },
  { name: 'block 0.2 s', share: 1, draw: (scene) => blockBriefly(scene, 200) },
  { name: 'block 1 s', share: 1, draw: (scene) => blockBriefly(scene, 1_000) },
  { name: 'block 5 s', share: 1, draw: (scene) => block(scene, 5_000) },
  { name: 'slow', share: 1, draw: slow },
  { name: 'isolated', share: 2, draw: isolate },
  { name: 'split', share: 1, draw: split },
  { name: 'no majority', share: 1, draw: halves, isPossible: isOfFive },
  { name: 'one-way cut', share: 1, draw: oneWay },
  { name: 'lasting one-way cut', share: 1, draw: oneWayThatLasts },
  { name: 'bridge', share: 1, draw: bridge },
  { name: 'flapping', share: 1, draw: flap },
  { name: 'reset', share: 3, draw: reset },
  { name: 'clients cut off', share: 1, draw: cutClients },
  { name: 'client killed', share: 2, draw: killClient },
  { name: 'loss 1 %', share: 1, draw: (scene) => loss(scene, 0.01), isLossy: true },
  { name: 'loss 5 %', share: 1, draw: (scene) => loss(scene, 0.05), isLossy: true },
  { name: 'loss 20 %', share: 1, draw: (scene) => loss(scene, 0.2), isLossy: true },
  { name: 'join', share: 1, draw: join, isPossible: hasRoomFor(1) },
  { name: 'leave', share: 5, draw: leave, isPossible: canSpareOne },
  { name: 'joins', share: 1, draw: joinTogether, isPossible: hasRoomFor(2) },
  { name: 'kill during a join', share: 2, draw: killDuringJoin, isPossible: hasRoomFor(1) },
  { name: 'two at once', share: 1, draw: killBeside },
  {
    name: 'rolling restart',
    share: 1,
    draw: (scene) => rollingRestart(scene, true),
    takesLong: true,
  },
  {
    name: 'hasty restart',
    share: 1,
    draw: (scene) => rollingRestart(scene, false),
    takesLong: true,
  },
];

/** Then all of them vote. */
function isOfFive({ fleet }: Scene): boolean {
  return fleet.running.length === 5;
}

function hasRoomFor(members: number): (scene: Scene) => boolean {
  return ({ fleet }) => fleet.running.length + members <= membersMost;
}

function canSpareOne({ fleet }: Scene): boolean {
  return fleet.running.length > membersLeast;
}

/** Every kind that such a network allows, and a run of such a length. */
export function kindsOf({ canLose }: Network, ms: number): string[] {
  const isFit = ({ isLossy = false, takesLong = false }: Card) =>
    (canLose || !isLossy) && (!takesLong || ms >= longRunMs);
  return cards.filter(isFit).map(({ name }) => name);
}

export class Deck {
  readonly #random: Random;
  readonly #kinds: ReadonlySet<string>;
  /** Kinds that were not dealt yet. */
  readonly #owed: Set<string>;
  #cards: Card[] = [];

  /** `kinds`: those that are drawn at all. */
  constructor(random: Random, kinds: readonly string[]) {
    const unknown = kinds.filter((kind) => !cards.some(({ name }) => name === kind));
    if (unknown.length > 0) {
      const known = cards.map(({ name }) => `'${name}'`).join(', ');
      throw new Error(`expected faults among ${known}, found '${unknown.join("', '")}'`);
    }
    this.#random = random;
    this.#kinds = new Set(kinds);
    this.#owed = new Set(kinds);
  }

  /** Whether every kind was dealt at least once. */
  get isDealt(): boolean {
    return this.#owed.size === 0;
  }

  /** The next that is possible. */
  async draw(scene: Scene): Promise<Fault> {
    const isPossible = (card: Card) => card.isPossible?.(scene) ?? true;
    if (!this.#cards.some(isPossible)) this.#cards = this.#shuffled();
    const at = this.#cards.findIndex(isPossible);
    const [card] = at < 0 ? [] : this.#cards.splice(at, 1);
    if (card === undefined) throw new Error('none of the faults is possible here');
    this.#owed.delete(card.name);
    const fault = await card.draw(scene);
    const { kind } = fault.note;
    if (kind !== card.name) throw new Error(`expected a fault '${card.name}', found '${kind}'`);
    return fault;
  }

  /** A whole deck. Of what was left of the one before, only those stay, and first, that were never dealt. */
  #shuffled(): Card[] {
    const left = new Set(this.#cards.filter(({ name }) => this.#owed.has(name)));
    const all = cards
      .filter(({ name }) => this.#kinds.has(name))
      .flatMap((card) => Array.from({ length: card.share }, () => card));
    return [...left, ...this.#random.shuffle(all)];
  }
}

/** Which faults come, in an order that the seed draws: every kind in its share, and none twice in a row for long. */
import type { Random } from '../../src/base/random.ts';
import { joinTogether, killBeside, killDuringJoin } from './combined-faults.ts';
import type { Fault, Scene } from './fault.ts';
import { bridge, cutClients, flap, isolate, loss, oneWay, reset, split } from './link-faults.ts';
import { join, leave, rollingRestart } from './membership-faults.ts';
import type { Network } from './network.ts';
import { block, kill, loseMachine, slow, stop } from './process-faults.ts';

type Draw = (scene: Scene) => Promise<Fault>;

/** Members that a grid has at least and at most. */
export const membersLeast = 4;
export const membersMost = 7;
const longRunMs = 300_000;

interface Card {
  readonly name: string;
  /** How many of a deck are of this kind. */
  readonly share: number;
  readonly draw: Draw;
  /** It has no place in a short run. */
  readonly takesLong?: boolean;
  readonly isPossible?: (scene: Scene) => boolean;
}

const stopBriefly: Draw = (scene) => stop(scene, 1_000);
const stopForLonger: Draw = (scene) => stop(scene, 8_000);
const restartPatiently: Draw = (scene) => rollingRestart(scene, true);
const restartHastily: Draw = (scene) => rollingRestart(scene, false);
const stopForLong: Draw = (scene) => stop(scene, 30_000);

const cards: readonly Card[] = [
  { name: 'kill', share: 4, draw: kill },
  { name: 'machine lost', share: 3, draw: loseMachine },
  { name: 'stop 1 s', share: 2, draw: stopBriefly },
  { name: 'stop 8 s', share: 2, draw: stopForLonger },
  { name: 'stop 30 s', share: 1, draw: stopForLong, takesLong: true },
  { name: 'block 1 s', share: 1, draw: block },
  { name: 'slow', share: 1, draw: slow },
  { name: 'isolated', share: 2, draw: isolate },
  { name: 'split', share: 1, draw: split },
  { name: 'one-way cut', share: 2, draw: oneWay },
  { name: 'bridge', share: 2, draw: bridge },
  { name: 'flapping', share: 1, draw: flap },
  { name: 'reset', share: 3, draw: reset },
  { name: 'clients cut off', share: 1, draw: cutClients },
  { name: 'loss', share: 1, draw: loss },
  { name: 'join', share: 1, draw: join, isPossible: hasRoomFor(1) },
  { name: 'leave', share: 5, draw: leave, isPossible: canSpareOne },
  { name: 'joins', share: 1, draw: joinTogether, isPossible: hasRoomFor(2) },
  { name: 'kill during a join', share: 2, draw: killDuringJoin, isPossible: hasRoomFor(1) },
  { name: 'two at once', share: 1, draw: killBeside },
  { name: 'rolling restart', share: 1, draw: restartPatiently, takesLong: true },
  { name: 'hasty restart', share: 1, draw: restartHastily, takesLong: true },
];

function hasRoomFor(members: number): (scene: Scene) => boolean {
  return ({ fleet }) => fleet.running.length + members <= membersMost;
}

function canSpareOne({ fleet }: Scene): boolean {
  return fleet.running.length > membersLeast;
}

/** Every kind that such a network allows, and a run of such a length. */
export function kindsOf({ canLose }: Network, ms: number): string[] {
  const isFit = ({ name, takesLong = false }: Card) =>
    (canLose || name !== 'loss') && (!takesLong || ms >= longRunMs);
  return cards.filter(isFit).map(({ name }) => name);
}

export class Deck {
  readonly #random: Random;
  readonly #kinds: ReadonlySet<string>;
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
  }

  /** The next that is possible. */
  draw(scene: Scene): Promise<Fault> {
    const at = this.#cards.findIndex(({ isPossible }) => isPossible?.(scene) ?? true);
    const [card] = at < 0 ? [] : this.#cards.splice(at, 1);
    if (card !== undefined) return card.draw(scene);
    const possible = this.#shuffled().filter(({ isPossible }) => isPossible?.(scene) ?? true);
    if (possible.length === 0) throw new Error('none of the faults is possible here');
    this.#cards = possible;
    return this.draw(scene);
  }

  #shuffled(): Card[] {
    const all = cards
      .filter(({ name }) => this.#kinds.has(name))
      .flatMap((card) => Array.from({ length: card.share }, () => card));
    return this.#random.shuffle(all);
  }
}

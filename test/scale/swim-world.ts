/** A grid of many members for the measurements of membership, which counts what is sent and who accuses whom. */
import {
  defaultTuning,
  type SwimAction,
  type SwimTuning,
} from '../../src/membership/swim-types.ts';
import { Codec } from '../../src/wire/codec.ts';
import type { SwimMessage } from '../../src/wire/membership-messages.ts';
import { type Resident, World, type WorldOptions } from '../membership/world.ts';

/** A table of docs/scale.md: its titles, and the row of a number of members. */
export interface ScaleTable {
  readonly titles: readonly string[];
  readonly row: (members: number) => string[];
}

export const minuteMs = 60_000;

/** Lifeguard off: no health of its own, no amnesty for its own stalls, and every suspicion as short as may be. */
export const plain: SwimTuning = {
  ...defaultTuning,
  localHealthMax: 1,
  stallAmnesty: false,
  suspicionMaxMult: 1,
};

export class SwimWorld extends World {
  /** The largest message on the wire: of whole tables, and of everything else. */
  readonly largest: Largest;
  /** Each accuser with whom it accuses of which incarnation: a probe of its own that failed. */
  readonly #accusations = new Set<string>();

  constructor(options: Omit<WorldOptions, 'bytesOf'>) {
    const largest: Largest = { table: 0, other: 0 };
    super({ ...options, bytesOf: (message) => measured(message, largest) });
    this.largest = largest;
  }

  get accusations(): number {
    return this.#accusations.size;
  }

  get messages(): number {
    return sum(this.residents.map(({ sent }) => sum([...sent.values()])));
  }

  get bytes(): number {
    return sum(this.residents.map(({ sentBytes }) => sentBytes));
  }

  /** Pings of its own; those that a member sends for others are as many as the requests that reach it. */
  get probes(): number {
    const count = (kind: string) => sum(this.residents.map(({ sent }) => sent.get(kind) ?? 0));
    return count('swim.ping') - (1 - this.loss) * count('swim.ping-request');
  }

  override carryOut(resident: Resident, actions: readonly SwimAction[]): void {
    for (const action of actions) if (action.kind === 'send') this.#note(resident, action.message);
    super.carryOut(resident, actions);
  }

  /** Forgets what was sent and said so far. */
  beginAnew(): void {
    this.happenings.length = 0;
    this.#accusations.clear();
    this.largest.table = 0;
    this.largest.other = 0;
    for (const resident of this.residents) {
      resident.sent.clear();
      resident.sentBytes = 0;
    }
  }

  #note({ id: by }: Resident, message: SwimMessage): void {
    if (message.kind !== 'swim.gossip') return;
    for (const { state, id, accuser, incarnation } of message.updates) {
      const isOwn = state === 'suspect' && accuser === by;
      if (isOwn) this.#accusations.add(`${by} ${id} ${incarnation}`);
    }
  }
}

interface Largest {
  table: number;
  other: number;
}

const codec = new Codec();

function measured(message: SwimMessage, largest: Largest): number {
  const { length } = codec.encodeBatch([message]);
  const kind = message.kind === 'swim.sync' ? 'table' : 'other';
  largest[kind] = Math.max(largest[kind], length);
  return length;
}

/** One in which everybody knows everybody, at a moment of its own. */
export function settled(size: number, seed: number, tuning: SwimTuning = defaultTuning): SwimWorld {
  const world = new SwimWorld({ seed, size, tuning });
  if (!world.runUntil(() => world.isOfOneView(), 10 * minuteMs)) {
    throw new Error(`${size} members do not come together, seed ${seed}`);
  }
  world.run(4_000 + world.random.next() * 2_000);
  world.beginAnew();
  return world;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

export function mean(numbers: readonly number[]): number {
  return sum(numbers) / numbers.length;
}

/**
 * Who is suspected or taken for dead that is not: with 5 % of all messages lost, and where a minority stands still
 * again and again, with Lifeguard and without (PROTOCOL.md 1.3).
 */
import { defaultTuning, type SwimTuning } from '../../src/membership/swim-types.ts';
import type { Resident } from '../membership/world.ts';
import { minuteMs, plain, type ScaleTable, settled } from './swim-world.ts';

export interface FalseWords {
  /** Of members that never stood still, counted at every member that holds it for so. */
  readonly suspicions: number;
  readonly deaths: number;
  /** Accusations by probes of the accuser, for each probe. */
  readonly perProbe: number;
  /** Sent by a member in a period, and the largest message that is no whole table. */
  readonly bytes: number;
  readonly largestBytes: number;
}

export interface Trouble {
  readonly loss: number;
  /** One of so many stands still; nobody where it is 0. */
  readonly stallingOf: number;
}

export const lossy: Trouble = { loss: 0.05, stallingOf: 0 };
export const stalling: Trouble = { loss: 0, stallingOf: 8 };
/** Of 128 members; a probe fails so seldom that fewer take longer. */
const enoughMs = 2 * minuteMs;

export function measureFalseWords(
  members: number,
  tuning: SwimTuning,
  { loss, stallingOf }: Trouble,
): FalseWords {
  const world = settled(members, 3, tuning);
  world.loss = loss;
  const napping = new Set<string>();
  const nap = (resident: Resident): void => {
    world.stall(resident, 300 + world.random.next() * 3_000);
    const wakeMs = resident.stalledUntilMs - world.nowMs;
    world.after(wakeMs + 1 + world.random.next() * 30, () => nap(resident));
  };
  for (let at = 1; stallingOf > 0 && at < members; at += stallingOf) {
    napping.add(`m${at}`);
    nap(world.named(`m${at}`));
  }
  const forMs = stallingOf > 0 ? enoughMs : enoughMs * Math.max(1, 128 / members);
  world.run(forMs);
  const about = (wanted: string) =>
    world.count(({ kind, about: whom }) => kind === wanted && !napping.has(whom));
  return {
    suspicions: about('suspected'),
    deaths: about('dead'),
    perProbe: world.accusations / world.probes,
    bytes: world.bytes / (members * (forMs / world.timings.probeIntervalMs)),
    largestBytes: world.largest.other,
  };
}

/** The share of the probes of healthy members that are to fail where messages are lost. */
export function expectedPerProbe({ loss }: Trouble): number {
  const arrives = 1 - loss;
  return (1 - arrives ** 2) * (1 - arrives ** 4) ** defaultTuning.indirectProbes;
}

export const falseWordsTable: ScaleTable = {
  titles: [
    'members',
    '5 % lost: accusations of 10,000 probes',
    'suspicions, deaths',
    'bytes a period',
    'largest message, bytes',
    'the same without Lifeguard: accusations',
    'suspicions, deaths',
    'bytes a period',
    'stalls: suspicions, deaths',
    'stalls without Lifeguard',
  ],
  row(members) {
    const lost = measureFalseWords(members, defaultTuning, lossy);
    const lostPlain = measureFalseWords(members, plain, lossy);
    const stalled = measureFalseWords(members, defaultTuning, stalling);
    const stalledPlain = measureFalseWords(members, plain, stalling);
    const words = ({ suspicions, deaths }: FalseWords) => `${suspicions}, ${deaths}`;
    const accusations = ({ perProbe }: FalseWords) => (10_000 * perProbe).toFixed(1);
    return [
      `${members}`,
      accusations(lost),
      words(lost),
      `${Math.round(lost.bytes)}`,
      `${lost.largestBytes}`,
      accusations(lostPlain),
      words(lostPlain),
      `${Math.round(lostPlain.bytes)}`,
      words(stalled),
      words(stalledPlain),
    ];
  },
};

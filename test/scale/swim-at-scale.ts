/**
 * How membership behaves with many members, against the figures of PROTOCOL.md 1.3: how soon a crash is found and
 * known, what a member sends in a period, and who is taken for dead that is not, with and without Lifeguard.
 */
import { defaultTuning, type SwimTuning } from '../../src/membership/swim-types.ts';
import { Codec } from '../../src/wire/codec.ts';
import { type Resident, World } from '../membership/world.ts';

/** Lifeguard off: no health of its own, no amnesty for its own stalls, and every suspicion as short as may be. */
const plain: Partial<SwimTuning> = { localHealthMax: 1, stallAmnesty: false, suspicionMaxMult: 1 };

export interface FalseWords {
  /** Of members that never stood still, said by anybody. */
  readonly suspicions: number;
  readonly deaths: number;
}

export interface SwimFigures {
  readonly members: number;
  /** From the crash to the first suspicion anywhere, in periods of a probe; the means of some crashes. */
  readonly firstSuspicion: number;
  /** From the crash until anybody holds it for dead, and until everybody does, in seconds. */
  readonly firstDeadS: number;
  readonly allDeadS: number;
  /** From when the first holds it for dead until all do, in ticks of gossip. */
  readonly spreadTicks: number;
  /** The same of the first of these without Lifeguard. */
  readonly firstDeadPlainS: number;
  /** Sent by a member in a period while nothing happens. */
  readonly messages: number;
  readonly bytes: number;
  /** In two minutes with 5 % of all messages lost, and with an eighth of the members standing still again and again. */
  readonly atLoss: FalseWords;
  readonly atStalls: FalseWords;
  readonly atStallsPlain: FalseWords;
}

const minuteMs = 60_000;
/** Large grids take long to play, and differ less. */
const crashesOf = (members: number) => (members > 200 ? 4 : 8);
const lossMs = 2 * minuteMs;

export function measureSwim(members: number): SwimFigures {
  const quiet = traffic(members);
  const crashAll = (tuning: Partial<SwimTuning>) =>
    Array.from({ length: crashesOf(members) }, (_, seed) => crash(members, seed, tuning));
  const found = crashAll(defaultTuning);
  const foundPlain = crashAll(plain);
  const of = (name: keyof Crash) => mean(found.map((one) => one[name]));
  return {
    members,
    firstSuspicion: of('firstSuspicion'),
    firstDeadS: of('firstDeadMs') / 1_000,
    allDeadS: of('allDeadMs') / 1_000,
    spreadTicks: of('spreadTicks'),
    firstDeadPlainS: mean(foundPlain.map(({ firstDeadMs }) => firstDeadMs)) / 1_000,
    ...quiet,
    atLoss: falseWords(members, defaultTuning, 0.05, 0),
    atStalls: falseWords(members, defaultTuning, 0, 8),
    atStallsPlain: falseWords(members, plain, 0, 8),
  };
}

function settled(
  size: number,
  seed: number,
  options: { tuning?: Partial<SwimTuning> } = {},
): World {
  const codec = new Codec();
  const bytesOf = (message: Parameters<Codec['encodeBatch']>[0][number]) =>
    codec.encodeBatch([message]).length;
  const world = new World({ seed, size, bytesOf, ...options });
  if (!world.runUntil(() => world.isOfOneView(), 10 * minuteMs)) {
    throw new Error(`${size} members do not come together, seed ${seed}`);
  }
  world.run(4_000 + world.random.next() * 2_000);
  world.happenings.length = 0;
  return world;
}

function traffic(size: number): Pick<SwimFigures, 'messages' | 'bytes'> {
  const world = settled(size, 1);
  const sent = () => {
    let messages = 0;
    let bytes = 0;
    for (const resident of world.residents) {
      for (const count of resident.sent.values()) messages += count;
      bytes += resident.sentBytes;
    }
    return { messages, bytes };
  };
  const before = sent();
  world.run(minuteMs);
  const after = sent();
  const share = (minuteMs / world.timings.probeIntervalMs) * size;
  return {
    messages: (after.messages - before.messages) / share,
    bytes: (after.bytes - before.bytes) / share,
  };
}

interface Crash {
  readonly firstSuspicion: number;
  readonly firstDeadMs: number;
  readonly allDeadMs: number;
  readonly spreadTicks: number;
}

function crash(size: number, seed: number, tuning: Partial<SwimTuning>): Crash {
  const world = settled(size, seed, { tuning });
  const { probeIntervalMs, gossipIntervalMs } = world.timings;
  const victim = world.named('m1');
  const startMs = world.nowMs;
  world.crash('m1');
  const isBuried = () => world.up.every(({ swim }) => swim.stateOf(victim.id) === 'dead');
  if (!world.runUntil(isBuried, 5 * minuteMs)) throw new Error('it is never found dead');
  const atMs = (wanted: string) => {
    const times = world.happenings.filter(({ kind, about }) => kind === wanted && about === 'm1');
    return { first: (times[0]?.atMs ?? 0) - startMs, last: (times.at(-1)?.atMs ?? 0) - startMs };
  };
  const dead = atMs('dead');
  return {
    firstSuspicion: atMs('suspected').first / probeIntervalMs,
    firstDeadMs: dead.first,
    allDeadMs: dead.last,
    spreadTicks: (dead.last - dead.first) / gossipIntervalMs,
  };
}

/** `stallingOf`: one of so many stands still, again and again; none where it is 0. */
function falseWords(
  size: number,
  tuning: Partial<SwimTuning>,
  loss: number,
  stallingOf: number,
): FalseWords {
  const world = settled(size, 3, { tuning });
  world.loss = loss;
  const stalling = new Set<string>();
  const nap = (resident: Resident): void => {
    world.stall(resident, 300 + world.random.next() * 3_000);
    const wakeMs = resident.stalledUntilMs - world.nowMs;
    world.after(wakeMs + 1 + world.random.next() * 30, () => nap(resident));
  };
  for (let at = 1; stallingOf > 0 && at < size; at += stallingOf) {
    stalling.add(`m${at}`);
    nap(world.named(`m${at}`));
  }
  world.run(lossMs);
  const about = (wanted: string) =>
    world.count(({ kind, about: whom }) => kind === wanted && !stalling.has(whom));
  return { suspicions: about('suspected'), deaths: about('dead') };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

export const swimTitles = [
  'members',
  'first suspicion, periods',
  'first dead, s',
  'all know, s',
  'spread, ticks',
  'first dead without Lifeguard, s',
  'messages a period',
  'bytes a period',
  '5 % lost: suspicions, deaths',
  'stalls: suspicions, deaths',
  'stalls without Lifeguard',
];

export function swimRow(figures: SwimFigures): string[] {
  const { members, atLoss, atStalls, atStallsPlain } = figures;
  const words = ({ suspicions, deaths }: FalseWords) => `${suspicions}, ${deaths}`;
  return [
    `${members}`,
    figures.firstSuspicion.toFixed(2),
    figures.firstDeadS.toFixed(1),
    figures.allDeadS.toFixed(1),
    figures.spreadTicks.toFixed(1),
    figures.firstDeadPlainS.toFixed(1),
    figures.messages.toFixed(1),
    `${Math.round(figures.bytes)}`,
    words(atLoss),
    words(atStalls),
    words(atStallsPlain),
  ];
}

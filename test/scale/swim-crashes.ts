/** How soon a crash is suspected, found and known, with and without Lifeguard (PROTOCOL.md 1.3). */
import { defaultTuning, type SwimTuning } from '../../src/membership/swim-types.ts';
import { mean, minuteMs, plain, type ScaleTable, settled } from './swim-world.ts';

export interface CrashFigures {
  /** From the crash to the first suspicion anywhere, in periods of a probe; the means of some crashes. */
  readonly firstSuspicion: number;
  /** From the crash until anybody holds it for dead, and until everybody does, in seconds. */
  readonly firstDeadS: number;
  readonly allDeadS: number;
  /** The first of these two without Lifeguard. */
  readonly firstDeadPlainS: number;
}

/** Large grids take long to play, and differ less. */
const crashesOf = (members: number) => (members > 200 ? 4 : 8);

export function measureCrashes(members: number): CrashFigures {
  const crashAll = (tuning: SwimTuning) =>
    Array.from({ length: crashesOf(members) }, (_, seed) => crash(members, seed, tuning));
  const found = crashAll(defaultTuning);
  const foundPlain = crashAll(plain);
  return {
    firstSuspicion: mean(found.map(({ firstSuspicion }) => firstSuspicion)),
    firstDeadS: mean(found.map(({ firstDeadMs }) => firstDeadMs)) / 1_000,
    allDeadS: mean(found.map(({ allDeadMs }) => allDeadMs)) / 1_000,
    firstDeadPlainS: mean(foundPlain.map(({ firstDeadMs }) => firstDeadMs)) / 1_000,
  };
}

interface Crash {
  readonly firstSuspicion: number;
  readonly firstDeadMs: number;
  readonly allDeadMs: number;
}

function crash(size: number, seed: number, tuning: SwimTuning): Crash {
  const world = settled(size, seed, tuning);
  const victim = world.named('m1');
  const startMs = world.nowMs;
  world.crash('m1');
  const isBuried = () => world.up.every(({ swim }) => swim.stateOf(victim.id) === 'dead');
  if (!world.runUntil(isBuried, 5 * minuteMs)) throw new Error('it is never found dead');
  const timesOf = (wanted: string) =>
    world.happenings
      .filter(({ kind, about }) => kind === wanted && about === 'm1')
      .map(({ atMs }) => atMs - startMs);
  const dead = timesOf('dead');
  return {
    firstSuspicion: (timesOf('suspected')[0] ?? 0) / world.timings.probeIntervalMs,
    firstDeadMs: dead[0] ?? 0,
    allDeadMs: dead.at(-1) ?? 0,
  };
}

export const crashTable: ScaleTable = {
  titles: [
    'members',
    'first suspicion, periods',
    'first dead, s',
    'all know, s',
    'first dead without Lifeguard, s',
  ],
  row(members) {
    const figures = measureCrashes(members);
    return [
      `${members}`,
      figures.firstSuspicion.toFixed(2),
      figures.firstDeadS.toFixed(1),
      figures.allDeadS.toFixed(1),
      figures.firstDeadPlainS.toFixed(1),
    ];
  },
};

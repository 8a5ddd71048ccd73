/**
 * How soon one update is with half and with 99 % of the members, against what gossip alone is to take
 * (PROTOCOL.md 1.3). The update is the word of a member that leaves.
 */
import { presets } from '../../src/base/timings.ts';
import {
  defaultTuning,
  type SwimAction,
  type SwimTuning,
} from '../../src/membership/swim-types.ts';
import { mean, type ScaleTable, type SwimWorld, settled } from './swim-world.ts';

const { probeIntervalMs, gossipIntervalMs } = presets.lan;
const updates = 16;
/** Nobody needs as long, but where gossip has missed somebody, who hears of it when tables are compared. */
const hearsMaxMs = 10_000;

/** In periods of a probe, the means of the updates that nobody missed. */
export interface Spread {
  readonly half: number;
  readonly nearlyAll: number;
  /** Of all updates: those that somebody had not heard after ten seconds. */
  readonly missed: number;
}

/** By gossip alone: in small grids, too, nobody tells everybody at once. */
export const gossiped: SwimTuning = { ...defaultTuning, directMax: 0 };

export function measureSpread(members: number, tuning: SwimTuning): Spread {
  // Of large grids few are made, for many to leave: it hardly makes them smaller.
  const leaversMax = Math.min(updates, Math.max(1, Math.floor(members / 32)));
  const spread: (readonly number[])[] = [];
  for (let seed = 0; spread.length < updates; seed++) {
    const world = settled(members, seed, tuning);
    for (let at = 0; at < leaversMax; at++) spread.push(leave(world, `m${2 + at}`));
  }
  const whole = spread.filter((times) => !times.includes(hearsMaxMs));
  const heardBy = (share: number) =>
    mean(whole.map((times) => times[Math.ceil(share * times.length) - 1] ?? hearsMaxMs));
  return {
    half: heardBy(0.5) / probeIntervalMs,
    nearlyAll: heardBy(0.99) / probeIntervalMs,
    missed: spread.length - whole.length,
  };
}

/** How long it took each of the others to hear that one leaves, shortest first. */
function leave(world: SwimWorld, name: string): readonly number[] {
  world.beginAnew();
  const leaver = world.named(name);
  const begunAt = world.nowMs;
  const actions: SwimAction[] = [];
  leaver.swim.leave(begunAt, actions);
  world.carryOut(leaver, actions);
  world.run(hearsMaxMs);
  leaver.isUp = false;
  const times = world.happenings
    .filter(({ kind, about, by }) => kind === 'left' && about === name && by !== name)
    .map(({ atMs }) => atMs - begunAt)
    .sort((one, other) => one - other);
  const missing = world.up.length - times.length;
  return [...times, ...Array.from({ length: missing }, () => hearsMaxMs)];
}

/**
 * Where in each tick everybody who knows tells `fanout` others, drawn anew: the mean, in periods, and between two
 * ticks in proportion. It is within half a tick of the figures for 99 % of PROTOCOL.md 1.3; for half of the members
 * those are in whole ticks.
 */
export function expectedPeriods(members: number, share: number): number {
  const wanted = share * members;
  const { fanout } = defaultTuning;
  let know = 1;
  for (let tick = 1; ; tick++) {
    const missing = members - know;
    const then = members - missing * (1 - 1 / (members - 1)) ** (fanout * know);
    if (then >= wanted) {
      const ticks = tick - 1 + (wanted - know) / (then - know);
      return (ticks * gossipIntervalMs) / probeIntervalMs;
    }
    know = then;
  }
}

export const spreadTable: ScaleTable = {
  titles: [
    'members',
    'half expected, periods',
    'half by gossip',
    'half as it is',
    '99 % expected, periods',
    '99 % by gossip',
    '99 % as it is',
    'somebody missed it: by gossip, as it is',
  ],
  row(members) {
    const alone = measureSpread(members, gossiped);
    const usual = measureSpread(members, defaultTuning);
    const shown = (periods: number) => periods.toFixed(2);
    return [
      `${members}`,
      shown(expectedPeriods(members, 0.5)),
      shown(alone.half),
      shown(usual.half),
      shown(expectedPeriods(members, 0.99)),
      shown(alone.nearlyAll),
      shown(usual.nearlyAll),
      `${alone.missed}, ${usual.missed} of ${updates}`,
    ];
  },
};

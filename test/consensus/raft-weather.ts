/** How hard a simulated group has it. */
import type { Random } from '../../src/base/random.ts';
import type { RaftTimings } from '../../src/consensus/raft-options.ts';

export interface Faults {
  readonly loss: number;
  readonly duplication: number;
  readonly delayed: number;
  /** Chances of each, several times a second. */
  readonly pause: number;
  readonly cut: number;
  readonly heal: number;
  readonly crash: number;
}

export interface Weather extends Faults {
  readonly timings: RaftTimings;
  readonly tickMs: number;
}

export const calm: Faults = {
  loss: 0,
  duplication: 0,
  delayed: 0,
  pause: 0,
  cut: 0,
  heal: 1,
  crash: 0,
};

/** In a storm leaders come and go, and little is committed in between; in rain changes abound. */
export function weatherOf(random: Random): Weather {
  const isStorm = random.next() < 0.4;
  return {
    timings: isStorm
      ? { heartbeatMs: 50, electionMinMs: 150, electionMaxMs: 350 }
      : { heartbeatMs: 150, electionMinMs: 600, electionMaxMs: 1_000 },
    tickMs: isStorm ? 20 : 45,
    loss: random.next() * (isStorm ? 0.3 : 0.1),
    duplication: random.next() * 0.1,
    delayed: random.next() * (isStorm ? 0.2 : 0.1),
    pause: isStorm ? 0.02 : 0.04,
    cut: isStorm ? 0.3 : 0.03,
    heal: isStorm ? 0.2 : 0.09,
    crash: 0.03,
  };
}

/** What is measured otherwise than by drivers in turns. */
import type { Pace } from '../rounds.ts';
import type { Finding } from '../summary.ts';

export interface Measurement {
  readonly name: string;
  readonly needsRedis: boolean;
  /** It runs only where it is asked for by name. */
  readonly isLong?: boolean;
  run(pace: MeasurePace): Promise<readonly Finding[]>;
}

export interface MeasurePace extends Pace {
  /** Of the long run. */
  readonly minutes: number;
}

/** How often something is tried anew with fresh processes. */
export function trialsOf({ rounds }: Pace): number {
  return Math.min(rounds, 3);
}

/** Every measurement, by the name under which it is chosen. */
import { copy } from './copy.ts';
import { failover } from './failover.ts';
import type { Measurement } from './measurement.ts';
import { memory } from './memory.ts';
import { simulator } from './simulator.ts';
import { soak } from './soak.ts';

export const measurements: readonly Measurement[] = [memory, failover, copy, simulator, soak];

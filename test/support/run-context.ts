/** What a store is run with in tests: a time, a sequence, and a caller who is there. */
import type { CallerId } from '../../src/base/ids.ts';
import { generationSpan } from '../../src/partition/meta-state.ts';
import type { RunContext } from '../../src/partition/store.ts';

export function runContext(gridTime: number, sequence: number, caller = 'ann'): RunContext {
  const generation = Math.floor(sequence / generationSpan);
  return { gridTime, sequence, generation, caller: caller as CallerId, isGone: () => false };
}

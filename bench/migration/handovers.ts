/**
 * When partitions stop and begin to serve in this process, seen from outside of the code: the bench looks at
 * each replica after each of its steps.
 */
import { Replica } from '../../src/partition/replica.ts';
import type { Handover } from './protocol.ts';

export interface HandoverWatch {
  clear(): void;
  take(): readonly Handover[];
}

export function watchHandovers(): HandoverWatch {
  let seen: Handover[] = [];
  const wasServing = new WeakMap<Replica, boolean>();
  const step = Replica.prototype.step;
  Replica.prototype.step = function watched(input, nowMs, out) {
    step.call(this, input, nowMs, out);
    // What comes from callers changes nothing of it.
    if (input.kind === 'request') return;
    const isServing = this.primary?.isServing === true;
    const before = wasServing.get(this) ?? false;
    if (isServing === before) return;
    wasServing.set(this, isServing);
    const { partition } = this.state.options;
    const at = performance.timeOrigin + performance.now();
    seen.push({ partition, at, kind: isServing ? 'serves' : 'stops' });
  };
  return {
    clear() {
      seen = [];
    },
    take() {
      const taken = seen;
      seen = [];
      return taken;
    },
  };
}

/** The part of the judgement that is about maps: registers that are compared and set, and counters. */
import { checkLinearizable } from '../../src/testing/linearizability/check.ts';
import { HistoryRecorder } from '../../src/testing/linearizability/history-recorder.ts';
import {
  type MapEntryInput,
  type MapEntryOutput,
  mapEntryModel,
} from '../../src/testing/linearizability/map-entry-model.ts';
import type { Answer } from './calls.ts';
import type { HistoryEvent } from './history.ts';
import { type Finding, isComplete, replayCalls } from './replay.ts';

export function judgeMaps(events: readonly HistoryEvent[]): Finding {
  const recorder = new HistoryRecorder<MapEntryInput, MapEntryOutput>();
  const clients = new Map<string, number>();
  const figures = { ok: 0, unknown: 0, failed: 0 };
  replayCalls(events, 'map', ({ name, input }, by) => {
    const client = clients.get(by) ?? clients.size;
    clients.set(by, client);
    const key = `${name} ${String(input.key)}`;
    const operation = recorder.invoke(client, { ...input, key });
    return (answer) => {
      figures[answer.how]++;
      if (answer.how === 'ok') recorder.ok(operation, { value: answer.value });
      else if (answer.how === 'failed') recorder.fail(operation);
      else recorder.unknown(operation);
    };
  });
  const history = recorder.history();
  const { verdict, explanation, partitions, steps } = checkLinearizable(mapEntryModel, history);
  return {
    what: 'maps: one order explains all calls of each key',
    violations: verdict === 'ok' ? [] : [`${verdict}: ${explanation}`],
    figures: { ...figures, keys: partitions, steps },
  };
}

interface Counted {
  acknowledged: number;
  unknown: number;
  /** As it was read last. */
  value: number;
}

/** Every key that was ever incremented is read at the end, when nothing is under way. */
export function judgeCounters(events: readonly HistoryEvent[]): Finding {
  const figures = { counters: 0, increments: 0, unknown: 0, lost: 0, doubled: 0 };
  const violations: string[] = [];
  const counters = isComplete(events) ? countersOf(events) : [];
  for (const [name, { acknowledged, unknown, value }] of counters) {
    if (acknowledged + unknown === 0) continue;
    figures.counters++;
    figures.increments += acknowledged;
    figures.unknown += unknown;
    figures.lost += Math.max(0, acknowledged - value);
    figures.doubled += Math.max(0, value - acknowledged - unknown);
    if (value >= acknowledged && value <= acknowledged + unknown) continue;
    violations.push(`${name}: ${value} after ${acknowledged} increments and ${unknown} in doubt`);
  }
  return { what: 'counters: nothing lost, nothing counted twice', violations, figures };
}

function countersOf(events: readonly HistoryEvent[]): ReadonlyMap<string, Counted> {
  const counters = new Map<string, Counted>();
  replayCalls(events, 'map', ({ name, input }) => {
    const key = `${name} ${String(input.key)}`;
    const counter = counters.get(key) ?? { acknowledged: 0, unknown: 0, value: 0 };
    counters.set(key, counter);
    return (answer) => {
      if (input.call === 'increment') countIncrement(counter, answer);
      else if (input.call === 'get' && answer.how === 'ok')
        counter.value = Number(answer.value ?? 0);
    };
  });
  return counters;
}

function countIncrement(counter: Counted, { how }: Answer): void {
  if (how === 'ok') counter.acknowledged++;
  if (how === 'unknown') counter.unknown++;
}

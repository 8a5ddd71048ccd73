/**
 * Says whether a history is linearizable.
 *
 * The work is bounded by a count of the model's steps, never by time, so the same history has the
 * same verdict on every machine. Every partition gets a small budget first, and those still open a
 * larger one: a violation that is easy to find is found before a hard partition is gone into. Each
 * search begins anew, which costs a seventh at most and keeps the memo of one partition in memory.
 */
import { assert } from '../../base/assert.ts';
import { explainIllegal, explainUnknown } from './explain.ts';
import type { History, Model } from './model.ts';
import { search, type Verdict } from './search.ts';

export interface CheckOptions {
  /** @default 10_000 */
  readonly stepsFirst?: number;
  /** For each partition; past it the verdict is `unknown`. @default 16_000_000 */
  readonly stepsMax?: number;
}

export interface CheckResult {
  /** `unknown` is no better than `illegal`: a test that gets it must fail. */
  readonly verdict: Verdict;
  /** A sentence or, where the history is illegal, what stood around the failure. */
  readonly explanation: string;
  readonly partitions: number;
  /** How often the model was asked. */
  readonly steps: number;
}

const stepsFirstDefault = 10_000;
const stepsMaxDefault = 16_000_000;
const deepening = 8;
/** A Set of the language holds 2^24 texts, and each step may add one. */
const stepsBound = 16_000_000;

export function checkLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: History<Input, Output>,
  options: CheckOptions = {},
): CheckResult {
  const { stepsFirst = stepsFirstDefault, stepsMax = stepsMaxDefault } = options;
  assert(stepsMax <= stepsBound, `stepsMax is ${stepsMax}, allowed are ${stepsBound}`);
  const all = model.partition(history);
  const partitions = all.size;
  let steps = 0;
  let open = [...all];
  let budget = Math.min(stepsFirst, stepsMax);
  while (open.length > 0) {
    const round = searchEach(model, open, budget);
    steps += round.steps;
    if (round.explanation !== undefined) {
      return { verdict: 'illegal', explanation: round.explanation, partitions, steps };
    }
    open = round.open;
    if (open.length > 0 && budget === stepsMax) {
      return { verdict: 'unknown', explanation: explainUnknown(open, budget), partitions, steps };
    }
    budget = Math.min(budget * deepening, stepsMax);
  }
  const explanation = `all ${history.length} operations of ${partitions} keys are linearizable`;
  return { verdict: 'ok', explanation, partitions, steps };
}

type Keyed<Input, Output> = [key: string, history: History<Input, Output>];

interface Round<Input, Output> {
  readonly open: Keyed<Input, Output>[];
  /** Of the first illegal partition, which ends the round. */
  readonly explanation: string | undefined;
  readonly steps: number;
}

function searchEach<State, Input, Output>(
  model: Model<State, Input, Output>,
  partitions: readonly Keyed<Input, Output>[],
  budget: number,
): Round<Input, Output> {
  const open: Keyed<Input, Output>[] = [];
  let steps = 0;
  for (const [key, partition] of partitions) {
    const result = search(model, partition, budget);
    steps += result.steps;
    if (result.verdict === 'illegal') {
      const state = model.textOf(result.state);
      const explanation = explainIllegal(key, partition, result.prefix, state);
      return { open, explanation, steps };
    }
    if (result.verdict === 'unknown') open.push([key, partition]);
  }
  return { open, explanation: undefined, steps };
}

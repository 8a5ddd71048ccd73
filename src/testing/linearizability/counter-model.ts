/** Counters by key, each 0 at first: an increment takes effect exactly once and gives the new number. */
import { canonicalText } from './canonical-text.ts';
import { type Model, partitionBy } from './model.ts';

export type CounterInput =
  | { readonly call: 'get'; readonly key: unknown }
  | { readonly call: 'increment'; readonly key: unknown; readonly by: number };

/** The number after the operation. */
export type CounterOutput = number;

export const counterModel: Model<number, CounterInput, CounterOutput> = {
  init: () => 0,
  step(state, input, output) {
    const after = input.call === 'increment' ? state + input.by : state;
    return output === undefined || output === after ? after : undefined;
  },
  textOf: canonicalText,
  inputText: canonicalText,
  isRead: (input) => input.call === 'get',
  partition: (history) => partitionBy(history, (input) => canonicalText(input.key)),
};

/** Texts by key, each empty at first, that are read, replaced and appended to. */
import { canonicalText } from './canonical-text.ts';
import { type Model, partitionBy } from './model.ts';

export type KeyValueInput =
  | { readonly call: 'get'; readonly key: string }
  | { readonly call: 'put' | 'append'; readonly key: string; readonly value: string };

/** The text for a get; anything for the others. */
export type KeyValueOutput = string;

export const keyValueModel: Model<string, KeyValueInput, KeyValueOutput> = {
  init: () => '',
  step(state, input, output) {
    switch (input.call) {
      case 'get':
        return output === undefined || output === state ? state : undefined;
      case 'put':
        return input.value;
      case 'append':
        return state + input.value;
    }
  },
  textOf: (state) => state,
  inputText: canonicalText,
  isRead: (input) => input.call === 'get',
  partition: (history) => partitionBy(history, (input) => input.key),
};

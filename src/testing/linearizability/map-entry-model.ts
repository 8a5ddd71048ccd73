/**
 * The entries of a grid's map, each on its own: what the calls of API.md 2 on one key give. Values
 * and keys are compared by their canonical text; an absent entry is the text of undefined.
 *
 * Calls on more than one key (`clear`, `size`, `getMany`) are not one moment in every partition and
 * have no place in these histories.
 */
import { canonicalText } from './canonical-text.ts';
import { type Model, partitionBy } from './model.ts';

export type MapEntryInput =
  | { readonly call: 'get' | 'has' | 'take' | 'delete'; readonly key: unknown }
  | {
      readonly call: 'set' | 'swap' | 'setIfAbsent' | 'replace' | 'getOrInsert';
      readonly key: unknown;
      readonly value: unknown;
    }
  | {
      readonly call: 'compareAndSet';
      readonly key: unknown;
      readonly expected: unknown;
      readonly next: unknown;
    }
  | { readonly call: 'increment'; readonly key: unknown; readonly by: number };

/** What the call resolved with; wrapped, as undefined is an answer here and not an unknown one. */
export interface MapEntryOutput {
  readonly value: unknown;
}

const absent = canonicalText(undefined);

interface Outcome {
  readonly state: string;
  /** The canonical text of what the call gives; undefined where anything may come. */
  readonly reply: string | undefined;
}

export const mapEntryModel: Model<string, MapEntryInput, MapEntryOutput> = {
  init: () => absent,
  step(state, input, output) {
    const { state: after, reply } = outcomeOf(state, input);
    const fits =
      output === undefined || reply === undefined || reply === canonicalText(output.value);
    return fits ? after : undefined;
  },
  textOf: (state) => state,
  inputText: canonicalText,
  isRead: (input, output) =>
    input.call === 'get' ||
    input.call === 'has' ||
    // Done or not, each of these says so; not done, it has changed nothing.
    (output?.value === false && saysWhetherDone(input)),
  partition: (history) => partitionBy(history, (input) => canonicalText(input.key)),
};

function saysWhetherDone({ call }: MapEntryInput): boolean {
  return (
    call === 'delete' || call === 'setIfAbsent' || call === 'replace' || call === 'compareAndSet'
  );
}

function outcomeOf(state: string, input: MapEntryInput): Outcome {
  switch (input.call) {
    case 'get':
      return { state, reply: state };
    case 'has':
      return { state, reply: String(state !== absent) };
    case 'take':
      return { state: absent, reply: state };
    case 'delete':
      return { state: absent, reply: String(state !== absent) };
    case 'set':
      return { state: canonicalText(input.value), reply: undefined };
    case 'swap':
      return { state: canonicalText(input.value), reply: state };
    case 'setIfAbsent':
      return setIf(state === absent, state, input.value);
    case 'replace':
      return setIf(state !== absent, state, input.value);
    case 'getOrInsert': {
      const after = state === absent ? canonicalText(input.value) : state;
      return { state: after, reply: after };
    }
    case 'compareAndSet':
      return setIf(state === canonicalText(input.expected), state, input.next);
    case 'increment':
      return increment(state, input.by);
  }
}

function setIf(condition: boolean, state: string, value: unknown): Outcome {
  return { state: condition ? canonicalText(value) : state, reply: String(condition) };
}

function increment(state: string, by: number): Outcome {
  const before = state === absent ? 0 : Number(state);
  // What is no number refuses, and nothing happens; no reply of a done increment fits that.
  if (Number.isNaN(before)) return { state, reply: 'refused' };
  const after = canonicalText(before + by);
  return { state: after, reply: after };
}

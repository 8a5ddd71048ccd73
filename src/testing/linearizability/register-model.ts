/** A single register that is read, written, and set on a condition. It begins as null. */
import { canonicalText } from './canonical-text.ts';
import type { Model } from './model.ts';

export type RegisterValue = number | string | null;

export type RegisterInput =
  | { readonly call: 'read' }
  | { readonly call: 'write'; readonly value: RegisterValue }
  | { readonly call: 'cas'; readonly expected: RegisterValue; readonly next: RegisterValue };

/** The value of a read; whether a compare-and-set was done; true for a write. */
export type RegisterOutput = RegisterValue | boolean;

export const registerModel: Model<RegisterValue, RegisterInput, RegisterOutput> = {
  init: () => null,
  step(state, input, output) {
    switch (input.call) {
      case 'read':
        return output === undefined || output === state ? state : undefined;
      case 'write':
        return input.value;
      case 'cas': {
        const isDone = state === input.expected;
        if (output !== undefined && output !== isDone) return undefined;
        return isDone ? input.next : state;
      }
    }
  },
  textOf: canonicalText,
  inputText: canonicalText,
  isRead: (input, output) => input.call === 'read' || (input.call === 'cas' && output === false),
  partition: (history) => new Map([['register', history]]),
};

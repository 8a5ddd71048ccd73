/** Entries and requests in few words. */
import type {
  CallerId,
  OpSequence,
  PartitionId,
  Sequence,
  StructureId,
} from '../../src/base/ids.ts';
import type { OpRequest } from '../../src/wire/op-messages.ts';
import type { Entry } from '../../src/wire/replica-messages.ts';

export const app = 'app#9' as CallerId;
const nothing = new Uint8Array(0);

export function entry(sequence: number, more: Partial<Entry> = {}): Entry {
  return {
    sequence: sequence as Sequence,
    caller: app,
    opSequence: sequence as OpSequence,
    firstIncomplete: 1 as OpSequence,
    structure: 1 as StructureId,
    changes: nothing,
    result: Uint8Array.of(sequence % 256),
    ...more,
  };
}

/** The op of the toy store: `+` appends a letter to a key, anything else reads. */
export function op(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function request(
  number: number,
  text: string,
  opSequence = text.startsWith('+') ? number : 0,
  firstIncomplete = 1,
): OpRequest {
  return {
    kind: 'op.request',
    request: number,
    caller: app,
    partition: 0 as PartitionId,
    structure: 1 as StructureId,
    opSequence: opSequence as OpSequence,
    firstIncomplete: firstIncomplete as OpSequence,
    op: op(text),
  };
}

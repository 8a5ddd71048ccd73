/** How large a message can be on the wire, before it is encoded: for bounds and for cutting batches. */
import type { Message } from './messages.ts';
import type { Entry } from './replica-messages.ts';

/** A header and a number are at most this long. */
const scalarBytes = 9;
/** Of UTF-8 for one unit of a string. */
const unitBytes = 3;

/** At least the bytes that the message takes within a frame. */
export function sizeBound(message: Message): number {
  switch (message.kind) {
    case 'op.request':
      return 8 * scalarBytes + message.caller.length * unitBytes + message.op.length;
    case 'op.reply':
      return 4 * scalarBytes + message.result.length;
    case 'replica.ack':
      return 8 * scalarBytes;
    case 'replica.append':
      return message.entries.reduce(withEntry, 8 * scalarBytes);
    default:
      return boundOf(message);
  }
}

function withEntry(sum: number, entry: Entry): number {
  const resultBytes = entry.result?.length ?? 0;
  const content = entry.caller.length * unitBytes + entry.changes.length + resultBytes;
  return sum + 8 * scalarBytes + content;
}

function boundOf(value: unknown): number {
  if (typeof value === 'string') return scalarBytes + value.length * unitBytes;
  if (typeof value !== 'object' || value === null) return scalarBytes;
  if (value instanceof Uint8Array) return scalarBytes + value.length;
  let sum = scalarBytes;
  for (const field of Object.values(value)) sum += boundOf(field);
  return sum;
}

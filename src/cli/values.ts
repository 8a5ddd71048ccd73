/** How values of the grid stand on a command line: read from a word, and printed as text or JSON. */
import { inspect } from 'node:util';

/** What stands on the command line as a value: JSON where it is JSON, else a text. */
export function valueFrom(word: string): unknown {
  try {
    return JSON.parse(word);
  } catch {
    return word;
  }
}

export function lineOf(value: unknown): string {
  return typeof value === 'string' ? value : jsonOf(value);
}

/** One line of JSON, also for what JSON has no form for: a program on the other side of a pipe reads on. */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value, plain) ?? String(value);
  } catch {
    // It contains itself.
    return JSON.stringify(inspect(value, { depth: null, breakLength: Number.POSITIVE_INFINITY }));
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Map || value instanceof Set) return [...value];
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value;
}

/** A history as a file: one JSON object a line, compressed. */
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { HistoryEvent } from './history.ts';

/** `head`: what was run, on a line of its own before the events. */
export async function writeHistory(
  path: string,
  head: object,
  events: readonly HistoryEvent[],
): Promise<void> {
  await pipeline(Readable.from(linesOf(head, events)), createGzip(), createWriteStream(path));
}

export interface ReadHistory {
  readonly head: Readonly<Record<string, unknown>>;
  readonly events: readonly HistoryEvent[];
}

export async function readHistory(path: string): Promise<ReadHistory> {
  const input = createReadStream(path).pipe(createGunzip());
  const events: HistoryEvent[] = [];
  let head: Readonly<Record<string, unknown>> | undefined;
  for await (const line of createInterface({ input })) {
    const value = JSON.parse(line) as Record<string, unknown>;
    if (head === undefined) head = value;
    else events.push(value as unknown as HistoryEvent);
  }
  if (head === undefined) throw new Error(`expected a history in ${path}, found an empty file`);
  return { head, events };
}

function* linesOf(head: object, events: readonly HistoryEvent[]): Generator<string> {
  yield `${JSON.stringify(head)}\n`;
  for (const event of events) yield `${JSON.stringify(event)}\n`;
}

/** What a queue is created with: what its first user asks for, else what `queues` says of its name. */
import type { QueueOptions } from '../grid.ts';
import { bestPattern } from './map-definition.ts';
import { checkQueueOptions } from './options.ts';

export function queueDefinition(
  name: string,
  options: QueueOptions | undefined,
  patterns: Readonly<Record<string, QueueOptions>>,
): Readonly<Record<string, unknown>> {
  if (options !== undefined)
    return { ...checkQueueOptions(`options of the queue '${name}'`, options) };
  const pattern = bestPattern(name, Object.keys(patterns));
  return pattern === undefined ? {} : { ...patterns[pattern] };
}

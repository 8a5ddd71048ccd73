/** What a topic is created with: what its first user asks for, else what `topics` says of its name. */
import type { TopicOptions } from '../grid-topic.ts';
import { bestPattern } from './map-definition.ts';
import { checkTopicOptions } from './options.ts';

export function topicDefinition(
  name: string,
  options: TopicOptions | undefined,
  patterns: Readonly<Record<string, TopicOptions>>,
): Readonly<Record<string, unknown>> {
  if (options !== undefined) {
    return { ...checkTopicOptions(`options of the topic '${name}'`, options) };
  }
  const pattern = bestPattern(name, Object.keys(patterns));
  return pattern === undefined ? {} : { ...patterns[pattern] };
}

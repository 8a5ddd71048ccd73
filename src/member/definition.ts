/** What a structure is created with that a client asks for: checked as if a user of this member had. */
import { GridError } from '../base/errors.ts';
import { checkName } from '../structures/structure-handle.ts';
import { mapDefinition } from './map-definition.ts';
import type { JoinPlan } from './options.ts';
import { queueDefinition } from './queue-definition.ts';
import { topicDefinition } from './topic-definition.ts';

type Patterns = Pick<JoinPlan, 'maps' | 'mergePolicies' | 'queues' | 'settings' | 'topics'>;
type Definition = Readonly<Record<string, unknown>>;

export function definitionOf(
  type: string,
  name: string,
  asked: Definition,
  { maps, mergePolicies, queues, settings, topics }: Patterns,
): Definition {
  // Every member is going to hold it, and a handle of this name is to be possible.
  checkName(type, name, settings.limits.nameLengthMax);
  const options = Object.keys(asked).length === 0 ? undefined : asked;
  switch (type) {
    case 'map':
      return mapDefinition(name, options, maps, mergePolicies);
    case 'queue':
      return queueDefinition(name, options, queues);
    case 'topic':
      return topicDefinition(name, options, topics);
    default:
      throw new GridError(
        'GRID_BAD_OPTION',
        `expected a type of structure that this member knows, found '${type.slice(0, 40)}'; upgrade the member`,
      );
  }
}

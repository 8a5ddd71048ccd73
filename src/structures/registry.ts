/** The types of structures that members know. A new structure is one folder and one line here. */
import type { StructureType } from '../partition/store.ts';
import { mapType } from './map/map-store.ts';
import { queueType } from './queue/queue-store.ts';
import { topicType } from './topic/topic-store.ts';

const types: readonly StructureType[] = [mapType, queueType, topicType];

export const structureTypes: ReadonlyMap<string, StructureType> = new Map(
  types.map((type) => [type.name, type]),
);

/**
 * What a client asks for when it first uses a structure, in the form in which members keep it. The members check
 * the values, since they know what is allowed; here only what would not reach them as it is.
 */
import { durationMs } from '../base/duration.ts';
import { GridError } from '../base/errors.ts';

const optionNames: Readonly<Record<'map' | 'queue' | 'topic', readonly string[]>> = {
  map: ['backups', 'ttl', 'jitter', 'merge'],
  queue: ['backups', 'capacity'],
  topic: ['backups', 'retain', 'retainBytes'],
};

export function clientDefinition(
  type: keyof typeof optionNames,
  name: string,
  options: unknown,
): Readonly<Record<string, unknown>> {
  const definition: Record<string, unknown> = {};
  if (options === undefined) return definition;
  const known = optionNames[type];
  if (typeof options !== 'object' || options === null) throw bad(type, name, String(options));
  for (const [option, value] of Object.entries(options)) {
    const isSendable = known.includes(option) && isPlain(value);
    if (!isSendable) throw bad(type, name, `${option} of type ${typeof value}`);
    if (value === undefined) continue;
    definition[option] = option === 'ttl' ? durationMs(value, option) : value;
  }
  return definition;
}

/** JSON carries no others as they are. */
function isPlain(value: unknown): boolean {
  return value === undefined || typeof value === 'string' || Number.isFinite(value);
}

function bad(type: keyof typeof optionNames, name: string, found: string): GridError {
  const message = `options of the ${type} '${name}': expected ${optionNames[type].join(', ')} with texts and numbers, found ${found}`;
  return new GridError('GRID_BAD_OPTION', message);
}

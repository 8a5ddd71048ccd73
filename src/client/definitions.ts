/**
 * What a client asks for when it first uses a structure. The members check it, since they know which options
 * there are; here it only gets the form in which members keep it.
 */
import { durationMs } from '../base/duration.ts';

export function clientDefinition(options: object | undefined): Readonly<Record<string, unknown>> {
  const definition: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options ?? {})) {
    if (value === undefined) continue;
    definition[name] = name === 'ttl' ? durationMs(value, 'ttl') : value;
  }
  return definition;
}

/** What a map is created with: what its first user asks for, else what `maps` says of its name. */
import { durationMs } from '../base/duration.ts';
import type { MapOptions } from '../grid.ts';
import type { MergePolicy } from '../grid-merge.ts';
import { checkMapOptions } from './options.ts';

export function mapDefinition(
  name: string,
  options: MapOptions | undefined,
  patterns: Readonly<Record<string, MapOptions>>,
  policies: Readonly<Record<string, MergePolicy>> = {},
): Readonly<Record<string, unknown>> {
  if (options !== undefined) {
    return definitionOf(checkMapOptions(`options of the map '${name}'`, options, policies));
  }
  const pattern = bestPattern(name, Object.keys(patterns));
  return pattern === undefined ? {} : definitionOf(patterns[pattern] as MapOptions);
}

/** Equal options give equal definitions, in whatever order and units they were given. */
function definitionOf({
  backups,
  ttl,
  jitter,
  merge,
}: MapOptions): Readonly<Record<string, unknown>> {
  const definition: Record<string, unknown> = {};
  if (backups !== undefined) definition.backups = backups;
  if (ttl !== undefined) definition.ttl = durationMs(ttl, 'ttl');
  if (jitter !== undefined) definition.jitter = jitter;
  if (merge !== undefined) definition.merge = merge;
  return definition;
}

/** The name itself, else the longest pattern that fits. */
export function bestPattern(name: string, patterns: readonly string[]): string | undefined {
  let best: string | undefined;
  for (const pattern of patterns) {
    if (pattern === name) return pattern;
    const isLonger = best === undefined || pattern.length > best.length;
    if (isLonger && fits(name, pattern)) best = pattern;
  }
  return best;
}

/** Whether the name is the pattern with some text for each `*`; in time linear in both. */
function fits(name: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return name === pattern;
  if (!name.startsWith(first) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.endsWith(last) && name.length - last.length >= at;
}

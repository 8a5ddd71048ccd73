/**
 * An entry of a map that may expire, as callers see it, for the check of linearizability.
 *
 * When an entry expires is decided by grid time at its primary, which callers know only roughly: each call
 * says between which grid times it was carried out. So a state is a set of possibilities, each a value and the
 * span in which its deadline lies. A call keeps those that fit what it gave: a value that is seen must not be
 * overdue, one that is gone must have been due, and what is gone never comes back.
 */
import { canonicalText } from '../../src/testing/linearizability/canonical-text.ts';
import { type Model, partitionBy } from '../../src/testing/linearizability/model.ts';

/** How long a value lives that is written; undefined for ever. */
export interface TimeToLive {
  readonly ttlMs: number;
  /** The share that chance may take off. */
  readonly jitter: number;
}

export type ExpiringCall =
  | { readonly call: 'get' | 'getEntry' | 'ttl' | 'delete' | 'persist' | 'increment' }
  | {
      readonly call: 'set' | 'setIfAbsent' | 'replace';
      readonly value: number;
    }
  | { readonly call: 'expire'; readonly ttlMs: number };

export type ExpiringInput = ExpiringCall & {
  readonly key: string;
  /** Of what is written, where it is new. */
  readonly life: TimeToLive | undefined;
  /** The grid time at its primary when it was carried out was neither before nor after these. */
  readonly at: { from: number; to: number };
};

/** Of `getEntry` also the deadline, 0 for never. */
export interface ExpiringOutput {
  readonly value: unknown;
  readonly deadline?: number;
}

interface Possibility {
  /** Undefined where there is nothing. */
  readonly value: unknown;
  /** The deadline is neither before nor after these; infinite for never. */
  readonly earliest: number;
  readonly latest: number;
}

type State = readonly Possibility[];

const absent: Possibility = { value: undefined, earliest: Infinity, latest: Infinity };

export const expiringEntryModel: Model<State, ExpiringInput, ExpiringOutput> = {
  init: () => [absent],
  step(state, input, output) {
    const after: Possibility[] = [];
    for (const before of state) {
      for (const now of agedTo(before, input.at)) {
        const next = outcome(now, input, output);
        if (next !== undefined) after.push(next);
      }
    }
    return after.length === 0 ? undefined : distinct(after);
  },
  textOf: (state) => state.map(textOf).join(' or '),
  inputText: canonicalText,
  // What is seen says something of the deadline, so even a look may change what is known.
  isRead: () => false,
  isLook: ({ call }) => call === 'get' || call === 'getEntry' || call === 'ttl',
  partition: (history) => partitionBy(history, ({ key }) => key),
};

/** What may have become of it by the time of a call: it is still there, or it has expired, or either. */
function agedTo(before: Possibility, at: ExpiringInput['at']): Possibility[] {
  if (before.value === undefined) return [before];
  const found: Possibility[] = [];
  if (before.latest > at.from) found.push(before);
  if (before.earliest <= at.to) found.push(absent);
  return found;
}

/** What there is after a call; undefined where the call cannot have given what it gave. */
function outcome(
  now: Possibility,
  input: ExpiringInput,
  output: ExpiringOutput | undefined,
): Possibility | undefined {
  switch (input.call) {
    case 'get':
      return given(output, now.value) ? now : undefined;
    case 'getEntry':
      return seenEntry(now, output);
    case 'ttl':
      return seenTtl(now, input.at, output);
    case 'delete':
      return given(output, isThere(now)) ? absent : undefined;
    case 'set':
      return written(input.value, input);
    case 'setIfAbsent':
      return writtenIf(!isThere(now), now, input.value, input, output);
    case 'replace':
      return writtenIf(isThere(now), now, input.value, input, output);
    case 'increment':
      return incremented(now, input, output);
    case 'expire':
      return expiring(now, input, input.ttlMs, output);
    case 'persist':
      return persisted(now, output);
  }
}

function seenEntry(now: Possibility, output: ExpiringOutput | undefined): Possibility | undefined {
  if (!given(output, now.value)) return undefined;
  if (output === undefined || !isThere(now)) return now;
  const { deadline = 0 } = output;
  return dueWithin(now, deadline === 0 ? Infinity : deadline, deadline === 0 ? Infinity : deadline);
}

function seenTtl(
  now: Possibility,
  at: ExpiringInput['at'],
  output: ExpiringOutput | undefined,
): Possibility | undefined {
  if (output === undefined) return now;
  const left = Number(output.value);
  if (left === -2 || !isThere(now)) return left === -2 && !isThere(now) ? now : undefined;
  if (left === -1) return dueWithin(now, Infinity, Infinity);
  // It is told in whole milliseconds, rounded up. It says little more of the deadline than is known.
  return dueWithin(now, at.from + left - 1, at.to + left) === undefined ? undefined : now;
}

function writtenIf(
  isDone: boolean,
  now: Possibility,
  value: unknown,
  input: ExpiringInput,
  output: ExpiringOutput | undefined,
): Possibility | undefined {
  if (!given(output, isDone)) return undefined;
  return isDone ? written(value, input) : now;
}

function expiring(
  now: Possibility,
  input: ExpiringInput,
  ttlMs: number,
  output: ExpiringOutput | undefined,
): Possibility | undefined {
  if (!given(output, isThere(now))) return undefined;
  return isThere(now) ? dueAfter(now.value, input, ttlMs, ttlMs) : now;
}

/** A counter that goes on keeps its deadline; a new one begins a life. */
function incremented(
  now: Possibility,
  input: ExpiringInput,
  output: ExpiringOutput | undefined,
): Possibility | undefined {
  const value = isThere(now) ? Number(now.value) + 1 : 1;
  if (!given(output, value)) return undefined;
  return isThere(now) ? { ...now, value } : written(value, input);
}

function persisted(now: Possibility, output: ExpiringOutput | undefined): Possibility | undefined {
  const isMortal = isThere(now) && now.earliest < Infinity;
  if (isMortal && given(output, true)) return { ...now, earliest: Infinity, latest: Infinity };
  // Where it is not known when it ends, it may never.
  const isImmortal = !isThere(now) || now.latest === Infinity;
  if (!isImmortal || !given(output, false)) return undefined;
  return isThere(now) ? { ...now, earliest: Infinity } : now;
}

function written(value: unknown, { at, life }: ExpiringInput): Possibility {
  if (life === undefined) return { value, earliest: Infinity, latest: Infinity };
  const least = Math.max(1, life.ttlMs - Math.floor(life.ttlMs * life.jitter));
  return dueAfter(value, { at }, least, life.ttlMs);
}

function dueAfter(
  value: unknown,
  { at }: Pick<ExpiringInput, 'at'>,
  least: number,
  most: number,
): Possibility {
  return { value, earliest: at.from + least, latest: at.to + most };
}

/** As far as it was possible. */
function dueWithin(now: Possibility, earliest: number, latest: number): Possibility | undefined {
  const from = Math.max(now.earliest, earliest);
  const to = Math.min(now.latest, latest);
  return from <= to ? { value: now.value, earliest: from, latest: to } : undefined;
}

function isThere({ value }: Possibility): boolean {
  return value !== undefined;
}

function given(output: ExpiringOutput | undefined, value: unknown): boolean {
  return output === undefined || output.value === value;
}

function textOf({ value, earliest, latest }: Possibility): string {
  return value === undefined ? 'nothing' : `${value} until ${earliest} to ${latest}`;
}

function distinct(state: Possibility[]): State {
  const byText = new Map(state.map((possibility) => [textOf(possibility), possibility]));
  return [...byText.keys()].sort().map((text) => byText.get(text) ?? absent);
}

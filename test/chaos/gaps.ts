/** How long callers get no answer while a fault lasts, and how long they may. */
import type { Finding } from './replay.ts';
import { duringOf, isWaiting, type ReplayedCall, type ReplayedFault } from './replayed-faults.ts';

interface Limit {
  readonly what: string;
  readonly ms: number;
  readonly holds: (fault: ReplayedFault) => boolean;
}

/** Of callers that a fault does not hit itself, by what it does. The first that holds counts. */
const limits: readonly Limit[] = [
  {
    what: 'where a follower is killed nobody else is without an answer for over 3 s',
    ms: 3_000,
    holds: ({ isKill = false, role }) => isKill && role === 'follower',
  },
  {
    what: 'where the leader is killed or a member isolated nobody else is without an answer for over 5 s',
    ms: 5_000,
    holds: ({ role }) => role !== undefined,
  },
  {
    what: 'in other faults nobody is without an answer for over 5 s whom they do not hit',
    ms: 5_000,
    holds: () => true,
  },
];

/**
 * A client whose only connection falls silent hears of it by nothing but the silence: it takes that for the end after
 * 4 s, at which it looks once a second (src/client/link.ts), so after 5 s at most. Then it needs a connection to
 * another member, which is dialled within 50 ms, and one more try of the call: half a second on a busy machine.
 */
const lostWayMs = 4_000 + 1_000 + 500;

/** A caller draws what it asks for: what it did not ask for again so soon, it did not wait for. */
const againMs = 500;

/** Faults after which there is another way, once it is found. */
function hasAnotherWay({ role, kind }: ReplayedFault): boolean {
  return role !== undefined || kind === 'clients cut off';
}

export function gapsOf(
  faults: readonly ReplayedFault[],
  calls: readonly ReplayedCall[],
): readonly Finding[] {
  const ofLimits = limits.map((limit) => {
    const own = faults.filter((fault) => limits.find(({ holds }) => holds(fault)) === limit);
    return gapsWithin(limit, own, calls);
  });
  return [...ofLimits, lostWays(faults.filter(hasAnotherWay), calls)];
}

function gapsWithin(
  { what, ms: limitMs }: Limit,
  faults: readonly ReplayedFault[],
  calls: readonly ReplayedCall[],
): Finding {
  const violations: string[] = [];
  const longest = { faults: faults.length, membersMs: 0, clientsMs: 0, limitMs };
  const byKind: Record<string, number> = {};
  const cases = faults.flatMap((fault) =>
    (['members', 'clients'] as const).map((whose) => ({ fault, whose })),
  );
  for (const { fault, whose } of cases) {
    const { kind, detail, isBlocking = false } = fault;
    const ms = longestGap(ofOthers(fault, calls, whose === 'clients'), fault.begin);
    const name = `${kind}${isBlocking ? ', unbounded' : ''} (${whose}) ms`;
    byKind[name] = Math.max(byKind[name] ?? 0, ms);
    if (isBlocking) continue;
    longest[`${whose}Ms`] = Math.max(longest[`${whose}Ms`], ms);
    if (ms <= limitMs) continue;
    violations.push(`${kind}, ${detail}: ${whose} had no answer for ${ms} ms, of ${limitMs}`);
  }
  return { what, violations, figures: { ...longest, ...byKind } };
}

/** Of whom the fault does not hit: clients, or members. */
function ofOthers(
  fault: ReplayedFault,
  calls: readonly ReplayedCall[],
  isOfClients: boolean,
): ReplayedCall[] {
  const { afflicted = [], lostWay = [] } = fault;
  return during(fault, calls).filter(
    ({ by }) => isClient(by) === isOfClients && !afflicted.includes(by) && !lostWay.includes(by),
  );
}

/** Clients that are connected to whom a fault hits find another way. */
function lostWays(faults: readonly ReplayedFault[], calls: readonly ReplayedCall[]): Finding {
  const violations: string[] = [];
  const figures = { clients: 0, longestGapMs: 0, limitMs: lostWayMs };
  for (const fault of faults) {
    const { kind, detail, begin, lostWay = [], isBlocking = false } = fault;
    if (isBlocking || lostWay.length === 0) continue;
    const ms = longestGap(
      during(fault, calls).filter(({ by }) => lostWay.includes(by)),
      begin,
    );
    figures.clients += lostWay.length;
    figures.longestGapMs = Math.max(figures.longestGapMs, ms);
    if (ms <= lostWayMs) continue;
    violations.push(`${kind}, ${detail}: a client that lost its way had no answer for ${ms} ms`);
  }
  return { what: 'clients find another way within 5.5 s', violations, figures };
}

function during(
  { begin, equal = Number.POSITIVE_INFINITY }: ReplayedFault,
  calls: readonly ReplayedCall[],
): ReplayedCall[] {
  return duringOf(calls, begin, equal).filter((call) => !isWaiting(call) && !isGlance(call));
}

/**
 * The longest time from a moment on for which a caller had no answer about one thing: one call that took long, or one
 * that failed and those soon after it that did, up to the end of the first with an answer.
 */
function longestGap(calls: readonly ReplayedCall[], from: number): number {
  const failed = new Map<string, { readonly since: number; readonly end: number }>();
  let longest = 0;
  for (const call of calls.toSorted((one, other) => one.end - other.end)) {
    const key = `${call.by} ${aboutWhat(call)}`;
    const before = failed.get(key);
    const isNext = before !== undefined && call.begin - before.end <= againMs;
    const since = Math.max(from, isNext ? Math.min(call.begin, before.since) : call.begin);
    longest = Math.max(longest, call.end - since);
    if (isAnswer(call)) failed.delete(key);
    else failed.set(key, { since, end: call.end });
  }
  return Math.round(longest);
}

function aboutWhat({ call }: ReplayedCall): string {
  return call.on === 'map'
    ? `map ${call.name} ${String(call.input.key)}`
    : `${call.on} ${call.name}`;
}

/** A queue that is full, or empty, has answered. */
function isAnswer({ answer }: ReplayedCall): boolean {
  return answer.how === 'ok' || answer.isInVain === true || answer.code === 'GRID_QUEUE_FULL';
}

/** It is made not to wait. */
function isGlance({ call }: ReplayedCall): boolean {
  return call.on === 'map' && call.isGlance === true;
}

/** The names of clients say how they are connected. */
function isClient(name: string): boolean {
  return /^(direct|gateway) /.test(name);
}

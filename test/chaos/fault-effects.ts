/** What single kinds of faults are to bring about, and what not, beside how long callers wait. */
import { isDeepStrictEqual } from 'node:util';
import { gone } from './called-process.ts';
import type { Finding } from './replay.ts';
import type { ReplayedCall, ReplayedFault, SeenOutlook } from './replayed-faults.ts';

/**
 * A doubt has to last so long, at least, before a member is declared dead (`suspicionMinMs` of src/base/timings.ts).
 * Who is back has so long to be believed.
 */
const doubtMaxMs = 1_000;
const oneViewMaxMs = 10_000;

/** For a member that is away for a second nobody is given up, not even for a moment. */
export function briefAbsences(faults: readonly ReplayedFault[]): Finding {
  const brief = faults.filter(({ isBrief, healed }) => isBrief === true && healed !== undefined);
  const violations = brief.flatMap((fault) =>
    [...changesIn(fault), ...doubtsIn(fault)].map((what) => {
      return `${fault.kind}, ${fault.detail}: ${what}`;
    }),
  );
  const outlooks = brief.reduce((sum, fault) => sum + fault.outlooks.length, 0);
  const figures = { absences: brief.length, outlooks };
  return { what: 'nobody is given up who is away for a second', violations, figures };
}

/** Everybody sees the members, primaries, copies in sync and terms that were there before. */
function changesIn({ outlooks: [first, ...later] }: ReplayedFault): string[] {
  if (first === undefined) return ['nobody looked'];
  return later.flatMap(({ by, members, rows }) => {
    const changed = rows.filter((row, at) => row !== first.rows[at]);
    const isSame = isDeepStrictEqual(Object.keys(members), Object.keys(first.members));
    const ofMembers = isSame ? [] : [`${by} saw other members: ${namesOf(members)}`];
    const strange = Object.entries(members).filter(([, state]) => !isThere(state));
    return [
      ...ofMembers,
      ...strange.map(([id, state]) => `${by} saw that ${id} was ${state}`),
      ...changed.map((row) => `${by} saw another row: ${row}`),
    ];
  });
}

function namesOf(members: SeenOutlook['members']): string {
  return Object.entries(members)
    .map(([id, state]) => `${id} ${state}`)
    .join(', ');
}

function isThere(state: string): boolean {
  return state === 'up' || state === 'suspected';
}

/** Doubts that lasted so long that somebody may have been declared dead: what members tell has one word for both. */
function doubtsIn({ outlooks, back = 0, healed = 0 }: ReplayedFault): string[] {
  const found: string[] = [];
  const since = new Map<string, number>();
  const end = (doubt: string, at: number) => {
    const begun = since.get(doubt);
    since.delete(doubt);
    if (begun === undefined) return;
    const ms = Math.round(at - Math.max(begun, back));
    if (ms >= doubtMaxMs) found.push(`${doubt} for ${ms} ms, of ${doubtMaxMs}`);
  };
  for (const { t, by, members } of outlooks) {
    for (const [id, state] of Object.entries(members)) {
      const doubt = `${by} took ${id} for dead`;
      if (state !== 'suspected') end(doubt, t);
      else if (!since.has(doubt)) since.set(doubt, t);
    }
  }
  for (const doubt of [...since.keys()]) end(doubt, healed);
  return found;
}

/** A cut that stays does not keep the others from coming to one view. */
export function lastingCuts(faults: readonly ReplayedFault[]): Finding {
  const violations: string[] = [];
  const figures = { cuts: 0, oneViewMs: 0, limitMs: oneViewMaxMs };
  for (const { kind, detail, begin, healed, isLasting, 'one-view': at } of faults) {
    if (isLasting !== true || healed === undefined) continue;
    figures.cuts++;
    const ms = at === undefined ? undefined : Math.round(at - begin);
    figures.oneViewMs = Math.max(figures.oneViewMs, ms ?? 0);
    if (ms !== undefined && ms <= oneViewMaxMs) continue;
    violations.push(
      `${kind}, ${detail}: one view came ${ms === undefined ? 'never' : `after ${ms} ms`}`,
    );
  }
  return { what: 'one view within 10 s of a cut that stays', violations, figures };
}

/** What was open is in doubt; that nothing was open would say nothing. */
export function killedClients(
  faults: readonly ReplayedFault[],
  calls: readonly ReplayedCall[],
): Finding {
  const violations: string[] = [];
  const figures = { clients: 0, inDoubt: 0 };
  for (const { kind, detail, healed, killedClient } of faults) {
    if (killedClient === undefined || healed === undefined) continue;
    const open = calls.filter(({ by, answer }) => by === killedClient && isInDoubt(answer));
    figures.clients++;
    figures.inDoubt += open.length;
    if (open.length === 0) violations.push(`${kind}, ${detail}: it had no call open`);
  }
  return { what: 'clients were killed with calls open', violations, figures };
}

function isInDoubt(answer: ReplayedCall['answer']): boolean {
  return answer.how !== 'ok' && answer.code === gone.code;
}

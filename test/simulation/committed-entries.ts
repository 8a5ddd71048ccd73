/**
 * I3 of PROTOCOL.md 6.4: there is one entry for each sequence, for ever, once anybody has seen it committed.
 *
 * Logs let go of what is confirmed long before anybody looks, so each is watched for what it is about to forget.
 */
import type { MemberId, Sequence } from '../../src/base/ids.ts';
import type { EntryLog } from '../../src/partition/entry-log.ts';
import type { Replica } from '../../src/partition/replica.ts';
import type { Entry } from '../../src/wire/replica-messages.ts';

export class CommittedEntries {
  readonly looks = { entries: 0 };
  readonly #report: (violation: string) => void;
  /** What was committed at each sequence, by partition, as anybody saw it first. */
  readonly #committed = new Map<string, Map<number, string>>();
  /** How far each replica was looked at. */
  readonly #seen = new WeakMap<Replica, number>();
  readonly #watched = new WeakSet<EntryLog>();

  constructor(report: (violation: string) => void) {
    this.#report = report;
  }

  /** Looks at what is there, and from now on at whatever goes. */
  check(member: MemberId, placeOf: () => string, replica: Replica): void {
    this.#look(member, placeOf(), replica);
    const { log } = replica.state;
    if (this.#watched.has(log)) return;
    this.#watched.add(log);
    const trim = log.trim.bind(log);
    log.trim = (confirmed) => {
      this.#look(member, placeOf(), replica);
      trim(confirmed);
    };
  }

  #look(member: MemberId, place: string, replica: Replica): void {
    const { log, commit } = replica.state;
    const committed = this.#committed.get(place) ?? new Map<number, string>();
    this.#committed.set(place, committed);
    const from = Math.max(log.floor, this.#seen.get(replica) ?? 0);
    for (let sequence = from + 1; sequence <= Math.min(commit, log.last); sequence++) {
      const entry = log.at(sequence as Sequence);
      if (entry === undefined) continue;
      this.looks.entries++;
      const before = committed.get(sequence);
      const now = nameOf(entry);
      if (before === undefined) committed.set(sequence, now);
      else if (before !== now) {
        this.#report(`I3: ${sequence} of ${place} is ${before}, and ${now} at ${member}`);
      }
    }
    this.#seen.set(replica, commit);
  }
}

export function nameOf({ caller, opSequence, structure, changes }: Entry): string {
  return `${caller} ${opSequence} ${structure} ${changes.join('.')}`;
}

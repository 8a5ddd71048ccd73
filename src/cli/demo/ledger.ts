/** What the demo knows of every write: issued, acknowledged, or of unknown outcome. It judges the end. */
import { type CheckResult, counterCount, type Ending, type Issue } from './protocol.ts';

/** A write by its member and its number there. */
type WriteName = `${number} ${number}`;

export interface Verdict {
  readonly acknowledgedWrites: number;
  /** Writes that nobody can say of whether they took effect; they are allowed to, and not to. */
  readonly unknownWrites: number;
  /** Acknowledged writes that are not there any more. */
  readonly lost: number;
  /** Increments that counted more than once. */
  readonly doubled: number;
  /** Writes that are there and nobody issued, or that were reported as not applied. */
  readonly invented: number;
}

export class Ledger {
  readonly #open = new Map<WriteName, Issue>();
  /** Of each city that was written: the last acknowledged write. */
  readonly #lastWrites = new Map<number, WriteName>();
  readonly #doubtful = new Map<number, Set<WriteName>>();
  readonly #counted = new Array<number>(counterCount).fill(0);
  readonly #maybeCounted = new Array<number>(counterCount).fill(0);
  #acknowledged = 0;
  #unknown = 0;

  get acknowledged(): number {
    return this.#acknowledged;
  }

  note(
    member: number,
    issues: readonly Issue[],
    endings: readonly (readonly [number, Ending])[],
  ): void {
    for (const issue of issues) this.#open.set(`${member} ${issue.id}`, issue);
    for (const [id, ending] of endings) this.#end(`${member} ${id}`, ending);
  }

  /** Nothing more is coming: what has not ended may have happened. */
  close(): void {
    for (const name of [...this.#open.keys()]) this.#end(name, 'unknown');
  }

  judge(check: CheckResult): Verdict {
    const found = new Map<number, WriteName>();
    for (const [at, member, id] of check.written) found.set(at, `${member} ${id}`);
    let lost = 0;
    let invented = 0;
    for (const [at, last] of this.#lastWrites) {
      const name = found.get(at);
      const isLater = name !== undefined && this.#doubtful.get(at)?.has(name) === true;
      if (name !== last && !isLater) lost++;
    }
    for (const [at, name] of found) {
      const isKnown = this.#lastWrites.has(at) || this.#doubtful.get(at)?.has(name) === true;
      if (!isKnown) invented++;
    }
    let doubled = 0;
    check.counters.forEach((value, at) => {
      const least = this.#counted[at] ?? 0;
      const most = least + (this.#maybeCounted[at] ?? 0);
      lost += Math.max(0, least - value);
      doubled += Math.max(0, value - most);
    });
    const acknowledgedWrites = this.#acknowledged;
    return { acknowledgedWrites, unknownWrites: this.#unknown, lost, doubled, invented };
  }

  #end(name: WriteName, ending: Ending): void {
    const issue = this.#open.get(name);
    if (issue === undefined) return;
    this.#open.delete(name);
    const { kind, at } = issue;
    if (ending === 'acknowledged') {
      this.#acknowledged++;
      if (kind === 'city') this.#lastWrites.set(at, name);
      else this.#counted[at] = (this.#counted[at] ?? 0) + 1;
    } else if (ending === 'unknown') {
      this.#unknown++;
      if (kind === 'counter') this.#maybeCounted[at] = (this.#maybeCounted[at] ?? 0) + 1;
      else this.#doubtful.set(at, (this.#doubtful.get(at) ?? new Set()).add(name));
    }
  }
}

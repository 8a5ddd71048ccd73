/**
 * What never falls at a member (PROTOCOL.md 6.4, I2): the term of a partition, the version of its row, the generation
 * of its content, and how much of the log of the meta group its table has.
 */
import type { MemberId } from '../../src/base/ids.ts';
import type { MetaState } from '../../src/partition/meta-state.ts';
import type { ReplicaState } from '../../src/partition/replica-state.ts';

interface Heights {
  readonly term: number;
  readonly version: number;
  readonly generation: number;
}

const beginning: Heights = { term: 0, version: 0, generation: 0 };

export class Rises {
  readonly #report: (violation: string) => void;
  /** What was seen last of each copy at each member. */
  readonly #copies = new Map<string, Heights>();
  /** What each member has applied, by lineage. */
  readonly #tables = new Map<string, number>();

  constructor(report: (violation: string) => void) {
    this.#report = (violation) => report(`I2: ${violation}`);
  }

  checkCopy(
    member: MemberId,
    place: string,
    { term, row, generation }: Pick<ReplicaState, 'term' | 'row' | 'generation'>,
  ): void {
    const key = `${member} ${place}`;
    const before = this.#copies.get(key) ?? beginning;
    // A copy that was dropped and comes anew knows nothing at first.
    const now = {
      term: term === 0 ? before.term : term,
      version: row?.version ?? before.version,
      generation: generation === 0 ? before.generation : generation,
    };
    this.#copies.set(key, now);
    this.#check('the term', key, before.term, now.term);
    this.#check('the version of the row', key, before.version, now.version);
    this.#check('the generation', key, before.generation, now.generation);
  }

  checkTable(member: MemberId, { lineage, applied }: Pick<MetaState, 'lineage' | 'applied'>): void {
    const key = `${member} in ${lineage.id}`;
    this.#check('the table', key, this.#tables.get(key) ?? 0, applied);
    this.#tables.set(key, applied);
  }

  #check(what: string, of: string, before: number, now: number): void {
    if (now < before) this.#report(`${what} of ${of} fell from ${before} to ${now}`);
  }
}

/**
 * Which of the members of lineages that have ended brings a partition of which several have a copy: one at a time,
 * the lineage before its fork, and its primary first, for a while.
 */
import type { Clock } from '../base/clock.ts';
import type { MemberId, PartitionId } from '../base/ids.ts';
import type { MetaState } from '../partition/meta-state.ts';
import type { CommonHistory } from './common-history.ts';
import type { MergeInheritance } from './inheritance.ts';

export interface PrecedenceParts {
  readonly self: MemberId;
  readonly clock: Clock;
  /** The table of the lineage that stays. */
  readonly state: MetaState;
  readonly inheritance: Pick<MergeInheritance, 'from' | 'isAlone'>;
  readonly history: CommonHistory;
}

/** So long a copy is left to a primary to which it was handed over, and to one who is at it and is not heard from. */
const patienceMs = 60_000;
/** So long one that came alone leaves a copy to a primary that has come too, or is to come, and a fork to others. */
const comingMs = 10_000;

export class Precedence {
  readonly #parts: PrecedenceParts;
  /** When it was asked first whether it is early, and whether another comes first. */
  #earlySince: number | undefined;
  #begunAt: number | undefined;
  /** Since when those are away who are at something. */
  readonly #awaySince = new Map<MemberId, number>();

  constructor(parts: PrecedenceParts) {
    this.#parts = parts;
  }

  /**
   * Whether those come first who bring in a lineage from which this one forked: what that has given or deleted since
   * only they know. Who is not here may be on the way.
   */
  get isEarly(): boolean {
    const { history, state } = this.#parts;
    const { earlier } = history;
    if (earlier.length === 0) return false;
    const now = this.#parts.clock.monotonic();
    this.#earlySince ??= now;
    if (now - this.#earlySince <= comingMs) return true;
    const members = [...state.members.values()].filter(({ id }) => !this.#isLongAway(id));
    const here = new Set(members.flatMap(({ formerly }) => formerly));
    return earlier.some((id) => here.has(id));
  }

  /** Whether this member has taken it upon itself. */
  isMine(partition: PartitionId): boolean {
    const { self, inheritance, history } = this.#parts;
    const { by, holder } = history.bringerOf(partition) ?? {};
    return by === inheritance.from && holder === self;
  }

  /** To whoever is at it, and for a while to its primary, which has nothing that was never committed. */
  isLeftToOther(partition: PartitionId): boolean {
    const { inheritance, history } = this.#parts;
    const { from, isAlone } = inheritance;
    const now = this.#parts.clock.monotonic();
    this.#begunAt ??= now;
    const bringer = history.bringerOf(partition);
    if (bringer !== undefined) return bringer.by !== from && !this.#isLongAway(bringer.holder);
    const isOver = now - this.#begunAt > (isAlone ? comingMs : patienceMs);
    return !isOver && history.isPrimaryToCome(partition, from);
  }

  /** One that holds the only copy of something stays in the table for as long as it is away. */
  #isLongAway(holder: MemberId): boolean {
    const now = this.#parts.clock.monotonic();
    if (this.#parts.state.members.get(holder)?.status !== 'suspended') {
      this.#awaySince.delete(holder);
      return false;
    }
    const since = this.#awaySince.get(holder) ?? now;
    this.#awaySince.set(holder, since);
    return now - since > patienceMs;
  }
}

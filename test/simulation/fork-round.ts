/** What a check has to know of one time that a grid fell apart and healed. */
export interface Round {
  readonly number: number;
  /** When the two lost each other: what was begun before it both may have. */
  readonly cutAt: number;
  /** When whoever does so had gone on alone: what it began before, and knows no end of, it may have kept. */
  readonly aloneAt: number;
  /** What was begun before it any side may have: with more than two, one may have all copies for a while. */
  readonly commonUntil: number;
  /** When they could meet again. */
  readonly healAt: number;
  /** When all was brought in. */
  readonly doneAt: number;
  /** The lineage in which all are in the end. */
  readonly winner: string;
  /** Whether a member of the other side did not bring what it had. */
  readonly isMissing: boolean;
  /** Whether it fell apart more than once. */
  readonly isNested: boolean;
}

/** What merges said of a structure. */
export interface Report {
  readonly kept: number;
  readonly discarded: number;
}

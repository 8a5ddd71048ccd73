/**
 * A member's wish to leave: told to the others again for as long as the table does not say so, since who was
 * suspended for a moment comes back as one that stays.
 */
import type { MemberId } from '../base/ids.ts';
import type { Command, MemberRow } from '../partition/meta-state.ts';
import type { ProposalResult } from '../partition/proposals.ts';

type Commit = (
  command: Command,
  timeoutMs: number,
  done: (result: ProposalResult | undefined) => void,
) => void;

export class Departure {
  readonly #self: MemberId;
  readonly #commit: Commit;
  /** Whether this member leaves. */
  isWanted = false;
  /** Whether the others have taken over all that it held, and let it go. */
  isOver = false;
  #isAsking = false;
  #timeoutMs = 0;

  constructor(self: MemberId, commit: Commit) {
    this.#self = self;
    this.#commit = commit;
  }

  begin(timeoutMs: number): void {
    this.isWanted = true;
    this.#timeoutMs = timeoutMs;
  }

  /** `row`: this member's own, in its copy of the table. */
  tick(row: MemberRow | undefined): void {
    if (!this.isWanted || this.isOver || this.#isAsking || row?.status !== 'up') return;
    this.#isAsking = true;
    const command = { type: 'status', id: this.#self, status: 'leaving' } as const;
    this.#commit(command, this.#timeoutMs, () => {
      this.#isAsking = false;
    });
  }
}

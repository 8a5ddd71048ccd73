/**
 * What must hold of leases at every moment (PROTOCOL.md 6.4, I1): nobody answers without one, and who is suspended
 * holds none, so that whoever takes over holds the only one there is.
 */
import type { Address } from '../../src/base/ids.ts';
import type { Answered, GridWorld } from './grid-world.ts';

export class LeaseInvariants {
  readonly looks = { toMembers: 0, toOwnCallers: 0, toOwnClients: 0, leases: 0 };
  readonly #grid: Pick<GridWorld, 'processes' | 'newest'>;
  readonly #report: (violation: string) => void;

  constructor(grid: Pick<GridWorld, 'processes' | 'newest'>, report: (violation: string) => void) {
    this.#grid = grid;
    this.#report = (violation) => report(`I1: ${violation}`);
  }

  /** An answer leaves a primary. */
  replied(from: Address, whom: Answered): void {
    const process = this.#grid.processes.find(({ address, isUp }) => isUp && address === from);
    if (process === undefined) return;
    this.looks[whom]++;
    const { member, clock } = process.program;
    const voidSince = member.meta.lease.voidSince(clock.monotonic());
    if (voidSince === undefined) return;
    const forMs = clock.monotonic() - voidSince;
    this.#report(`${member.id} answers, and its lease has been over for ${forMs} ms`);
  }

  /** By the newest table there is of its lineage, a member that is suspended has no lease any more. */
  check(): void {
    const { newest, processes } = this.#grid;
    if (newest === undefined) return;
    for (const process of processes) {
      if (!process.isUp || process.isPaused) continue;
      const { member, clock } = process.program;
      if (member.state.lineage.id !== newest.state.lineage.id) continue;
      if (!member.meta.lease.isValid(clock.monotonic())) continue;
      this.looks.leases++;
      if (newest.state.members.get(member.id)?.status !== 'suspended') continue;
      this.#report(`${member.id} holds a lease, and is suspended`);
    }
  }
}

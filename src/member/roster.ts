/**
 * Where members are and what their links say: the address of an identity, and whether its process
 * refuses connections.
 */
import type { Address, MemberId } from '../base/ids.ts';
import type { MetaState } from '../partition/meta-state.ts';

/** Identities whose address is remembered; the oldest is forgotten past it. */
const addressesMax = 4_096;

export class Roster {
  readonly #state: MetaState;
  readonly #addresses = new Map<MemberId, Address>();
  /** Addresses at which nobody listened, and when that was found. */
  readonly #refused = new Map<Address, number>();
  readonly #refusedMs: number;

  /** A refusal is news for `refusedMs`; then membership has had the time to find out. */
  constructor(state: MetaState, refusedMs: number) {
    this.#state = state;
    this.#refusedMs = refusedMs;
  }

  /** From membership or from a connection. */
  note(id: MemberId, address: Address): void {
    this.#addresses.set(id, address);
    if (this.#addresses.size <= addressesMax) return;
    for (const oldest of this.#addresses.keys()) {
      this.#addresses.delete(oldest);
      return;
    }
  }

  addressOf(id: MemberId): Address | undefined {
    const known = this.#state.members.get(id)?.address as Address | undefined;
    return known ?? this.#addresses.get(id);
  }

  isUp(address: Address): void {
    this.#refused.delete(address);
  }

  isDown(address: Address, nowMs: number): void {
    this.#refused.set(address, nowMs);
  }

  isRefused(id: MemberId, nowMs: number): boolean {
    const address = this.addressOf(id);
    const at = address === undefined ? undefined : this.#refused.get(address);
    return at !== undefined && nowMs - at < this.#refusedMs;
  }
}

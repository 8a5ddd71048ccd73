/**
 * Records of a map whose merge policy is a user's own function: it runs here, where the records come from,
 * on the record that the other history has at that moment, and what it gives is written only where that is
 * still so. Whoever was quicker has the function run again.
 */
import type { GridError } from '../base/errors.ts';
import { defaultLimits } from '../base/limits.ts';
import type { MapEntry } from '../grid.ts';
import type { MergePolicy } from '../grid-merge.ts';
import type { StructureRow } from '../partition/router-port.ts';
import { type Incoming, mergeOfNothing, readMergeOp } from '../structures/map/map-merge.ts';
import {
  deleteIfVersionOp,
  type EntryResult,
  keyOp,
  mapOps,
  readEntryResult,
  setIfVersionOp,
} from '../structures/map/map-ops.ts';
import { keyOut, valueOut } from '../structures/map/map-results.ts';
import type { MergeCount } from '../structures/merging.ts';
import { sameBytes } from '../wire/bytes.ts';
import { encodeValue } from '../wire/value.ts';

export interface CustomMergeParts {
  readonly row: StructureRow;
  readonly policy: MergePolicy;
  /** An op of `merge`, as the store gave it. */
  readonly op: Uint8Array;
  /** Sends an op of the map to the partition; reads are those that are no writes. */
  send(
    op: Uint8Array,
    isWrite: boolean,
    resolve: (result: Uint8Array) => void,
    reject: (error: GridError) => void,
  ): void;
  /** The policy threw: the record is not taken. */
  failed(error: unknown): void;
  done(count: MergeCount): void;
  /** What is left has to be tried again. */
  interrupted(error: GridError): void;
}

/** What the policy wants: a value, nothing, or that all stays as it is. */
type Wish = { readonly value: Uint8Array | undefined } | 'as-it-is';

export class CustomMerge {
  readonly #parts: CustomMergeParts;
  readonly #incoming: readonly Incoming[];
  /** Above it are the versions of a primary that knows of the merge. */
  readonly #floor: number;
  #at = 0;
  /** What was sent last and may have arrived. */
  #uncertain: Wish = 'as-it-is';
  #kept = 0;
  #discarded = 0;

  constructor(parts: CustomMergeParts) {
    this.#parts = parts;
    const { floor, incoming } = readMergeOp(parts.op);
    this.#floor = floor;
    this.#incoming = incoming;
  }

  /** Goes on where it was interrupted. */
  run(): void {
    // First of all the primary has to know that its versions are above those of the other history.
    this.#parts.send(mergeOfNothing(this.#floor), true, () => this.#next(), this.#broken);
  }

  readonly #broken = (error: GridError): void => this.#parts.interrupted(error);

  #next(): void {
    const incoming = this.#incoming[this.#at];
    if (incoming === undefined) {
      this.#parts.done({ kept: this.#kept, discarded: this.#discarded });
      return;
    }
    const op = keyOp(mapOps.getEntry, incoming.key);
    this.#parts.send(op, false, (result) => this.#decide(incoming, result), this.#broken);
  }

  #decide(incoming: Incoming, result: Uint8Array): void {
    const existing = readEntryResult(result);
    const sent = this.#uncertain;
    this.#uncertain = 'as-it-is';
    if (sent !== 'as-it-is' && isSo(existing, sent)) {
      this.#count(sent.value !== undefined);
      return;
    }
    const wish = this.#wish(incoming, existing);
    if (wish === 'as-it-is') {
      const isSame = existing !== undefined && sameBytes(existing.value, incoming.value);
      this.#count(isSame);
      return;
    }
    const op = opFor(incoming, existing, wish.value);
    const answered = (answer: Uint8Array) => {
      // Somebody else was quicker: the policy decides anew.
      if (answer[0] === 1) this.#count(wish.value !== undefined);
      else this.#next();
    };
    this.#parts.send(op, true, answered, (error) => {
      if (error.outcome === 'unknown') this.#uncertain = wish;
      this.#broken(error);
    });
  }

  #wish(incoming: Incoming, existing: EntryResult | undefined): Wish {
    let value: unknown;
    try {
      value = this.#parts.policy(existing && entryOf(incoming.key, existing), entryFrom(incoming));
      if (value === undefined) return existing === undefined ? 'as-it-is' : { value: undefined };
      const encoded = encodeValue(value, defaultLimits);
      return existing !== undefined && sameBytes(existing.value, encoded)
        ? 'as-it-is'
        : { value: encoded };
    } catch (error) {
      this.#parts.failed(error);
      return 'as-it-is';
    }
  }

  #count(isKept: boolean): void {
    if (isKept) this.#kept++;
    else this.#discarded++;
    this.#at++;
    this.#next();
  }
}

/** Whether the record is what was wished for: then it arrived, as far as anybody can tell. */
function isSo(
  existing: EntryResult | undefined,
  { value }: { readonly value: Uint8Array | undefined },
): boolean {
  if (existing === undefined || value === undefined) return existing === value;
  return sameBytes(existing.value, value);
}

function opFor(
  incoming: Incoming,
  existing: EntryResult | undefined,
  value: Uint8Array | undefined,
): Uint8Array {
  const { key } = incoming;
  if (value === undefined) return deleteIfVersionOp(key, existing?.version ?? 0);
  return setIfVersionOp(key, value, existing?.version ?? 0, existing !== undefined);
}

function entryOf(key: Uint8Array, entry: EntryResult): MapEntry<unknown, unknown> {
  const { value, version, createdAt, updatedAt, deadline } = entry;
  const expiresAt = deadline === 0 ? undefined : deadline;
  return { key: keyOut(key), value: valueOut(value), version, createdAt, updatedAt, expiresAt };
}

/** Its version means nothing in the history that it comes to. */
function entryFrom({ key, value, deadline, created, updated }: Incoming) {
  return entryOf(key, { value, version: 0, createdAt: created, updatedAt: updated, deadline });
}

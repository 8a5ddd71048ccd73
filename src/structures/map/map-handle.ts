/**
 * What a user holds of a map: encodes keys and values, makes the op, sends it to the key's partition
 * and decodes what comes back. It keeps no records.
 */
import type { Observable } from 'rxjs';
import type { CallOptions } from '../../base/call-options.ts';
import { checkedTimeoutMs } from '../../base/call-options.ts';
import type { Clock } from '../../base/clock.ts';
import { type Duration, durationMs } from '../../base/duration.ts';
import { GridError } from '../../base/errors.ts';
import { defaultLimits, type Limits } from '../../base/limits.ts';
import type { GridMap, Key, LocalMap, MapChange, MapEntry, SetOptions } from '../../grid.ts';
import type { Router } from '../../partition/router-port.ts';
import { encodeKey, lentKey } from '../../wire/key.ts';
import { encodeValue } from '../../wire/value.ts';
import { Call, decoding } from '../call.ts';
import { StructureHandle } from '../structure-handle.ts';
import * as many from './map-many-handle.ts';
import {
  bareOp,
  compareAndSetOp,
  deleteIfVersionOp,
  expireOp,
  incrementOp,
  keyOp,
  mapOps,
  nothing,
  readEntryResult,
  readTtl,
  setIfVersionOp,
  valueOp,
  writesFrom,
} from './map-ops.ts';
import { isYes, valueOrNothing, valueOut } from './map-results.ts';
import { localMap, scanned } from './map-scan-handle.ts';
import { checkedSetOptions } from './map-set-options.ts';
import { sharedWatch, watched } from './map-watch-handle.ts';

/** How often `update` tries; each time somebody else has changed the key in between. */
const updatesMax = 1_000;

export interface MapHandleOptions {
  readonly router: Router;
  readonly clock: Clock;
  readonly name: string;
  /** What the map is created with where it does not exist. @default {} */
  readonly definition?: Readonly<Record<string, unknown>>;
  readonly limits?: Limits;
}

export class MapHandle<K extends Key = Key, V = unknown> implements GridMap<K, V> {
  readonly name: string;
  readonly local: LocalMap<K, V>;
  readonly changes: Observable<MapChange<K, V>>;
  readonly #handle: StructureHandle;
  readonly #limits: Limits;

  constructor(options: MapHandleOptions) {
    const { router, clock, name, definition = {}, limits = defaultLimits } = options;
    this.#handle = new StructureHandle({ router, clock, limits, type: 'map', name, definition });
    this.name = name;
    this.#limits = limits;
    this.local = localMap<K, V>(this.#handle);
    const all = { kind: 'all', key: nothing, hash: undefined } as const;
    this.changes = sharedWatch<K, V>(this.#handle, all);
  }

  get(key: K, options?: CallOptions): Promise<V | undefined> {
    return this.#look(mapOps.get, key, options, valueOrNothing<V>);
  }

  has(key: K, options?: CallOptions): Promise<boolean> {
    return this.#look(mapOps.has, key, options, isYes);
  }

  set(key: K, value: V, options?: SetOptions): Promise<void> {
    return this.#onValue(mapOps.set, key, value, options, ignored);
  }

  delete(key: K, options?: CallOptions): Promise<boolean> {
    return this.#onKey(mapOps.delete, key, options, isYes);
  }

  swap(key: K, value: V, options?: SetOptions): Promise<V | undefined> {
    return this.#onValue(mapOps.swap, key, value, options, valueOrNothing<V>);
  }

  take(key: K, options?: CallOptions): Promise<V | undefined> {
    return this.#onKey(mapOps.take, key, options, valueOrNothing<V>);
  }

  setIfAbsent(key: K, value: V, options?: SetOptions): Promise<boolean> {
    return this.#onValue(mapOps.setIfAbsent, key, value, options, isYes);
  }

  replace(key: K, value: V, options?: SetOptions): Promise<boolean> {
    return this.#onValue(mapOps.replace, key, value, options, isYes);
  }

  getOrInsert(key: K, value: V, options?: SetOptions): Promise<V> {
    return this.#onValue(mapOps.getOrInsert, key, value, options, valueOut<V>);
  }

  async compareAndSet(
    key: K,
    expected: V | undefined,
    next: V,
    options?: CallOptions,
  ): Promise<boolean> {
    const { bytes, hash } = encodeKey(key, this.#limits);
    const before = encodeValue(expected, this.#limits);
    const after = encodeValue(next, this.#limits);
    const op = compareAndSetOp(bytes, before, after, expected === undefined);
    return this.#send(hash, op, options, isYes);
  }

  async getEntry(key: K, options?: CallOptions): Promise<MapEntry<K, V> | undefined> {
    const found = await this.#onKey(mapOps.getEntry, key, options, readEntryResult);
    if (found === undefined) return undefined;
    const { version, createdAt, updatedAt, deadline } = found;
    const expiresAt = deadline === 0 ? undefined : deadline;
    return { key, value: valueOut<V>(found.value), version, createdAt, updatedAt, expiresAt };
  }

  async setIfVersion(key: K, value: V, version: number, options?: CallOptions): Promise<boolean> {
    const encoded = encodeValue(value, this.#limits);
    return this.#setIfVersion(key, encoded, version, false, options);
  }

  async deleteIfVersion(key: K, version: number, options?: CallOptions): Promise<boolean> {
    const { bytes, hash } = encodeKey(key, this.#limits);
    return this.#send(hash, deleteIfVersionOp(bytes, checkedVersion(version)), options, isYes);
  }

  async update(
    key: K,
    change: (value: V | undefined) => V | undefined | Promise<V | undefined>,
    options?: CallOptions,
  ): Promise<V | undefined> {
    if (typeof change !== 'function') {
      throw new GridError('GRID_BAD_OPTION', `update takes a function, found ${typeof change}`);
    }
    const timeoutMs = checkedTimeoutMs(options);
    const { clock } = this.#handle;
    const endsAt = clock.monotonic() + timeoutMs;
    for (let tries = 0; tries < updatesMax; tries++) {
      const left = leftOf(endsAt - clock.monotonic(), timeoutMs, options);
      const entry = await this.getEntry(key, left);
      const next = await change(entry?.value);
      const rest = leftOf(endsAt - clock.monotonic(), timeoutMs, options);
      const encoded = next === undefined ? undefined : encodeValue(next, this.#limits);
      if (await this.#replaceVersion(key, entry?.version ?? 0, encoded, rest)) {
        return encoded === undefined ? undefined : valueOut<V>(encoded);
      }
    }
    throw new GridError(
      'GRID_OVERLOADED',
      `update met another writer ${updatesMax} times; use increment, or one writer for the key`,
    );
  }

  async increment(key: K, by = 1, options?: CallOptions): Promise<number> {
    if (typeof by !== 'number' || !Number.isFinite(by)) {
      throw new GridError('GRID_BAD_VALUE', `increment adds a finite number, found ${String(by)}`);
    }
    const { bytes, hash } = encodeKey(key, this.#limits);
    return this.#send(hash, incrementOp(bytes, by), options, valueOut<number>);
  }

  async expire(key: K, ttl: Duration, options?: CallOptions): Promise<boolean> {
    const { bytes, hash } = encodeKey(key, this.#limits);
    return this.#send(hash, expireOp(bytes, durationMs(ttl, 'ttl')), options, isYes);
  }

  ttl(key: K, options?: CallOptions): Promise<number> {
    return this.#onKey(mapOps.ttl, key, options, readTtl);
  }

  persist(key: K, options?: CallOptions): Promise<boolean> {
    return this.#onKey(mapOps.persist, key, options, isYes);
  }

  getMany(keys: Iterable<K>, options?: CallOptions): Promise<Map<K, V>> {
    return many.getMany<K, V>(this.#handle, keys, options);
  }

  setMany(entries: Iterable<readonly [K, V]>, options?: SetOptions): Promise<void> {
    return many.setMany(this.#handle, entries, options);
  }

  deleteMany(keys: Iterable<K>, options?: CallOptions): Promise<number> {
    return many.deleteMany(this.#handle, keys, options);
  }

  size(options?: CallOptions): Promise<number> {
    return many.mapSize(this.#handle, options);
  }

  keys(options?: CallOptions): AsyncIterableIterator<K> {
    return scanned<K>(this.#handle, 'keys', options);
  }

  values(options?: CallOptions): AsyncIterableIterator<V> {
    return scanned<V>(this.#handle, 'values', options);
  }

  entries(options?: CallOptions): AsyncIterableIterator<[K, V]> {
    return scanned<[K, V]>(this.#handle, 'entries', options);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<[K, V]> {
    return this.entries();
  }

  async clear(options?: CallOptions): Promise<void> {
    await many.onAll(this.#handle, bareOp(mapOps.clear), true, options, ignored);
  }

  watch(target: K | { readonly prefix: string }): Observable<MapChange<K, V>> {
    if (isPrefix(target)) {
      const { bytes: key } = encodeKey(target.prefix, this.#limits);
      return watched(this.#handle, { kind: 'prefix', key, hash: undefined });
    }
    const { bytes: key, hash } = encodeKey(target, this.#limits);
    return watched(this.#handle, { kind: 'key', key, hash });
  }

  destroy(options?: CallOptions): Promise<void> {
    return this.#handle.destroy(options);
  }

  #onKey<Result>(
    code: number,
    key: K,
    options: CallOptions | undefined,
    decode: (result: Uint8Array) => Result,
  ): Promise<Result> {
    try {
      const { bytes, hash } = lentKey(key, this.#limits);
      return this.#handle.callOf(hash, keyOp(code, bytes), code >= writesFrom, options, decode);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** A read that is answered on the spot where this process may; `decode` takes a stretch of the bytes. */
  #look<Result>(
    code: number,
    key: K,
    options: CallOptions | undefined,
    decode: (bytes: Uint8Array, from?: number, to?: number) => Result,
  ): Promise<Result> {
    if (options !== undefined) return this.#onKey(code, key, options, decode);
    try {
      const { bytes, hash } = lentKey(key, this.#limits);
      const handle = this.#handle;
      const seen = handle.glance(handle.partitionOf(hash), code, bytes);
      if (seen === undefined)
        return handle.callOf(hash, keyOp(code, bytes), false, options, decode);
      return handle.router.deliver(decode(seen.bytes, seen.from, seen.to));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #onValue<Result>(
    code: number,
    key: K,
    value: V,
    options: SetOptions | undefined,
    decode: (result: Uint8Array) => Result,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const { bytes, hash } = encodeKey(key, this.#limits);
      const encoded = encodeValue(value, this.#limits);
      const { life, call } = checkedSetOptions(options);
      const op = valueOp(code, bytes, encoded, life);
      const decoded = decoding(decode, resolve, reject);
      this.#handle.submit(new Call(0, hash, op, true, call, decoded, reject));
    });
  }

  #send<Result>(
    hash: number,
    op: Uint8Array,
    options: CallOptions | undefined,
    decode: (result: Uint8Array) => Result,
  ): Promise<Result> {
    return this.#handle.callOf(hash, op, true, options, decode);
  }

  /** Whether the key still had the version. */
  #replaceVersion(
    key: K,
    version: number,
    next: Uint8Array | undefined,
    options: CallOptions,
  ): Promise<boolean> {
    if (next !== undefined) return this.#setIfVersion(key, next, version, true, options);
    return this.deleteIfVersion(key, version, options);
  }

  async #setIfVersion(
    key: K,
    encoded: Uint8Array,
    version: number,
    keepsDeadline: boolean,
    options: CallOptions | undefined,
  ): Promise<boolean> {
    const { bytes, hash } = encodeKey(key, this.#limits);
    const op = setIfVersionOp(bytes, encoded, checkedVersion(version), keepsDeadline);
    return this.#send(hash, op, options, isYes);
  }
}

function ignored(): void {}

function isPrefix(target: unknown): target is { readonly prefix: string } {
  if (typeof target !== 'object' || target === null || !('prefix' in target)) return false;
  return typeof target.prefix === 'string';
}

function checkedVersion(version: unknown): number {
  if (typeof version === 'number' && Number.isSafeInteger(version) && version >= 0) return version;
  throw new GridError(
    'GRID_BAD_OPTION',
    `A version is a whole number from 0 on, as getEntry gives it. Found ${String(version)}.`,
  );
}

/** The options of one step of a call that takes several. */
function leftOf(leftMs: number, timeoutMs: number, options: CallOptions | undefined): CallOptions {
  if (leftMs <= 0) {
    throw new GridError(
      'GRID_TIMEOUT',
      `update was not done within ${timeoutMs} ms: other writers were quicker every time`,
    );
  }
  const signal = options?.signal;
  return signal === undefined ? { timeout: leftMs } : { timeout: leftMs, signal };
}

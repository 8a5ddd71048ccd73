/** A simulated grid in which a test makes single calls and looks at what becomes of them. */
import { partitionOf } from '../../src/base/hash.ts';
import type { MemberId, PartitionId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { partitionIdOf } from '../../src/base/partition-id.ts';
import type { Member } from '../../src/member/member.ts';
import { type PartitionRow, rowOf } from '../../src/partition/meta-state.ts';
import type { Router } from '../../src/partition/router-port.ts';
import { keyOp, mapOps, valueOp } from '../../src/structures/map/map-ops.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import { type Caller, type GridShape, GridWorld, type Program } from '../simulation/grid-world.ts';
import { plainShape } from '../simulation/plain-shape.ts';
import { mapName } from '../simulation/workload.ts';

/** One call, which may not have ended yet. */
export interface Ended {
  readonly beganAt: number;
  /** The code and the outcome of an error, `ok` where it did what it should. */
  how: string | undefined;
  endedAt: number;
  value: unknown;
  raw: Uint8Array;
}

const settleMs = 90_000;

export interface SceneShape extends Partial<GridShape> {
  /** Options of the map. */
  readonly map?: Readonly<Record<string, unknown>>;
}

export class Scene extends GridWorld {
  constructor({ map = {}, ...shape }: SceneShape, seed = 7) {
    super(seed, { ...plainShape, partitions: 7, ...shape }, { traceLinesMax: 0 });
    this.settled('the cluster did not form');
    this.define('map', mapName, map);
    this.settled('the map did not settle');
  }

  settled(what: string): void {
    if (!this.settle(settleMs)) throw new Error(what);
  }

  until(isSo: () => boolean, what: string, withinMs = settleMs): void {
    if (!this.world.runUntil(isSo, this.world.now + withinMs)) throw new Error(what);
  }

  memberOf(name: string): Member {
    return this.processOf(name).program.member;
  }

  processOf(name: string): SimProcess<Program> {
    const found = this.processes.find((process) => process.name === name);
    if (found === undefined) throw new Error(`no process ${name}`);
    return found;
  }

  /** A member or a client. */
  callerOf(name: string): SimProcess<Caller> {
    const found = this.callers.find((process) => process.name === name);
    if (found === undefined) throw new Error(`no process ${name}`);
    return found;
  }

  /** Names of the members by their age, the oldest first. */
  get byAge(): string[] {
    const { newest } = this;
    if (newest === undefined) return [];
    const rows = [...newest.state.members.values()].sort((a, b) => a.joinedAt - b.joinedAt);
    return rows.map(({ id }) => this.nameOf(id));
  }

  nameOf(id: MemberId | undefined): string {
    return this.processes.find((process) => process.isUp && process.id === id)?.name ?? '';
  }

  partitionOf(key: string): PartitionId {
    const { partitions, backups } = this.shape;
    const index = partitionOf(encodeKey(key, defaultLimits).hash, partitions);
    return partitionIdOf(backups, index, partitions);
  }

  rowOf(key: string, seenBy = this.newest): PartitionRow {
    const row = seenBy && rowOf(seenBy.state, this.partitionOf(key));
    if (row === undefined) throw new Error(`no row for ${key}`);
    return row;
  }

  /** The first key of `k0`, `k1`, ... whose primary and backups are as wanted. */
  keyWhere(isWanted: (primary: string, backups: readonly string[]) => boolean): string {
    const [key = ''] = this.keysWhere(1, isWanted);
    return key;
  }

  /** The first so many of them. */
  keysWhere(
    count: number,
    isWanted: (primary: string, backups: readonly string[]) => boolean,
  ): string[] {
    const found: string[] = [];
    for (let at = 0; found.length < count && at < 1_000; at++) {
      const key = `k${at}`;
      const { primary, inSync } = this.rowOf(key);
      const backups = inSync.filter((id) => id !== primary).map((id) => this.nameOf(id));
      if (isWanted(this.nameOf(primary), backups)) found.push(key);
    }
    if (found.length < count) throw new Error('no key is where it is wanted');
    return found;
  }

  set(by: string, key: string, value: unknown, timeoutMs = 10_000): Ended {
    const bytes = encodeValue(value, defaultLimits);
    return this.call(by, key, true, timeoutMs, (encoded) => valueOp(mapOps.set, encoded, bytes));
  }

  get(by: string, key: string, timeoutMs = 10_000): Ended {
    return this.call(by, key, false, timeoutMs, (encoded) => keyOp(mapOps.get, encoded));
  }

  /** Runs until the call has ended; how it ended, and what it gave. */
  endOf(ended: Ended): string {
    this.until(() => ended.how !== undefined, 'the call does not end', 120_000);
    return `${ended.how}`;
  }

  call(
    by: string,
    key: string,
    isWrite: boolean,
    timeoutMs: number,
    opOf: (key: Uint8Array) => Uint8Array,
    structureOf = (router: Router) => router.structure('map', mapName),
  ): Ended {
    const beganAt = this.world.now;
    const ended: Ended = {
      beganAt,
      how: undefined,
      endedAt: 0,
      value: undefined,
      raw: new Uint8Array(0),
    };
    const end = (how: string) => {
      ended.how = how;
      ended.endedAt = this.world.now;
    };
    this.callerOf(by).run(({ router }) => {
      const structure = structureOf(router);
      if (structure === undefined) return end('no map');
      const { bytes, hash } = encodeKey(key, defaultLimits);
      const partition = partitionOf(hash, router.partitions);
      const op = opOf(bytes);
      router.submit({
        structure,
        partition,
        op,
        isWrite,
        timeoutMs,
        signal: undefined,
        resolve: (result) => {
          ended.raw = result.slice();
          if (op[0] === mapOps.get && result.length > 0) ended.value = decodeValue(result);
          end('ok');
        },
        reject: ({ code, outcome }) => end(`${code} ${outcome}`),
      });
    });
    return ended;
  }
}

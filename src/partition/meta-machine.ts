/**
 * The state machine of the meta group: applies committed commands, in order, on every member alike.
 *
 * Invariants
 * 1. Deterministic: nothing but the state and the command decides; no clock, no chance.
 * 2. "The controller appoints, the primary prunes" (PROTOCOL.md 2.5): `inSync` shrinks and grows only
 *    by an `alter` of the present primary at the present version, or with the birth or loss of the
 *    whole row. Only `appoint` changes `primary` and `term` but for a handover, and both raise `term`.
 * 3. An `alter` that names the present version and is not allowed raises the version all the same, so
 *    that a delayed duplicate of it cannot win later.
 * 4. Appointing is a function of the state, done after every command: no reaction can be missed. A command that
 *    changes rows alone, and no member, can have changed it for these rows only.
 */

import { unreachable } from '../base/assert.ts';
import type { MemberId, PartitionId, StructureId, Term, Version } from '../base/ids.ts';
import { partitionIdOf } from '../base/partition-id.ts';
import { adopted, begunAnew, type Revive } from './adoption.ts';
import { mayBear, settle } from './births.ts';
import { highestCommon, objectionTo } from './dialect.ts';
import { historyRank } from './fork.ts';
import { Layout, type Place } from './layout.ts';
import { firstLineage, type Lineage, noLineage } from './lineage.ts';
import {
  type Absorb,
  absorbed,
  type Histories,
  type Merge,
  reported,
  revivable,
  undertaken,
  withRank,
  type Yield,
} from './merges.ts';
import {
  applyAlteration,
  applyAssignment,
  applyHandover,
  begunRow,
  changesRowsAlone,
  lightest,
  lostRow,
  memberRow,
  primariesOf,
  unbornRow,
} from './meta-rows.ts';
import {
  atVersion,
  backupsMax,
  type ClusterSettings,
  type Command,
  groupOf,
  isServing,
  type MemberRow,
  type MetaState,
  type NewMember,
  type PartitionRow,
  rowOf,
} from './meta-state.ts';
import type { StructureRow } from './router-port.ts';

/** Names of structures that the table holds at most. */
const structuresMax = 65_536;
/** Identities that are remembered after they were removed; the oldest is forgotten past it. */
const departedMax = 1_024;

export interface Applied {
  /** Empty, or why the command changed nothing. */
  readonly refusal: string;
  /** Rows that changed. */
  readonly partitions: ReadonlySet<PartitionId>;
}

export class MetaMachine implements MetaState {
  applied = 0;
  settings: ClusterSettings | undefined;
  clusterId = '';
  protocol = 1;
  lineage: Lineage = noLineage;
  merges: readonly Merge[] = [];
  yields: Yield | undefined;
  readonly members = new Map<MemberId, MemberRow>();
  readonly departed = new Set<MemberId>();
  readonly groups: (PartitionRow[] | undefined)[] = [];
  readonly structures = new Map<StructureId, StructureRow>();
  structuresAt = 0;
  gridTime = 0;
  #changed = new Set<PartitionId>();

  apply(index: number, command: Command): Applied {
    this.applied = index;
    this.#changed = new Set();
    const refusal = this.#apply(command);
    if (changesRowsAlone(command)) this.#appoint(this.#changed);
    else this.#appoint();
    return { refusal, partitions: this.#changed };
  }

  /** Notes that a log entry without a command was passed. */
  skip(index: number): void {
    this.applied = index;
  }

  load(state: MetaState): void {
    this.applied = state.applied;
    this.settings = state.settings;
    this.clusterId = state.clusterId;
    this.protocol = state.protocol;
    this.lineage = state.lineage;
    this.merges = state.merges;
    this.yields = state.yields;
    this.members.clear();
    for (const [id, member] of state.members) this.members.set(id, member);
    this.departed.clear();
    for (const id of state.departed) this.departed.add(id);
    this.groups.length = 0;
    for (const rows of state.groups) {
      this.groups.push(rows?.map((row) => atVersion(row, row.version)));
    }
    this.structuresAt = state.structuresAt;
    this.gridTime = state.gridTime;
    this.structures.clear();
    for (const [id, row] of state.structures) this.structures.set(id, row);
  }

  #apply(command: Command): string {
    if (command.type === 'form') return this.#form(command);
    if (this.settings === undefined) return 'the cluster has not been formed yet';
    if (this.yields !== undefined) return `this lineage was merged into ${this.yields.to}`;
    switch (command.type) {
      case 'join':
        return this.#join(command.member, command.settings, this.settings);
      case 'status':
        this.gridTime = Math.max(this.gridTime, command.gridTime ?? 0);
        return this.#setStatus(command.id, command.status);
      case 'remove':
        return this.#remove(command.id);
      case 'alter':
        for (const change of command.changes) {
          this.#replaceRow(change.partition, applyAlteration(this, change));
        }
        return '';
      case 'assign':
        for (const change of command.changes) {
          this.#replaceRow(change.partition, applyAssignment(this, change));
        }
        return '';
      case 'handover':
        return this.#replaceRow(command.partition, applyHandover(this, command))
          ? ''
          : 'the table has changed since, or the target is not in sync and up';
      case 'define':
        return this.#define(command);
      case 'destroy':
        return this.#destroy(command.id);
      case 'accept-loss':
        this.#acceptLoss();
        return '';
      case 'raise':
        return this.#raise(command.protocol);
      case 'absorb':
        return this.#absorb(command);
      case 'merged':
        this.#goOn(reported(this, command));
        return '';
      case 'undertake':
        this.merges = undertaken(this, command);
        return '';
      case 'yield':
        this.yields = { to: command.to, addresses: command.addresses };
        return '';
      case 'revive':
        this.#revive(command);
        return '';
      default:
        return unreachable(command);
    }
  }

  #form({ clusterId, settings, protocol }: Extract<Command, { type: 'form' }>): string {
    if (this.settings !== undefined) return 'the cluster is formed already';
    this.clusterId = clusterId;
    this.lineage = firstLineage(clusterId);
    this.settings = settings;
    this.protocol = protocol;
    return '';
  }

  /** Whoever joined meanwhile counts too. */
  #raise(protocol: number): string {
    if (highestCommon(this) < protocol) return `not all members speak version ${protocol}`;
    this.protocol = Math.max(this.protocol, protocol);
    return '';
  }

  #join(member: NewMember, asked: ClusterSettings, settings: ClusterSettings): string {
    if (asked.partitions !== settings.partitions) {
      return `the cluster was formed with partitions: ${settings.partitions}, and the joiner says ${asked.partitions}; give it the same number`;
    }
    if (this.members.has(member.id)) return '';
    const objection = objectionTo(member, this.protocol);
    if (objection !== '') return objection;
    // A late duplicate must not bring a dead process back, over the one that is at its address now.
    if (this.departed.has(member.id)) return `${member.id} was removed; join under a new identity`;
    // A new process at an address proves that the old one there is gone (PROTOCOL.md 1.4).
    for (const old of [...this.members.values()]) {
      if (old.address === member.address) this.#remove(old.id);
    }
    this.members.set(member.id, memberRow(member, 'joining', this.applied));
    return '';
  }

  #setStatus(id: MemberId, status: MemberRow['status']): string {
    const member = this.members.get(id);
    if (member === undefined) return `no member ${id}`;
    if (member.status === 'leaving' && status !== 'suspended') return '';
    const { servingSince } = member;
    const changed = { ...member, status };
    // Also one that was suspended and says that it leaves: it may not know yet what others serve now.
    const begins = isServing(changed) && !isServing(member);
    this.members.set(id, { ...changed, servingSince: begins ? this.applied : servingSince });
    return '';
  }

  #remove(id: MemberId): string {
    if (!this.members.delete(id)) return '';
    this.#bury(id);
    this.#eachRow((row, partition) => {
      const { learner, retiring, transferTo } = row;
      if (learner !== id && retiring !== id && transferTo !== id) return;
      const unless = (other: MemberId | undefined) => (other === id ? undefined : other);
      this.#setRow(partition, {
        ...row,
        learner: unless(learner),
        retiring: unless(retiring),
        transferTo: unless(transferTo),
      });
    });
    return '';
  }

  #bury(id: MemberId): void {
    this.departed.add(id);
    for (const oldest of this.departed) {
      if (this.departed.size <= departedMax) return;
      this.departed.delete(oldest);
    }
  }

  #define(command: Extract<Command, { type: 'define' }>): string {
    const { structure: type, name, backups, options } = command;
    for (const row of this.structures.values())
      if (row.type === type && row.name === name) return '';
    if (this.structures.size >= structuresMax)
      return `there are ${structuresMax} structures already`;
    if (backups < 0 || backups > backupsMax) return `backups must be 0 to ${backupsMax}`;
    const id = this.applied as StructureId;
    this.structuresAt = this.applied;
    this.structures.set(id, { id, name, type, backups, options });
    if (this.groups[backups] === undefined) this.#bearGroup(backups);
    return '';
  }

  #destroy(id: StructureId): string {
    // The next caller of the name defines it anew, under an id that no op of the old one bears.
    this.structures.delete(id);
    this.structuresAt = this.applied;
    return '';
  }

  /** Appoints a primary for every row whose own is not up, where a member in sync is; of these rows, or of all. */
  #appoint(only?: ReadonlySet<PartitionId>): void {
    let load: Map<MemberId, number> | undefined;
    const unborn: PartitionId[] = [];
    const look = (row: PartitionRow, partition: PartitionId) => {
      if (row.inSync.every((id) => !this.members.has(id))) {
        if (mayBear(this, row)) unborn.push(partition);
        else this.#lose(row, partition);
        return;
      }
      if (row.primary !== undefined && isServing(this.members.get(row.primary))) return;
      // Who gives its copy up is no primary for long.
      const serving = row.inSync.filter((id) => isServing(this.members.get(id)));
      const staying = serving.filter((id) => id !== row.retiring);
      load ??= primariesOf(this);
      const next = lightest(staying.length > 0 ? staying : serving, load);
      if (next === undefined) return;
      load.set(next, (load.get(next) ?? 0) + 1);
      const term = (row.term + 1) as Term;
      this.#setRow(partition, { ...row, primary: next, term, transferTo: undefined });
    };
    if (only === undefined) this.#eachRow(look);
    for (const partition of [...(only ?? [])]) {
      const row = rowOf(this, partition);
      if (row !== undefined) look(row, partition);
    }
    this.#bear(unborn);
  }

  #lose(row: PartitionRow, partition: PartitionId): void {
    if (row.primary === undefined && row.inSync.length === 0 && row.learner === undefined) return;
    this.#setRow(partition, { ...lostRow(row), born: row.born });
  }

  /** Somebody's word that who is suspended is gone for good; what only they had begins anew, empty. */
  #acceptLoss(): void {
    for (const { id, status } of [...this.members.values()]) {
      if (status === 'suspended') this.#remove(id);
    }
    this.#appoint();
    const lost: PartitionId[] = [];
    this.#eachRow((row, partition) => {
      if (row.primary === undefined) lost.push(partition);
    });
    this.#bear(lost);
  }

  #absorb(command: Absorb): string {
    const next = absorbed(this, command);
    this.#goOn(next);
    this.#eachRow((row, partition) => this.#setRow(partition, withRank(row, next.rank)));
    return '';
  }

  #revive(command: Revive): void {
    this.#bear(revivable(this, command.lineage, command.partitions));
    const next = adopted(this, command);
    this.#goOn(next);
    for (const [partition, row] of next.rows) this.#setRow(partition, row);
  }

  #goOn({ lineage, merges }: Histories): void {
    this.lineage = lineage;
    this.merges = merges;
  }

  /** Makes the rows of a group; every copy is born empty, so all of them are in sync. */
  #bearGroup(backups: number): void {
    const partitions = this.settings?.partitions ?? 0;
    const unborn = unbornRow(historyRank(this));
    this.groups[backups] = Array.from({ length: partitions }, () => unborn);
    this.#bear(
      Array.from({ length: partitions }, (_, index) => partitionIdOf(backups, index, partitions)),
    );
  }

  /** Lets partitions begin, empty, where anybody may hold them. */
  #bear(partitions: readonly PartitionId[]): void {
    const count = this.settings?.partitions ?? 1;
    for (const [backups, rows] of this.groups.entries()) {
      const unborn = partitions.filter((partition) => groupOf(partition, count) === backups);
      if (rows === undefined || unborn.length === 0) continue;
      const layout = new Layout(this, backups, rows);
      const places = unborn.map((partition) => layout.places[partition % count] as Place);
      settle(layout, places);
      for (const { row, partition, holders, primary } of places) {
        if (primary === undefined) continue;
        const inSync = [primary, ...holders.filter((id) => id !== primary)];
        this.#bearRow(row, partition, inSync);
      }
    }
  }

  #bearRow(row: PartitionRow, partition: PartitionId, inSync: readonly MemberId[]): void {
    const generation = Math.max(row.generation, row.rank) + 1;
    if (row.generation > 0) this.#goOn(begunAnew(this, partition));
    this.#setRow(partition, begunRow(row, inSync, generation, inSync));
  }

  #replaceRow(partition: PartitionId, row: PartitionRow | undefined): boolean {
    if (row === undefined) return false;
    this.#setRow(partition, row);
    return true;
  }

  #setRow(partition: PartitionId, row: PartitionRow): void {
    const partitions = this.settings?.partitions ?? 1;
    const rows = this.groups[Math.floor(partition / partitions)];
    if (rows === undefined) return;
    const version = ((rowOf(this, partition)?.version ?? 0) + 1) as Version;
    rows[partition % partitions] = atVersion(row, version);
    this.#changed.add(partition);
  }

  #eachRow(visit: (row: PartitionRow, partition: PartitionId) => void): void {
    const partitions = this.settings?.partitions ?? 0;
    for (let backups = 0; backups < this.groups.length; backups++) {
      const rows = this.groups[backups];
      if (rows === undefined) continue;
      for (let index = 0; index < rows.length; index++) {
        visit(rows[index] as PartitionRow, partitionIdOf(backups, index, partitions));
      }
    }
  }
}

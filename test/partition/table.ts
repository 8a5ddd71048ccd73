/** A meta machine and the commands that tests give it, in few words. */
import type { MemberId, PartitionId, StructureId, Term, Version } from '../../src/base/ids.ts';
import { MetaMachine } from '../../src/partition/meta-machine.ts';
import type {
  ClusterSettings,
  Command,
  MemberStatus,
  NewMember,
  PartitionRow,
} from '../../src/partition/meta-state.ts';
import { rowOf } from '../../src/partition/meta-state.ts';

export const ann = 'ann#1' as MemberId;
export const bob = 'bob#2' as MemberId;
export const cid = 'cid#3' as MemberId;
export const dan = 'dan#4' as MemberId;
export const eve = 'eve#5' as MemberId;

export const settings: ClusterSettings = {
  cluster: 'test',
  partitions: 3,
  backups: 1,
  minInSync: 1,
  onPartitionLost: 'fail',
  splitBrain: 'auto',
};

export interface TableOptions {
  readonly members?: readonly MemberId[];
  readonly partitions?: number;
  readonly backups?: number;
  readonly onPartitionLost?: ClusterSettings['onPartitionLost'];
  readonly splitBrain?: ClusterSettings['splitBrain'];
}

/** A data member at an address of its own. */
export function newMember(id: MemberId, more: Partial<NewMember> = {}): NewMember {
  return {
    id,
    name: id,
    address: `${id}:7000`,
    zone: '',
    data: true,
    weight: 1,
    protocol: 1,
    protocolMin: 1,
    formerly: [],
    ...more,
  };
}

/** A table whose commands count their index up by themselves. */
export class Table {
  readonly machine = new MetaMachine();
  readonly settings: ClusterSettings;
  readonly log: Command[] = [];

  constructor(options: TableOptions = {}) {
    const { members = [ann, bob, cid], backups = 1, partitions = 3 } = options;
    const onPartitionLost = options.onPartitionLost ?? 'fail';
    const splitBrain = options.splitBrain ?? 'auto';
    this.settings = { ...settings, partitions, backups, onPartitionLost, splitBrain };
    this.apply({ type: 'form', clusterId: 'c1', settings: this.settings, protocol: 1 });
    for (const id of members) this.join(id);
    this.define('accounts', backups);
  }

  apply(command: Command): string {
    this.log.push(command);
    return this.machine.apply(this.log.length, command).refusal;
  }

  /** Joins and is up. */
  join(id: MemberId, more: Partial<NewMember> = {}): string {
    const member = newMember(id, more);
    const refusal = this.apply({ type: 'join', member, settings: this.settings });
    this.status(id, 'up');
    return refusal;
  }

  status(id: MemberId, status: MemberStatus): string {
    return this.apply({ type: 'status', id, status });
  }

  define(name: string, backups = 1): StructureId {
    this.apply({ type: 'define', structure: 'map', name, backups, options: {} });
    return [...this.machine.structures.values()].find((row) => row.name === name)?.id ?? never();
  }

  /** The id of a partition of the first group. */
  id(index: number): PartitionId {
    return (this.settings.backups * this.settings.partitions + index) as PartitionId;
  }

  row(index = 0): PartitionRow {
    return rowOf(this.machine, this.id(index)) ?? never();
  }

  get rows(): PartitionRow[] {
    return Array.from({ length: this.settings.partitions }, (_, index) => this.row(index));
  }

  /** What the primary of a partition proposes, at the present version where no other is given. */
  alter(inSync: readonly MemberId[], index = 0, version: number = this.row(index).version): void {
    const { primary, term } = this.row(index);
    const change = { partition: this.id(index), term, version: version as Version, inSync };
    this.apply({ type: 'alter', changes: [{ ...change, from: primary ?? never() }] });
  }

  assign(
    learner: MemberId | undefined,
    transferTo?: MemberId,
    index = 0,
    retiring?: MemberId,
  ): void {
    const { version } = this.row(index);
    const partition = this.id(index);
    this.apply({
      type: 'assign',
      changes: [{ partition, version, learner, retiring, transferTo }],
    });
  }

  /** Lets another have all that a member holds. */
  relieve(id: MemberId): void {
    for (let index = 0; index < this.settings.partitions; index++) {
      const mayHave = (other: MemberId) => this.machine.members.get(other)?.status === 'up';
      const { inSync, primary } = this.row(index);
      if (!inSync.includes(id)) continue;
      const heir =
        inSync.find(mayHave) ?? [...this.machine.members.keys()].find(mayHave) ?? never();
      if (!inSync.includes(heir)) {
        this.assign(heir, undefined, index);
        this.alter([...inSync, heir], index);
      }
      if (primary === id) this.handover(heir, index);
      this.alter([heir], index);
    }
  }

  handover(to: MemberId, index = 0, version: number = this.row(index).version): string {
    const { primary, term } = this.row(index);
    return this.apply({
      type: 'handover',
      from: primary ?? never(),
      partition: this.id(index),
      term: term as Term,
      version: version as Version,
      to,
    });
  }
}

function never(): never {
  throw new Error('the test expected something that is not there');
}

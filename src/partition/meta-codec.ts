/** Commands and snapshots of the meta group as bytes; nobody but the state machine reads them. */
import { Packr } from 'msgpackr';
import type { MemberId, StructureId } from '../base/ids.ts';
import type { Yield } from './merges.ts';
import type { Command, MemberRow, MetaState, PartitionRow } from './meta-state.ts';
import type { StructureRow } from './router-port.ts';

const packr = new Packr({ useRecords: false, mapsAsObjects: true });

// The encoder reuses its buffer, so what it gives is copied.
function pack(value: unknown): Uint8Array {
  return new Uint8Array(packr.pack(value));
}

export function encodeCommand(command: Command): Uint8Array {
  return pack(command);
}

export function decodeCommand(bytes: Uint8Array): Command {
  return packr.unpack(bytes) as Command;
}

interface Snapshot
  extends Pick<
    MetaState,
    'applied' | 'settings' | 'clusterId' | 'protocol' | 'lineage' | 'merges' | 'gridTime'
  > {
  readonly members: readonly MemberRow[];
  readonly departed: readonly MemberId[];
  readonly yields: Yield | null;
  readonly groups: readonly (readonly PartitionRow[] | null)[];
  readonly structures: readonly StructureRow[];
}

export function encodeState(state: MetaState): Uint8Array {
  const snapshot: Snapshot = {
    applied: state.applied,
    settings: state.settings,
    clusterId: state.clusterId,
    protocol: state.protocol,
    gridTime: state.gridTime,
    lineage: state.lineage,
    merges: state.merges,
    yields: state.yields ?? null,
    members: [...state.members.values()],
    departed: [...state.departed],
    groups: Array.from(state.groups, (rows) => rows ?? null),
    structures: [...state.structures.values()],
  };
  return pack(snapshot);
}

export function decodeState(bytes: Uint8Array): MetaState {
  const snapshot = packr.unpack(bytes) as Snapshot;
  return {
    applied: snapshot.applied,
    settings: snapshot.settings,
    clusterId: snapshot.clusterId,
    protocol: snapshot.protocol,
    gridTime: snapshot.gridTime,
    lineage: snapshot.lineage,
    merges: snapshot.merges,
    yields: snapshot.yields ?? undefined,
    departed: new Set(snapshot.departed),
    members: new Map(snapshot.members.map((row) => [row.id as MemberId, row])),
    groups: snapshot.groups.map((rows) => rows ?? undefined),
    structuresAt: snapshot.applied,
    structures: new Map(snapshot.structures.map((row) => [row.id as StructureId, row])),
  };
}

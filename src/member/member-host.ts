/** Sets up the replicas of a member. */
import type { ActorSystem } from '../actors/actor-system.ts';
import type { Clock } from '../base/clock.ts';
import type { MemberId, PartitionId } from '../base/ids.ts';
import type { Content } from '../partition/content.ts';
import type { DedupeBudget } from '../partition/dedupe-table.ts';
import type { Lease } from '../partition/lease.ts';
import type { MetaState } from '../partition/meta-state.ts';
import type { BeforeStep } from '../partition/move-steps.ts';
import { PartitionHost, type PartitionOutlet } from '../partition/partition-host.ts';
import type { StructureType } from '../partition/store.ts';
import type { ClientPort } from './client-port.ts';
import type { MemberSettings } from './member-settings.ts';
import { catalogOf, MemberSurroundings } from './member-surroundings.ts';
import type { Roster } from './roster.ts';

export interface HostParts {
  readonly self: MemberId;
  readonly settings: MemberSettings;
  readonly clock: Clock;
  readonly actors: ActorSystem;
  readonly state: MetaState;
  readonly lease: Lease;
  readonly roster: Roster;
  readonly clients: () => ClientPort;
  readonly types: ReadonlyMap<string, StructureType>;
  readonly outlet: PartitionOutlet;
  readonly budget: DedupeBudget | undefined;
  readonly heirloom: (partition: PartitionId) => Content | undefined;
  readonly beforeStep: BeforeStep | undefined;
}

export function createHost(parts: HostParts): PartitionHost {
  const { self, settings, clock, actors, state, types, outlet, budget, heirloom } = parts;
  const { lease, roster, clients, beforeStep } = parts;
  const { limits, timings } = settings;
  const { copySessionsMax } = limits;
  const surroundings = new MemberSurroundings({
    state,
    lease,
    roster,
    clients,
    clock,
    copySessionsMax,
    beforeStep,
  });
  return new PartitionHost({
    self,
    clock,
    limits,
    timings,
    actors,
    state,
    types,
    catalog: catalogOf(state),
    surroundings,
    outlet,
    budget,
    heirloom,
  });
}

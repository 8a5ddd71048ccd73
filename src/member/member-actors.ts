/** Sets up what decides in a member beside its replicas: membership and its part of the meta group. */
import type { MemberId } from '../base/ids.ts';
import { MembershipActor } from '../membership/membership-actor.ts';
import type { SwimAction } from '../membership/swim-types.ts';
import { ownDialect } from '../partition/dialect.ts';
import type { MetaAction } from '../partition/meta-actions.ts';
import { MetaActor } from '../partition/meta-actor.ts';
import type { NewMember } from '../partition/meta-state.ts';
import { heritagesIn, heritagesMax } from './inheritance.ts';
import type { MemberParts } from './member.ts';
import type { MemberSettings } from './member-settings.ts';
import type { MemberSightings } from './sightings.ts';

export function newMemberOf(parts: MemberParts, settings: MemberSettings): NewMember {
  const { id, transport, inheritance, dialect = ownDialect } = parts;
  const { address } = transport;
  const { name, zone, data, weight } = settings;
  const { protocol, protocolMin } = dialect;
  // Whoever goes on alone has nothing to bring of the lineage that it leaves.
  const formerly = heritagesIn(inheritance)
    .slice(0, heritagesMax)
    .map(({ from }) => from);
  return { id, name, address, zone, data, weight, protocol, protocolMin, formerly };
}

export function createMembership(
  parts: MemberParts,
  settings: MemberSettings,
  carryOut: (action: SwimAction) => void,
): MembershipActor {
  const { id: self, random, transport, clock } = parts;
  const { name, zone, data: isData, timings, seeds } = settings;
  const { address } = transport;
  return new MembershipActor(
    { self, address, name, zone, isData, timings, random, seeds },
    { nowMs: () => clock.monotonic(), carryOut },
  );
}

export function createMeta(
  parts: MemberParts,
  settings: MemberSettings,
  suspicions: { isDoubtful(id: MemberId): boolean },
  sightings: MemberSightings,
  carryOut: (action: MetaAction) => void,
): MetaActor {
  const { clock, random, inheritance, dialect } = parts;
  const { timings, limits } = settings;
  const contacts = () => sightings.others();
  const member = newMemberOf(parts, settings);
  const lineage = inheritance?.kind === 'merge' ? inheritance.into.to : '';
  return new MetaActor(
    { member, clock, random, timings, suspicions, sightings, limits, contacts, lineage, dialect },
    { nowMs: () => clock.monotonic(), carryOut },
  );
}

/** Watches a process on its way into a cluster, and says what stands in the way. */
import { GridError } from '../base/errors.ts';
import type { Address } from '../base/ids.ts';
import type { Refused } from '../wire/handshake.ts';
import type { Member } from './member.ts';

export interface AdmissionView {
  readonly member: Member;
  readonly address: Address;
  /** The addresses that were tried, the own one left out. */
  readonly tried: readonly Address[];
  readonly unresolved: readonly string[];
  /** What members said that do not let this one in. */
  readonly refusals: ReadonlyMap<Address, Refused>;
}

/** Whether it is in. Throws where no waiting would help. */
export function isAdmitted(view: AdmissionView): boolean {
  const { member, tried, refusals } = view;
  if (member.joining.refusal !== '') {
    throw new GridError('GRID_REFUSED', member.joining.refusal);
  }
  const [first] = refusals.values();
  if (first !== undefined && tried.length > 0 && tried.every((address) => refusals.has(address))) {
    throw new GridError('GRID_REFUSED', first.sentence);
  }
  return member.isReady;
}

/** Why the time was not enough. */
export function whyNotAdmitted(view: AdmissionView, timeoutMs: number): GridError {
  const { member, refusals } = view;
  const [first] = refusals.values();
  if (first !== undefined) return new GridError('GRID_REFUSED', first.sentence);
  const alive = [...member.swim.members].filter(({ state }) => state === 'alive').length;
  const { expect } = member.settings;
  const within = `within ${timeoutMs} ms`;
  if (alive === 1 && view.tried.length + view.unresolved.length > 0) {
    return unreachable([...view.tried, ...view.unresolved], within, expect);
  }
  const mute =
    view.unresolved.length === 0 ? '' : `, and no answer at ${view.unresolved.join(', ')}`;
  if (alive < expect) {
    const message = `expected ${expect} members ${within}, found ${alive}${mute}; start the others, or give a longer timeout or a lower \`expect\``;
    return new GridError('GRID_UNREACHABLE', message);
  }
  const message = `expected to be taken in ${within}, found ${alive - 1} other members and no leader among them that does so${mute}; check that most members are up and reach each other`;
  return new GridError('GRID_NO_QUORUM', message);
}

/** Nobody answered where somebody should be. `expect`: of how many members this one alone was found. */
export function unreachable(tried: readonly string[], within: string, expect = 1): GridError {
  const count = expect > 1 ? `, and so 1 of the ${expect} members that \`expect\` asks for` : '';
  const message = `expected a member at ${tried.join(' or ')} ${within}, found none that answers${count}; check the seeds, that a member runs there, and that its port can be reached`;
  return new GridError('GRID_UNREACHABLE', message);
}

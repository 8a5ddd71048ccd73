/** Members as users see them: the table's rows, in the light of what membership doubts. */
import type { MemberId } from '../base/ids.ts';
import type { Member as MemberView } from '../grid.ts';
import type { MemberRow, MemberStatus, MetaState } from '../partition/meta-state.ts';

export type Doubts = (id: MemberId) => boolean;

const states: Readonly<Record<MemberStatus, MemberView['state']>> = {
  joining: 'joining',
  up: 'up',
  suspended: 'suspected',
  leaving: 'leaving',
};

/** Oldest first. */
export function memberViews(state: MetaState, isDoubtful: Doubts): MemberView[] {
  return [...state.members.values()]
    .sort((a, b) => a.joinedAt - b.joinedAt)
    .map((row) => memberView(row, isDoubtful(row.id)));
}

function memberView(row: MemberRow, isDoubtful: boolean): MemberView {
  const { id, name, address, zone, status } = row;
  const state = status === 'up' && isDoubtful ? 'suspected' : states[status];
  return { id, name, address, zone: zone === '' ? undefined : zone, state };
}

/** When a command that was committed has reached this member's own copy of the table. */
import type { Clock } from '../base/clock.ts';
import type { MetaState } from './meta-state.ts';

const lookAgainMs = 5;

/** Calls back when the entry at `index` is applied here, or with false when it is not and the wait is over. */
export function whenApplied(
  state: Pick<MetaState, 'applied'>,
  clock: Clock,
  index: number,
  isOver: () => boolean,
  done: (isApplied: boolean) => void,
): void {
  if (state.applied >= index) done(true);
  else if (isOver()) done(false);
  else clock.setTimer(lookAgainMs, () => whenApplied(state, clock, index, isOver, done));
}

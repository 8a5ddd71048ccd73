/** Members in this process that can be ended without a word, as a crash does. */
import { silentLogger } from '../../src/base/logger.ts';
import type { JoinOptions } from '../../src/grid.ts';
import { beginIncarnation, type Incarnation } from '../../src/member/incarnation.ts';
import { checkJoinOptions } from '../../src/member/options.ts';
import { until } from '../transport/until.ts';

export async function hardMembers(
  count: number,
  options: JoinOptions = {},
): Promise<Incarnation[]> {
  const plan = checkJoinOptions({ listen: { port: 0 }, logger: silentLogger, ...options });
  const members: Incarnation[] = [];
  for (let index = 0; index < count; index++) {
    const seeds = members.map(({ address }) => address);
    const events = {
      onTable() {},
      onSwim() {},
      onStopped() {},
      onRejected() {},
      onSlowLoop() {},
      onSucceeded() {},
      onApart() {},
    };
    const requests = () => {};
    members.push(await beginIncarnation({ plan, port: 0, seeds, events, requests, mayForm: true }));
  }
  const isWhole = () =>
    members.every(({ member }) => member.isReady && member.state.members.size === count);
  await until(isWhole, 'members that have found each other', 20_000);
  await until(() => members.every(({ member }) => member.isSafe), 'copies in sync', 20_000);
  return members;
}

/** Clients while members crash under them. */
import { expect } from 'chai';
import type { Incarnation } from '../../src/member/incarnation.ts';
import { closeClients, connectTo } from '../support/clients.ts';
import { hardMembers } from '../support/hard-members.ts';
import { until } from '../transport/until.ts';

describe('a client whose members crash', function () {
  this.timeout(60_000);
  let members: Incarnation[] = [];
  afterEach(async () => {
    await closeClients();
    await Promise.all(members.splice(0).map((member) => member.close()));
  });

  for (const routing of ['direct', 'gateway'] as const) {
    it(`counts exactly once all the while (${routing})`, async () => {
      members = await hardMembers(3, { partitions: 7, preset: 'lan' });
      const urls = members.map(({ address }) => `ws://${address}`);
      const client = await connectTo(urls, { routing });
      const map = client.map<string, number>('counts');
      await map.increment('warm');
      await until(() => members.every(({ member }) => member.isSafe), 'copies in sync', 20_000);
      const links = members.map(({ member }) => sessionsOf(member));
      const open = links.filter((count) => count === 1).length;
      expect(open, 'connections').to.equal(routing === 'direct' ? 3 : 1);
      const names = Array.from({ length: 14 }, (_, at) => `count ${at}`);
      const seen = new Map(names.map((name) => [name, [] as number[]]));
      let isOver = false;
      const writers = names.map(async (name) => {
        while (!isOver) seen.get(name)!.push(await map.increment(name, 1, { timeout: '30s' }));
      });
      const total = () => [...seen.values()].reduce((sum, { length }) => sum + length, 0);
      await until(() => total() > 200, 'the counting', 20_000);
      // The one that the client leans on, and a primary.
      const victim = members[links.indexOf(1)]!;
      const rest = members.filter((member) => member !== victim);
      await victim.close();
      const before = total();
      const isPassedOn = () =>
        rest[0]!.member.state.groups.every((rows) =>
          (rows ?? []).every(({ primary }) => primary !== victim.member.id),
        );
      await until(isPassedOn, 'other primaries', 20_000);
      await until(() => total() > before + 300, 'the counting after the crash', 30_000);
      isOver = true;
      await Promise.all(writers);
      for (const name of names) {
        const counts = seen.get(name)!;
        expect(counts, name).to.deep.equal(counts.map((_, at) => at + 1));
        expect(await map.get(name)).to.equal(counts.length);
      }
    });
  }
});

function sessionsOf(member: Incarnation['member']): number {
  return (member.clients as unknown as { readonly size: number }).size;
}

/** Seeds that take their time, or give nothing, while a process looks for its cluster. */
import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import type { Address } from '../../src/base/ids.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { type Discovery, discoveryOf } from '../../src/member/discovery.ts';
import type { Incarnation } from '../../src/member/incarnation.ts';
import { checkJoinOptions } from '../../src/member/options.ts';
import type { SeedSource } from '../../src/member/seed-sources.ts';
import { until } from '../transport/until.ts';

const listen = { port: 0 };
const near = '127.0.0.1:7500' as Address;

/** A seed of which nothing comes, be it good or bad. */
const mute = () => {
  const asked = { times: 0 };
  const find = () => {
    asked.times++;
    return new Promise<readonly Address[]>(() => {});
  };
  return { asked, text: 'mute.internal:7400', mayChange: true, find };
};
const known: SeedSource = { text: near, mayChange: false, find: async () => [near] };

function lookAt(seeds: readonly SeedSource[]) {
  const options = { cluster: 'seeds', listen, seeds: [near], logger: silentLogger };
  return discoveryOf({ ...checkJoinOptions(options), seeds });
}
const endsIn = (ms: number) => performance.now() + ms;

async function failureOf(promise: Promise<void>): Promise<GridError> {
  const reason: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!GridError.is(reason)) throw new Error(`it did not fail as it should: ${reason}`);
  return reason;
}

describe('a process that was given seeds', function () {
  this.timeout(20_000);
  const opened: Discovery[] = [];
  afterEach(() => {
    for (const discovery of opened.splice(0)) discovery.close();
  });

  it('goes on with those that answer where one takes its time', async () => {
    const discovery = lookAt([mute(), known]);
    await discovery.prepare(endsIn(60_000), undefined);
    expect(discovery.addresses).to.deep.equal([near]);
    expect(discovery.unresolved).to.deep.equal(['mute.internal:7400']);
  });

  it('ends in time where none of them says anything', async () => {
    const error = await failureOf(lookAt([mute()]).prepare(endsIn(50), undefined));
    expect(error.code).to.equal('GRID_UNREACHABLE');
    expect(error.message).to.include('mute.internal:7400');
  });

  it('asks one that has not answered no second time meanwhile', async () => {
    const seed = mute();
    await failureOf(lookAt([seed]).prepare(endsIn(1_500), undefined));
    expect(seed.asked.times).to.equal(1);
  });

  it('ends when its caller gives up', async () => {
    const aborter = new AbortController();
    const prepared = failureOf(lookAt([mute()]).prepare(endsIn(60_000), aborter.signal));
    aborter.abort();
    expect((await prepared).message).to.include('aborted by its signal');
  });

  it('tells the process where others are when that has changed, and not every time', async () => {
    let found = [near];
    let asked = 0;
    const find = async () => {
      asked++;
      return found;
    };
    const discovery = lookAt([{ text: 'grid.internal:7500', mayChange: true, find }]);
    await discovery.prepare(endsIn(60_000), undefined);
    const told: string[] = [];
    const member = {
      swim: { setSeeds: (addresses: readonly Address[]) => void told.push(addresses.join(' ')) },
      joining: { seedsChanged: () => {} },
    };
    opened.push(discovery);
    discovery.attend(() => ({ member, address: near }) as unknown as Incarnation);
    await until(() => asked === 4, 'three more looks');
    expect(told).to.deep.equal([near]);
    found = [near, '127.0.0.1:7501' as Address];
    await until(() => told.length > 1, 'the change');
    expect(told[1]).to.equal(found.join(' '));
  });
});

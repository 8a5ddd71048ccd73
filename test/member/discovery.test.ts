/** Seeds that take their time, or give nothing, while a process looks for its cluster. */
import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import type { Address } from '../../src/base/ids.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { discoveryOf } from '../../src/member/discovery.ts';
import { checkJoinOptions } from '../../src/member/options.ts';
import type { SeedSource } from '../../src/member/seed-sources.ts';

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

describe('a process that was given seeds', () => {
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
});

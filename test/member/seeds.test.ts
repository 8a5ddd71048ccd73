import { expect } from 'chai';
import { silentLogger } from '../../src/base/logger.ts';
import { Seeds } from '../../src/member/seeds.ts';

function seedsOf(names: Readonly<Record<string, readonly string[]>>) {
  const warnings: string[] = [];
  let nowMs = 0;
  const clock = {
    monotonic: () => nowMs,
    wall: () => 0,
    setTimer: () => ({ cancel: () => {} }),
    defer: () => {},
    endOfTask: () => {},
  };
  const seeds = new Seeds(
    [
      { host: '10.0.0.1', port: 7_400 },
      { host: 'grid.internal', port: 7_401 },
    ],
    {
      clock,
      logger: { ...silentLogger, warn: (_, message) => warnings.push(message) },
      resolve: async (host) => {
        const found = names[host];
        if (found === undefined)
          throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
        return found;
      },
    },
  );
  return {
    seeds,
    warnings,
    wait: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('seeds', () => {
  it('stand for every address of a name', async () => {
    const { seeds, warnings } = seedsOf({ 'grid.internal': ['10.0.0.2', 'fd00::1'] });
    await seeds.resolve();
    expect(seeds.addresses).to.have.members(['10.0.0.1:7400', '10.0.0.2:7401', '[fd00::1]:7401']);
    expect(seeds.unresolved).to.deep.equal([]);
    expect(warnings).to.deep.equal([]);
  });

  it('go on without a name that does not resolve, with a warning that names it', async () => {
    const { seeds, warnings } = seedsOf({});
    await seeds.resolve();
    expect(seeds.addresses).to.deep.equal(['10.0.0.1:7400']);
    expect(seeds.unresolved).to.deep.equal(['grid.internal:7401']);
    expect(warnings).to.deep.equal(['seeds that do not resolve: grid.internal:7401']);
  });

  it('warn again, but not every time', async () => {
    const { seeds, warnings, wait } = seedsOf({});
    await seeds.resolve();
    await seeds.resolve();
    expect(warnings).to.have.length(1);
    wait(10_000);
    await seeds.resolve();
    expect(warnings).to.have.length(2);
  });

  it('take a name up when it resolves later', async () => {
    const names: Record<string, string[]> = {};
    const { seeds } = seedsOf(names);
    await seeds.resolve();
    names['grid.internal'] = ['10.0.0.2'];
    await seeds.resolve();
    expect(seeds.addresses).to.include('10.0.0.2:7401');
    expect(seeds.unresolved).to.deep.equal([]);
  });
});

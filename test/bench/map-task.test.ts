/** The closed loop of reads and writes, on a map that answers at once. */
import { expect } from 'chai';
import type { MapPort } from '../../bench/compare/drivers/driver.ts';
import { mapRun } from '../../bench/compare/tasks/map-task.ts';
import { textOf } from '../../bench/compare/tasks/values.ts';

const none = { fill: () => Promise.resolve() };

function counting(): { readonly port: MapPort; readonly calls: { gets: number; sets: number } } {
  const calls = { gets: 0, sets: 0 };
  const port: MapPort = {
    ...none,
    get: () => Promise.resolve(calls.gets++ >= 0 ? textOf(1) : undefined),
    set: () => Promise.resolve(calls.sets++),
  };
  return { port, calls };
}

const mix = { kind: 'map', values: 'strings', reads: 0.8, outstanding: 8 } as const;

describe('the loop of reads and writes', () => {
  it('makes four reads for each write, and counts all of them', async () => {
    const { port, calls } = counting();
    const result = await mapRun(port, mix)(0.05);
    expect(result.operations)
      .to.equal(calls.gets + calls.sets)
      .and.to.be.above(1_000);
    expect(calls.gets / result.operations).to.be.closeTo(0.8, 0.05);
    expect(result.perSecond).to.be.above(0);
  });

  it('counts the calls that it does not time', async () => {
    const { port, calls } = counting();
    const result = await mapRun(port, { ...mix, timedEvery: 16 })(0.05);
    expect(result.operations).to.equal(calls.gets + calls.sets);
    expect(result.operations % 16).to.equal(0);
  });

  it('keeps as many calls outstanding as it is told', async () => {
    let open = 0;
    let most = 0;
    const port: MapPort = {
      ...none,
      get: async () => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setImmediate(resolve));
        open--;
        return textOf(1);
      },
      set: () => Promise.resolve(),
    };
    await mapRun(port, { ...mix, reads: 1 })(0.02);
    expect(most).to.equal(8);
  });

  it('fails where a read finds nothing', async () => {
    const port: MapPort = {
      ...none,
      get: () => Promise.resolve(null),
      set: () => Promise.resolve(),
    };
    const failure = await mapRun(port, mix)(0.01).catch((error: Error) => error);
    expect(String(failure)).to.include('what was never set');
  });
});

import { expect } from 'chai';
import { systemClock } from '../../src/base/clock.ts';

describe('the end of a task', () => {
  it('comes after all that its callback has settled, and what callers do then', async () => {
    const done: string[] = [];
    const work = async (waits: Promise<void>) => {
      await waits;
      done.push('caller');
      await undefined;
      done.push('caller again');
    };
    await new Promise<void>((resolve) => {
      systemClock.defer(() => {
        let settle: () => void = () => {};
        void work(
          new Promise<void>((settled) => {
            settle = settled;
          }),
        );
        systemClock.endOfTask(() => done.push('end'));
        settle();
        systemClock.defer(() => {
          done.push('next task');
          resolve();
        });
      });
    });
    expect(done).to.deep.equal(['caller', 'caller again', 'end', 'next task']);
  });
});

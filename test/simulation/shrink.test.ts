import { expect } from 'chai';
import { kindOf, shrink } from './shrink.ts';
import type { RunOptions } from './trial.ts';

describe('shrinking a world that fails', () => {
  /** A world with these troubles in it; its history differs where any of them is left out, or the time. */
  function world(violationsOf: (options: RunOptions) => readonly string[]) {
    const histories: string[] = [];
    const run = (_seed: number, options: RunOptions) => {
      const has = ['cut', 'pause', 'edges'].filter((one) => !isWithout(options, one));
      const hash = `${has} ${options.faultsMs}`;
      histories.push(hash);
      return { violations: violationsOf(options), hash };
    };
    return { run, histories };
  }

  function isWithout({ without = [] }: RunOptions, trouble: string): boolean {
    return without.some((one) => one === trouble);
  }

  it('leaves out what is there and not needed, and as much time', () => {
    const { run } = world((options) =>
      isWithout(options, 'cut') || options.faultsMs < 3_000
        ? []
        : [`${options.faultsMs} ms: I1: m1#ab and m2#cd serve 3`],
    );
    const smallest = shrink(run, 1, 8_000);
    expect(smallest?.without).to.deep.equal(['edges', 'pause']);
    expect(smallest?.faultsMs).to.be.within(3_000, 3_500);
    expect(smallest?.violation).to.match(/^3\d\d\d ms: I1: m1#ab and m2#cd serve 3$/);
  });

  it('takes no other violation for the same', () => {
    const { run } = world((options) => [
      isWithout(options, 'edges') || options.faultsMs < 8_000
        ? '12 ms: I12: at 1 m1#ab holds 3'
        : '15 ms: I1: m1#ab and m2#cd serve 3',
    ]);
    expect(shrink(run, 1, 8_000)).to.deep.equal({
      faultsMs: 8_000,
      without: ['pause', 'cut'],
      violation: '15 ms: I1: m1#ab and m2#cd serve 3',
    });
  });

  it('finds nothing smaller where nothing makes a difference, and says nothing of a world that is well', () => {
    const violations = ['it is so'];
    const always = () => ({ violations, hash: 'the same' });
    const whole = { faultsMs: 8_000, without: [], violation: 'it is so' };
    expect(shrink(always, 1, 8_000)).to.deep.equal(whole);
    expect(shrink(() => ({ violations: [], hash: '' }), 1, 8_000)).to.equal(undefined);
  });

  it('makes a world smaller that throws', () => {
    const { run } = world((options) => {
      if (!isWithout(options, 'pause')) throw new Error(`it broke\n${options.without} ms`);
      return [];
    });
    const smallest = shrink(run, 1, 1_000);
    expect(smallest?.violation).to.equal('Error: it broke');
    expect(smallest?.without).to.not.include('pause');
  });

  it('tells violations apart by their words', () => {
    const one = kindOf('12.3 ms: I1: m1#a-b and m2#cd serve 3 of 7');
    expect(one).to.equal('I1: and serve of');
    expect(kindOf('9 ms: I4: m1#a-b and m2#cd serve 3 of 7')).to.not.equal(one);
    expect(kindOf('jobs 4: item 3 taken twice')).to.equal(kindOf('jobs 5: item 17 taken twice'));
    const slow = 'the grid did not converge:';
    expect(kindOf(`700 ms: ${slow}\n  m1 down`)).to.equal(kindOf(`80 ms: ${slow}\n  {"name":"m1"`));
  });
});

import { expect } from 'chai';
import type { Address } from '../../src/base/ids.ts';
import { type AdmissionView, whyNotAdmitted } from '../../src/member/admission.ts';

/** A process that sees so many, itself among them. */
function why(alive: number, expected: number, unresolved: readonly string[]): string {
  const tried = Array.from({ length: alive - 1 }, (_, at) => `127.0.0.1:${7_401 + at}` as Address);
  const member = {
    swim: { members: Array.from({ length: alive }, () => ({ state: 'alive' })) },
    settings: { expect: expected },
  };
  const view = { member, address: '127.0.0.1:7400', tried, unresolved, refusals: new Map() };
  return whyNotAdmitted(view as unknown as AdmissionView, 10_000).message;
}

describe('a process that is not taken in', () => {
  it('names what is open and does not answer, since it may be what keeps the others from beginning', () => {
    const mute = ['127.0.0.1:7450'];
    expect(why(1, 1, mute)).to.include('a member at 127.0.0.1:7450');
    expect(why(3, 1, mute))
      .to.include('found 2 other members')
      .and.to.include('127.0.0.1:7450');
    expect(why(2, 3, mute))
      .to.include('expected 3 members')
      .and.to.include('127.0.0.1:7450');
  });

  it('is told how many were found where nobody answers and it expects more', () => {
    const mute = ['127.0.0.1:7450'];
    expect(why(1, 2, mute))
      .to.include('a member at 127.0.0.1:7450')
      .and.to.include('1 of the 2 members that `expect` asks for');
    expect(why(1, 1, mute)).to.not.include('`expect`');
  });

  it('speaks of nothing else where all have answered', () => {
    expect(why(3, 1, [])).to.match(/no leader among them that does so; check/);
    expect(why(2, 3, [])).to.match(/found 2; start the others/);
  });
});

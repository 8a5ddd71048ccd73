import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { Allegiance } from '../../src/client/allegiance.ts';
import type { ClientWelcome } from '../../src/wire/client-messages.ts';

const followAfterMs = 11_500;

function welcome(
  lineage: string,
  ancestors: readonly string[] = [],
  merged: readonly string[] = [],
): ClientWelcome {
  const member = 'a#1' as MemberId;
  return { kind: 'client.welcome', member, lineage, ancestors, merged, followAfterMs };
}

/** A client that member of `c1` let in. */
function client(): Allegiance {
  const allegiance = new Allegiance();
  expect(allegiance.judge(welcome('c1'), Number.NEGATIVE_INFINITY, 0).kind).to.equal('own');
  return allegiance;
}

describe('the lineage of a client', () => {
  it('is that of the first member that lets it in', () => {
    const allegiance = client();
    expect(allegiance.judge(welcome('c1'), 0, 99_000).kind).to.equal('own');
  });

  it('changes to that of a fork once nobody of its own has answered for long', () => {
    const allegiance = client();
    const fork = welcome('c2', ['c1']);
    expect(allegiance.judge(fork, 5_000, 5_000 + followAfterMs - 1).kind).to.equal('other');
    expect(allegiance.judge(fork, 5_000, 5_000 + followAfterMs).kind).to.equal('follow');
    expect(allegiance.judge(fork, 20_000, 20_001).kind).to.equal('own');
  });

  it('changes back no sooner, however new the other side is', () => {
    const allegiance = client();
    allegiance.judge(welcome('c2', ['c1']), 0, followAfterMs);
    expect(allegiance.judge(welcome('c1'), 20_000, 25_000).kind).to.equal('other');
    expect(allegiance.judge(welcome('c1'), 20_000, 20_000 + followAfterMs).kind).to.equal('follow');
  });

  it('changes soon to the one into which its own was merged', () => {
    const allegiance = client();
    const winner = welcome('c3', ['c0'], ['c1']);
    expect(allegiance.judge(winner, 5_000, 6_999).kind).to.equal('other');
    expect(allegiance.judge(winner, 5_000, 7_000).kind).to.equal('follow');
  });

  it('changes soon to a cluster that was formed anew', () => {
    const allegiance = client();
    expect(allegiance.judge(welcome('d1'), 5_000, 7_000).kind).to.equal('follow');
  });

  it('is named in the reason for which a member is left alone', () => {
    const verdict = client().judge(welcome('c2', ['c1']), 5_000, 6_000);
    expect(verdict).to.have.property('sentence').that.includes('answered 1000 ms ago');
  });
});

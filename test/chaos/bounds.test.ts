import { expect } from 'chai';
import { boundsOf } from './bounds.ts';
import type { Answer, Call } from './calls.ts';
import type { FaultNote, HistoryEvent } from './history.ts';

const call: Call = { on: 'map', name: 'm', input: { call: 'get', key: 'k' } };
const take: Call = { on: 'queue', name: 'q', call: 'take' };
const ok: Answer = { how: 'ok' };
const noQuorum: Answer = { how: 'failed', code: 'GRID_NO_QUORUM' };

interface Drawn {
  readonly by: string;
  readonly from: number;
  readonly to: number;
  readonly call?: Call;
  readonly answer?: Answer;
}

/** A fault from 1,000 to 7,000 ms; the grid is well again `equalAt`. */
function found(
  note: Partial<FaultNote>,
  calls: readonly Drawn[],
  { equalAt = 9_000, amiss = '' } = {},
): string {
  const events: HistoryEvent[] = [
    { t: 1_000, type: 'fault', fault: 1, kind: 'isolated', detail: 'ann', ...note },
    { t: 7_000, type: 'healed', fault: 1 },
    { t: 7_500, type: 'agreed', fault: 1 },
    { t: 8_000, type: 'settled', fault: 1 },
    { t: equalAt, type: 'equal', fault: 1 },
  ];
  if (amiss !== '') events.push({ t: 8_000, type: 'amiss', fault: 1, what: amiss });
  calls.forEach(({ by, from, to, call: made = call, answer = ok }, op) => {
    events.push({ t: from, type: 'invoke', op, by, call: made });
    events.push({ t: to, type: 'end', op, answer });
  });
  return boundsOf(events)
    .flatMap(({ violations }) => violations)
    .join('; ');
}

describe('the times that a run has to keep', () => {
  it('are kept where callers are answered soon', () => {
    expect(found({}, [{ by: 'bob 1', from: 2_000, to: 6_900 }])).to.equal('');
  });

  it('are not kept where somebody waits for long who is not hit', () => {
    const slow = [{ by: 'bob 1', from: 500, to: 6_100 }];
    expect(found({}, slow)).to.include('a call took 5600 ms');
    expect(found({ afflicted: ['bob 1'] }, slow)).to.equal('');
    expect(found({ isBlocking: true }, slow)).to.equal('');
    expect(found({}, [{ by: 'bob 1', from: 500, to: 6_100, call: take }])).to.equal('');
  });

  it('give clients longer, as they may have to find another way first', () => {
    expect(found({}, [{ by: 'gateway 1', from: 1_000, to: 9_000 }])).to.equal('');
    expect(found({}, [{ by: 'gateway 1', from: 1_000, to: 11_000 }])).to.include('10000 ms');
  });

  it('ask for refusals of those who reach no majority, soon', () => {
    const cut = { afflicted: ['ann 1'], cutOff: ['ann 1'] };
    const refused = { by: 'ann 1', from: 3_000, to: 3_800, answer: noQuorum };
    expect(found(cut, [refused])).to.equal('');
    expect(found(cut, [{ by: 'ann 1', from: 1_500, to: 1_600 }])).to.include('nobody was refused');
    const late = { by: 'ann 1', from: 900, to: 6_000, answer: noQuorum };
    expect(found(cut, [refused, late])).to.include('waited 5000 ms where it had no majority');
  });

  it('ask for one view and equal copies soon after healing', () => {
    expect(found({}, [], { equalAt: 17_000 })).to.equal('');
    expect(found({}, [], { equalAt: 17_001 })).to.include('equal copies after 10001 ms');
  });

  it('count what a fault is not to bring about', () => {
    expect(found({}, [], { amiss: 'bob was given up' })).to.include('bob was given up');
  });
});

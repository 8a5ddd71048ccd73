import { expect } from 'chai';
import { boundsOf } from './bounds.ts';
import type { Answer, Call } from './calls.ts';
import type { FaultNote, HistoryEvent } from './history.ts';

const get = (key: string): Call => ({ on: 'map', name: 'm', input: { call: 'get', key } });
const glance: Call = { ...(get('k') as Extract<Call, { on: 'map' }>), isGlance: true };
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
function boundsFound(
  note: Partial<FaultNote>,
  calls: readonly Drawn[],
  equalAt: number,
  amiss = '',
) {
  const events: HistoryEvent[] = [
    { t: 1_000, type: 'fault', fault: 1, kind: 'isolated', detail: 'ann', ...note },
    { t: 7_000, type: 'healed', fault: 1 },
    { t: 7_500, type: 'agreed', fault: 1 },
    { t: 8_000, type: 'settled', fault: 1 },
    { t: equalAt, type: 'equal', fault: 1 },
  ];
  if (amiss !== '') events.push({ t: 8_000, type: 'amiss', fault: 1, what: amiss });
  calls.forEach(({ by, from, to, call: made = get('k'), answer = ok }, op) => {
    events.push({ t: from, type: 'invoke', op, by, call: made });
    events.push({ t: to, type: 'end', op, answer });
  });
  return boundsOf(events);
}

function found(
  note: Partial<FaultNote>,
  calls: readonly Drawn[],
  { equalAt = 9_000, amiss = '' } = {},
): string {
  return boundsFound(note, calls, equalAt, amiss)
    .flatMap(({ violations }) => violations)
    .join('; ');
}

/** One call of a member that is not hit, and one of a client. */
function waited(note: Partial<FaultNote>, ms: number): string[] {
  return ['bob 1', 'gateway 1'].map((by) => found(note, [{ by, from: 1_500, to: 1_500 + ms }]));
}

describe('the times that a run has to keep', () => {
  it('are kept where callers are answered soon', () => {
    expect(found({}, [{ by: 'bob 1', from: 2_000, to: 6_900 }])).to.equal('');
  });

  it('are 3 s where a follower is killed, for members and for clients', () => {
    const note = { kind: 'kill', role: 'follower', isKill: true } as const;
    expect(waited(note, 3_000)).to.deep.equal(['', '']);
    const [ofMember, ofClient] = waited(note, 3_001);
    expect(ofMember).to.include('members had no answer for 3001 ms, of 3000');
    expect(ofClient).to.include('clients had no answer for 3001 ms, of 3000');
  });

  it('are 5 s where the leader is killed or a member isolated, for members and for clients', () => {
    const notes = [
      { kind: 'kill', role: 'leader', isKill: true },
      { kind: 'isolated', role: 'follower' },
      { kind: 'isolated', role: 'leader' },
    ] as const;
    for (const note of notes) {
      expect(waited(note, 5_000)).to.deep.equal(['', '']);
      const [ofMember, ofClient] = waited(note, 5_001);
      expect(ofMember).to.include('members had no answer for 5001 ms, of 5000');
      expect(ofClient).to.include('clients had no answer for 5001 ms, of 5000');
    }
  });

  it('stand in the figures beside what was found', () => {
    const note = { kind: 'kill', role: 'follower', isKill: true } as const;
    const [ofFollowers] = boundsFound(note, [{ by: 'bob 1', from: 1_500, to: 3_700 }], 9_000);
    expect(ofFollowers?.figures).to.include({ faults: 1, membersMs: 2_200, limitMs: 3_000 });
  });

  it('are not kept where somebody waits for long who is not hit', () => {
    const slow = [{ by: 'bob 1', from: 500, to: 6_100 }];
    expect(found({}, slow)).to.include('no answer for 5100 ms');
    expect(found({ afflicted: ['bob 1'] }, slow)).to.equal('');
    expect(found({ isBlocking: true }, slow)).to.equal('');
    expect(found({}, [{ by: 'bob 1', from: 500, to: 7_100, call: take }])).to.equal('');
  });

  it('are not kept where one call after the other fails', () => {
    const failed: Answer = { how: 'failed', code: 'GRID_TIMEOUT' };
    const calls = [
      { by: 'bob 1', from: 1_500, to: 3_500, answer: failed },
      { by: 'bob 1', from: 3_600, to: 5_600, answer: failed },
    ];
    const late = { by: 'bob 1', from: 5_700, to: 6_600 };
    expect(found({}, [...calls, late])).to.include('no answer for 5100 ms');
    expect(found({}, [...calls, { ...late, call: get('other') }])).to.equal('');
    expect(found({}, [calls[0]!, { by: 'bob 1', from: 3_550, to: 3_580 }, late])).to.equal('');
    const later = { by: 'bob 1', from: 6_101, to: 6_600 };
    expect(found({}, [...calls, later])).to.equal('');
    const glances = calls.map((call) => ({ ...call, call: glance }));
    expect(found({}, [...glances, late])).to.equal('');
  });

  it('give clients longer whose own connection falls silent, so that they need another', () => {
    const note = { kind: 'isolated', role: 'follower', lostWay: ['gateway 1'] } as const;
    const lost = (to: number) => found(note, [{ by: 'gateway 1', from: 1_000, to }]);
    expect(lost(6_500)).to.equal('');
    expect(lost(6_501)).to.include('a client that lost its way had no answer for 5501 ms');
    expect(found(note, [{ by: 'direct 1', from: 1_000, to: 6_500 }])).to.include(
      '5500 ms, of 5000',
    );
  });

  it('ask for refusals of those who reach no majority, soon, on every side', () => {
    const cut = { afflicted: ['ann 1'], cutOff: ['ann 1'] };
    const refused = { by: 'ann 1', from: 3_000, to: 3_800, answer: noQuorum };
    expect(found(cut, [refused])).to.equal('');
    expect(found(cut, [{ by: 'ann 1', from: 1_500, to: 1_600 }])).to.include(
      'ann 1 refused nothing',
    );
    const late = { by: 'ann 1', from: 900, to: 4_001, answer: noQuorum };
    expect(found(cut, [refused, late])).to.include('wait 3001 ms where it had no majority');
    const halves = { isBlocking: true, cutOff: ['ann 1', 'bob 1'] };
    expect(found(halves, [refused, { ...refused, by: 'bob 1' }])).to.equal('');
    expect(found(halves, [refused])).to.include('bob 1 refused nothing');
  });

  it('ask for one view and equal copies soon after healing', () => {
    expect(found({}, [], { equalAt: 17_000 })).to.equal('');
    expect(found({}, [], { equalAt: 17_001 })).to.include('equal copies after 10001 ms');
  });

  it('count what a fault is not to bring about', () => {
    expect(found({}, [], { amiss: 'bob was given up' })).to.include('bob was given up');
  });
});

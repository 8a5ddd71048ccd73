import { expect } from 'chai';
import { gone } from './called-process.ts';
import type { Call } from './calls.ts';
import { briefAbsences, killedClients, lastingCuts } from './fault-effects.ts';
import type { FaultNote, HistoryEvent } from './history.ts';
import { callsOf, faultsOf } from './replayed-faults.ts';

const up = { a: 'up', b: 'up', c: 'up' };
const rows = ['0: a in term 3, in sync a b', '1: b in term 1, in sync b c'];

interface Seen {
  readonly t: number;
  readonly by: string;
  readonly members?: Readonly<Record<string, string>>;
  readonly rows?: readonly string[];
}

/** Ann is away from 1,000 to 2,000 ms, and is looked at until 4,500 ms. */
function absence(seen: readonly Seen[]): string {
  const events: HistoryEvent[] = [
    { t: 1_000, type: 'fault', fault: 1, kind: 'stop 1 s', detail: 'ann', isBrief: true },
    { t: 1_010, type: 'outlook', fault: 1, by: 'bob', members: up, rows },
    { t: 1_010, type: 'outlook', fault: 1, by: 'cleo', members: up, rows },
    { t: 2_000, type: 'back', fault: 1 },
    { t: 2_010, type: 'outlook', fault: 1, by: 'ann', members: up, rows },
  ];
  for (const look of seen) events.push({ members: up, rows, ...look, type: 'outlook', fault: 1 });
  events.push({ t: 4_500, type: 'healed', fault: 1 });
  return briefAbsences(faultsOf(events.sort((one, other) => one.t - other.t))).violations.join(
    '; ',
  );
}

const doubted = { ...up, a: 'suspected' };

describe('a member that is away for a second', () => {
  it('may be doubted until it is back', () => {
    const seen = [
      { t: 1_600, by: 'bob', members: doubted },
      { t: 2_300, by: 'bob' },
    ];
    expect(absence(seen)).to.equal('');
  });

  it('is not taken for dead, not even by one member and for a while', () => {
    const seen = [
      { t: 1_600, by: 'bob', members: doubted },
      { t: 3_000, by: 'bob' },
    ];
    expect(absence(seen)).to.include('bob took a for dead for 1000 ms');
    expect(absence([{ t: 1_600, by: 'cleo', members: doubted }])).to.include('for 2500 ms');
  });

  it('takes nobody for dead', () => {
    expect(absence([{ t: 2_100, by: 'ann', members: { ...up, b: 'suspected' } }])).to.include(
      'ann took b for dead for 2400 ms',
    );
  });

  it('is not removed and does not come back as another, even if that is taken back', () => {
    const { a: _, ...others } = up;
    const removed = [
      { t: 2_500, by: 'bob', members: others },
      { t: 2_600, by: 'bob' },
    ];
    expect(absence(removed)).to.include('bob saw other members: b up, c up');
    const joining = { ...others, d: 'joining' };
    expect(absence([{ t: 2_500, by: 'bob', members: joining }])).to.include('d was joining');
  });

  it('stays primary, and its copies stay in sync, even if that is taken back', () => {
    const moved = ['0: b in term 4, in sync a b', rows[1]!];
    const primary = [
      { t: 2_500, by: 'bob', rows: moved },
      { t: 2_600, by: 'bob' },
    ];
    expect(absence(primary)).to.include('bob saw another row: 0: b in term 4');
    const shrunk = ['0: a in term 3, in sync a', rows[1]!];
    const copies = [
      { t: 2_500, by: 'cleo', rows: shrunk },
      { t: 2_600, by: 'cleo' },
    ];
    expect(absence(copies)).to.include('cleo saw another row: 0: a in term 3, in sync a');
  });

  it('is not judged by nothing', () => {
    const events: HistoryEvent[] = [
      { t: 1_000, type: 'fault', fault: 1, kind: 'stop 1 s', detail: 'ann', isBrief: true },
      { t: 4_500, type: 'healed', fault: 1 },
    ];
    expect(briefAbsences(faultsOf(events)).violations.join()).to.include('nobody looked');
  });
});

function fault(note: Partial<FaultNote>, between: readonly HistoryEvent[]): HistoryEvent[] {
  return [
    { t: 1_000, type: 'fault', fault: 1, kind: 'some fault', detail: 'ann', ...note },
    ...between,
    { t: 12_000, type: 'healed', fault: 1 },
  ];
}

describe('a cut that stays', () => {
  const violations = (between: readonly HistoryEvent[]) =>
    lastingCuts(faultsOf(fault({ isLasting: true }, between))).violations.join('; ');

  it('lets the others come to one view in time', () => {
    expect(violations([{ t: 11_000, type: 'one-view', fault: 1 }])).to.equal('');
    expect(violations([{ t: 11_001, type: 'one-view', fault: 1 }])).to.include('after 10001 ms');
    expect(violations([])).to.include('one view came never');
  });
});

describe('a client that is killed', () => {
  const call: Call = { on: 'map', name: 'm', input: { call: 'get', key: 'k' } };
  const violations = (by: string, code: string) => {
    const events = fault({ killedClient: 'direct process 1' }, [
      { t: 1_000, type: 'invoke', op: 1, by, call },
      { t: 1_100, type: 'end', op: 1, answer: { how: 'unknown', code } },
    ]);
    return killedClients(faultsOf(events), callsOf(events)).violations.join('; ');
  };

  it('had calls open that are in doubt from then on', () => {
    expect(violations('direct process 1', gone.code)).to.equal('');
    expect(violations('direct process 2', gone.code)).to.include('it had no call open');
    expect(violations('direct process 1', 'GRID_TIMEOUT')).to.include('it had no call open');
  });
});

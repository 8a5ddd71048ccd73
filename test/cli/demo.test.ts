import { expect } from 'chai';
import { Ledger } from '../../src/cli/demo/ledger.ts';
import type { CheckResult, Ending, Issue } from '../../src/cli/demo/protocol.ts';
import { isFlawless, type Report } from '../../src/cli/demo/run.ts';
import { build, shoal } from '../support/processes.ts';

const city = (id: number, at: number): Issue => ({ id, kind: 'city', at });
const counter = (id: number, at: number): Issue => ({ id, kind: 'counter', at });
const all = (ids: readonly number[], ending: Ending) => ids.map((id) => [id, ending] as const);

function found(written: CheckResult['written'], counters: readonly number[] = []): CheckResult {
  return { entries: 0, wrong: 0, written, counters };
}

describe('the ledger of the demo', () => {
  it('finds nothing wrong where every write is there', () => {
    const ledger = new Ledger();
    ledger.note(0, [city(1, 5), counter(2, 0)], []);
    ledger.note(0, [city(3, 5)], all([1, 2, 3], 'acknowledged'));
    ledger.close();
    expect(ledger.judge(found([[5, 0, 3]], [1]))).to.deep.equal({
      acknowledgedWrites: 3,
      unknownWrites: 0,
      lost: 0,
      doubled: 0,
      invented: 0,
    });
  });

  it('misses a write that was acknowledged', () => {
    const ledger = new Ledger();
    ledger.note(0, [city(1, 5), city(2, 5), city(3, 6)], []);
    ledger.note(0, [], all([1, 2, 3], 'acknowledged'));
    expect(ledger.judge(found([[5, 0, 1]]))).to.include({ lost: 2 });
  });

  it('allows a write of unknown outcome to be there, and not to be', () => {
    for (const there of [1, 2]) {
      const ledger = new Ledger();
      ledger.note(1, [city(1, 5)], []);
      ledger.note(1, [city(2, 5)], all([1], 'acknowledged'));
      ledger.close();
      const verdict = ledger.judge(found([[5, 1, there]]));
      expect(verdict).to.include({ lost: 0, invented: 0, unknownWrites: 1 });
    }
  });

  it('finds a write that nobody made, or that was said not to have happened', () => {
    const ledger = new Ledger();
    ledger.note(0, [city(1, 5)], all([1], 'failed'));
    expect(ledger.judge(found([[5, 0, 1]]))).to.include({ invented: 1 });
    expect(ledger.judge(found([[9, 2, 7]]))).to.include({ invented: 1 });
  });

  it('finds counters that lost an increment, or counted one twice', () => {
    const ledger = new Ledger();
    ledger.note(0, [counter(1, 0), counter(2, 0), counter(3, 0)], []);
    ledger.note(0, [], all([1, 2], 'acknowledged'));
    ledger.close();
    expect(ledger.judge(found([], [1]))).to.include({ lost: 1, doubled: 0 });
    expect(ledger.judge(found([], [2]))).to.include({ lost: 0, doubled: 0 });
    expect(ledger.judge(found([], [3]))).to.include({ lost: 0, doubled: 0 });
    expect(ledger.judge(found([], [4]))).to.include({ lost: 0, doubled: 1 });
  });
});

describe('the demo', function () {
  this.timeout(120_000);
  before(build);

  it('kills the meta leader under load, and loses and doubles nothing', async () => {
    const { status, stdout, stderr } = await shoal('demo', '--kill', 'leader', '--json');
    expect(status, stderr).to.equal(0);
    const report = JSON.parse(stdout) as Report & { flawless: boolean };
    expect(report).to.include({ flawless: true, killed: 'leader', lost: 0, doubled: 0 });
    expect(isFlawless(report)).to.equal(true);
    expect(report.entries).to.equal(report.entriesExpected).and.to.be.greaterThan(100_000);
    expect(report.acknowledgedWrites).to.be.greaterThan(1_000);
    expect(report.safeAfterMs).to.be.greaterThan(0);
    expect(stderr).to.include('SIGKILL').and.not.to.include('\r');
  });

  it('is not flawless where anything is missing', () => {
    const well = {
      entries: 1,
      entriesExpected: 1,
      wrongEntries: 0,
      lost: 0,
      doubled: 0,
      invented: 0,
      staleReads: 0,
    } as Report;
    expect(isFlawless(well)).to.equal(true);
    const flaws = ['wrongEntries', 'lost', 'doubled', 'invented', 'staleReads'] as const;
    for (const flaw of flaws) expect(isFlawless({ ...well, [flaw]: 1 }), flaw).to.equal(false);
    expect(isFlawless({ ...well, entries: 0 })).to.equal(false);
  });
});

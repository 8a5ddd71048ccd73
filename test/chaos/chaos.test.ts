import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runClientsOnly } from './clients-only.ts';
import { reportText } from './report.ts';
import { verdictOf } from './verdict.ts';

describe('a grid of processes that clients call', function () {
  this.timeout(180_000);

  it('loses nothing, doubles nothing and tells of every gap while owners are killed and connections cut', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-chaos-'));
    const seed = Date.now() % 1_000_000;
    const operations = 300;
    const { history, problems, reconnects } = await runClientsOnly({
      seed,
      kills: 2,
      cuts: 4,
      operations,
      preset: 'lan',
      folder,
      say: () => {},
    });
    const least = {
      answers: 6 * operations,
      faultsInAll: 6,
      faults: { kill: 2, cut: 4 },
      isTimed: false,
    };
    const verdict = verdictOf(history.events, least, problems);
    expect(verdict.isWell, `seed ${seed}, logs in ${folder}: ${reportText(verdict)}`).to.equal(
      true,
    );
    expect(reconnects).to.be.greaterThan(0);
    const topics = verdict.findings.find(({ what }) => what.startsWith('topics'));
    expect(topics?.figures.gaps).to.be.greaterThan(0);
    rmSync(folder, { recursive: true });
  });
});

/** Whether one of its checks notices a mutant, and only it: the same check passes with the whole sources. */
import type { HookedMutant } from '../simulation/mutant.ts';
import { runCheck, runSearch, type Verdict } from './check-run.ts';
import type { Controls } from './controls.ts';
import type { Mutant } from './mutant.ts';
import type { Workshop } from './workshop.ts';

/** As long as a search may take. */
const searchMsMax = 150_000;

/** `failed`: by the first check that noticed. */
export async function judge(
  { edits, checks }: Mutant,
  workshop: Workshop,
  controls: Controls,
): Promise<Verdict> {
  const { folder } = workshop;
  const verdict = await workshop.whileBroken(edits, async () => {
    let last: Verdict = { kind: 'void', why: 'it has no checks' };
    for (const check of checks) {
      last = await runCheck(check, { folder, msMax: controls.msMaxOf(check) });
      if (last.kind !== 'passed') break;
    }
    return last;
  });
  return held(verdict, workshop, controls);
}

/** The same of one of the tests of the simulation, which breaks a method and no text. */
export async function judgeHooked(
  { name, simulation }: HookedMutant,
  workshop: Workshop,
  controls: Controls,
): Promise<Verdict> {
  const place = { folder: workshop.folder, msMax: searchMsMax };
  const command = ['test/mutants/hooked-command.ts', name];
  return held(await runSearch(command, simulation, place), workshop, controls);
}

/** A search goes on to other worlds than the one that it names, which have to be clean as well. */
async function held(verdict: Verdict, workshop: Workshop, controls: Controls): Promise<Verdict> {
  if (verdict.kind !== 'failed' || verdict.world === undefined) return verdict;
  const control = await controls.of(verdict.world, workshop);
  if (control.kind === 'passed') return verdict;
  return { kind: 'void', why: `fails with the whole sources as well: ${verdict.by}` };
}

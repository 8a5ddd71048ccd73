/**
 * `npm run mutants [-- --jobs 2] [--only <piece of a name>] [--part 1/3]`: runs every check on the whole sources,
 * then breaks one rule after the other and names the check that noticed. Exits 1 where a check fails on the whole
 * sources, where a broken rule went unnoticed, and where a mutant breaks more than a rule.
 */
import { parseArgs } from 'node:util';
import { hookedMutants } from '../simulation/hooked-mutants.ts';
import type { Verdict } from './check-run.ts';
import { Controls, distinct } from './controls.ts';
import { judge, judgeHooked } from './judge.ts';
import type { Check } from './mutant.ts';
import { mutants } from './mutants.ts';
import { Workshop } from './workshop.ts';

interface Job {
  readonly name: string;
  readonly checks: readonly Check[];
  readonly run: (workshop: Workshop, controls: Controls) => Promise<Verdict>;
}

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '2' },
    /** Those alone whose name has this in it. */
    only: { type: 'string', default: '' },
    /** Every third, from the first on: for machines that do them in turns. */
    part: { type: 'string', default: '1/1' },
  },
});

function chosenJobs(): Job[] {
  const [part = 1, partsOf = 1] = values.part.split('/').map(Number);
  const edited = mutants.map((mutant): Job => {
    const { name, checks } = mutant;
    return { name, checks, run: (workshop, controls) => judge(mutant, workshop, controls) };
  });
  const hooked = hookedMutants.map((mutant): Job => {
    const { name } = mutant;
    const run: Job['run'] = (workshop, controls) => judgeHooked(mutant, workshop, controls);
    return { name, checks: [mutant], run };
  });
  return [...edited, ...hooked]
    .filter(({ name }) => name.includes(values.only))
    .filter((_, at) => at % partsOf === part - 1);
}

const startedAt = performance.now();
const minutes = () => ((performance.now() - startedAt) / 60_000).toFixed(1);

/** Whether nothing fails before anything is broken. */
async function isWhole(jobs: readonly Job[], workshops: Workshop[], controls: Controls) {
  const checks = distinct(jobs.flatMap((job) => job.checks));
  const { length } = checks;
  const found = await Promise.all(workshops.map((each) => controls.runAll(checks, each)));
  const failures = found.flat();
  if (failures.length === 0) {
    console.log(`${length} checks pass with the whole sources, after ${minutes()} minutes`);
    return true;
  }
  console.log(`With the whole sources there fail ${failures.length} of ${length} checks, which`);
  console.log('would kill every mutant. No rule was broken.');
  for (const failure of failures) console.log(`  ${failure}`);
  return false;
}

const shown = {
  failed: (by: string) => `killed by ${by}`,
  passed: () => 'NOT NOTICED',
  void: (why: string) => `NO VERDICT: ${why}`,
};

async function killAll(jobs: Job[], workshops: Workshop[], controls: Controls): Promise<boolean> {
  const total = jobs.length;
  const names: Record<Verdict['kind'], string[]> = { failed: [], passed: [], void: [] };
  const work = async (workshop: Workshop): Promise<void> => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const beganAt = performance.now();
      const verdict = await job.run(workshop, controls);
      const seconds = Math.round((performance.now() - beganAt) / 1_000);
      const said =
        verdict.kind === 'failed' ? verdict.by : verdict.kind === 'void' ? verdict.why : '';
      console.log(`${job.name}\n    ${shown[verdict.kind](said)} (${seconds} s)`);
      names[verdict.kind].push(job.name);
    }
  };
  await Promise.all(workshops.map(work));
  console.log(`${total} mutants, ${names.failed.length} killed, in ${minutes()} minutes`);
  for (const name of names.passed) console.log(`not noticed: ${name}`);
  for (const name of names.void) console.log(`no verdict: ${name}`);
  return total > 0 && names.failed.length === total;
}

const workshops = await Promise.all(
  Array.from({ length: Number(values.jobs) }, () => Workshop.open()),
);
try {
  const jobs = chosenJobs();
  const controls = new Controls();
  const isWell =
    (await isWhole(jobs, workshops, controls)) && (await killAll(jobs, workshops, controls));
  if (!isWell) process.exitCode = 1;
} finally {
  await Promise.all(workshops.map((workshop) => workshop.close()));
}

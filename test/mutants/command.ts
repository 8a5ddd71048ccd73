/**
 * `npm run mutants [-- --jobs 2] [--only <piece of a name>] [--part 1/3]`: breaks one rule after the other and
 * names the check that noticed. Exits 1 where a broken rule went unnoticed.
 */
import { parseArgs } from 'node:util';
import { hookedMutants } from '../simulation/hooked-mutants.ts';
import { mutants } from './mutants.ts';
import { Workshop } from './workshop.ts';

interface Job {
  readonly name: string;
  readonly run: (workshop: Workshop) => Promise<string | undefined>;
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

const [part = 1, partsOf = 1] = values.part.split('/').map(Number);
const jobs: Job[] = [
  ...mutants.map((mutant) => ({
    name: mutant.name,
    run: (workshop: Workshop) => workshop.killerOf(mutant),
  })),
  ...hookedMutants.map(({ name }) => ({
    name,
    run: (workshop: Workshop) => workshop.killerOfHooked(name),
  })),
]
  .filter(({ name }) => name.includes(values.only))
  .filter((_, at) => at % partsOf === part - 1);

const startedAt = performance.now();
const total = jobs.length;
let survivors = 0;

async function work(): Promise<void> {
  const workshop = await Workshop.open();
  try {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const beganAt = performance.now();
      const killer = await job.run(workshop);
      const seconds = Math.round((performance.now() - beganAt) / 1_000);
      if (killer === undefined) survivors++;
      const verdict = killer === undefined ? 'NOT NOTICED' : `killed by ${killer}`;
      console.log(`${job.name}\n    ${verdict} (${seconds} s)`);
    }
  } finally {
    await workshop.close();
  }
}

await Promise.all(Array.from({ length: Number(values.jobs) }, work));
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
console.log(`${total} mutants, ${total - survivors} killed, in ${minutes} minutes`);
if (survivors > 0 || total === 0) process.exitCode = 1;

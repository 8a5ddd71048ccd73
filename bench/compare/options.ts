/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import { cells } from './cells.ts';
import { measurements } from './measurements/all.ts';
import type { MeasurePace } from './measurements/measurement.ts';

export interface Options {
  /** Names or groups of cells, names of measurements. */
  readonly chosen: readonly string[];
  readonly pace: MeasurePace;
  /** Of the file in bench/results; undefined where none is written. */
  readonly name: string | undefined;
}

const groups = [...new Set(cells.map(({ group }) => group))];
const names = measurements.map(({ name }) => name);

export const usage = `npm run bench -- [cells] [options]
npm run bench -- plot      the pictures of bench/results anew

  cells              names or groups; all but soak where none is given:
                     ${groups.join(' ')}
                     ${names.join(' ')}
  --rounds N         in each, every driver runs every cell once (5)
  --seconds S        length of one run of a cell (1)
  --minutes M        length of soak (10)
  --quick            2 rounds of 0.5 s whatever else runs, to see that it works;
                     no file is written without --name
  --name TEXT        of the file in bench/results (the cells)
`;

export class UsageError extends Error {}

export function optionsOf(args: readonly string[]): Options | 'help' | 'plot' {
  const { values, positionals } = parsed(args);
  if (values.help) return 'help';
  if (positionals.length === 1 && positionals[0] === 'plot') return 'plot';
  for (const word of positionals) checkCell(word);
  const ownName = positionals.length === 0 ? 'all' : positionals.join('-');
  const name = values.name ?? (values.quick ? undefined : ownName);
  return { chosen: positionals, pace: paceOf(values), name };
}

function checkCell(word: string): void {
  const isKnown = names.includes(word) || groups.includes(word);
  if (isKnown || cells.some(({ name }) => name === word)) return;
  throw new UsageError(`expected cells to compare, found '${word}'`);
}

const usual = {
  rounds: 5,
  seconds: 1,
  minutes: 10,
  firstWarmUpSeconds: 1,
  warmUpSeconds: 0.3,
  triesMax: 3,
  quietWaitMaxMs: 10_000,
  patienceMs: 60_000,
} satisfies MeasurePace;

const hasty: MeasurePace = {
  ...usual,
  rounds: 2,
  seconds: 0.5,
  firstWarmUpSeconds: 0.5,
  warmUpSeconds: 0.1,
  triesMax: 1,
  quietWaitMaxMs: 0,
  patienceMs: 0,
};

function paceOf(values: ReturnType<typeof parsed>['values']): MeasurePace {
  const pace = values.quick ? hasty : usual;
  return {
    ...pace,
    rounds: positive('rounds', values.rounds, pace.rounds, 1),
    seconds: positive('seconds', values.seconds, pace.seconds, 0.1),
    minutes: positive('minutes', values.minutes, pace.minutes, 0.5),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        minutes: { type: 'string' },
        quick: { type: 'boolean', default: false },
        name: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function positive(option: string, given: string | undefined, otherwise: number, least: number) {
  if (given === undefined) return otherwise;
  const number = Number(given);
  if (number >= least && number <= 1_000) return number;
  throw new UsageError(`--${option}: expected a number from ${least} to 1000, found '${given}'`);
}

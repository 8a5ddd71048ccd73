/**
 * Makes a failing world smaller: without the kinds of trouble that it fails without, and for as short a time as it
 * still fails in. Each try is another history of the same seed, so what is left fails for certain, and is not
 * always the least that would. A try that shows another violation is another finding, and no smaller one.
 */
import { faultKinds } from '../../src/testing/fault-kinds.ts';
import { type RunOptions, type RunResult, type Trouble, troubles } from './trial.ts';

export interface Shrunk {
  readonly faultsMs: number;
  readonly without: readonly Trouble[];
  readonly violation: string;
}

type Run = (seed: number, options: RunOptions) => Pick<RunResult, 'violations' | 'hash'>;

/** What a try has shown, and what tells its history from others. */
interface Shown {
  readonly violations: readonly string[];
  readonly history: string;
}

const triesMax = 40;
const shortestMs = 250;

/** The smallest that was found; undefined where the seed does not fail by itself. */
export function shrink(run: Run, seed: number, faultsMs: number): Shrunk | undefined {
  const first = show(run, seed, { faultsMs, without: [] });
  const [violation] = first.violations;
  if (violation === undefined) return undefined;
  const kind = kindOf(violation);
  let tries = 1;
  let smallest: Shrunk = { faultsMs, without: [], violation };
  let { history } = first;
  const tryOut = (next: Omit<Shrunk, 'violation'>): void => {
    if (tries++ >= triesMax) return;
    const shown = show(run, seed, next);
    const found = shown.violations.find((text) => kindOf(text) === kind);
    // What is not there cannot be left out.
    if (found === undefined || shown.history === history) return;
    smallest = { ...next, violation: found };
    history = shown.history;
  };
  for (const trouble of [...troubles, ...faultKinds]) {
    tryOut({ ...smallest, without: [...smallest.without, trouble] });
  }
  for (let stepMs = smallest.faultsMs / 2; stepMs >= shortestMs; stepMs /= 2) {
    tryOut({ ...smallest, faultsMs: Math.round(smallest.faultsMs - stepMs) });
  }
  return smallest;
}

/** What a violation says, but for when, whom and how many: those differ from one history to the next. */
export function kindOf(violation: string): string {
  const [text = ''] = violation.replace(/^[\d.]+ ms: /, '').split(/[{[\n]/);
  const words = text.split(/\s+/).filter((word) => word !== '');
  return words.filter((word) => /^I\d+:$/.test(word) || !/\d/.test(word)).join(' ');
}

function show(run: Run, seed: number, options: Omit<RunOptions, 'traceLinesMax'>): Shown {
  try {
    const { violations, hash } = run(seed, { ...options, traceLinesMax: 0 });
    return { violations, history: hash };
  } catch (error) {
    const [what = ''] = String(error).split('\n');
    return { violations: [what], history: String(error) };
  }
}

/**
 * What the checks say of sources that are whole. A check that fails there would kill every mutant: it proves nothing.
 */
import type { Search } from '../simulation/mutant.ts';
import { runCheck, type Verdict } from './check-run.ts';
import { type Check, isTest } from './mutant.ts';
import type { Workshop } from './workshop.ts';

/** Whatever the check, it does not take longer, unless something stands still. */
const checkMsMax = 150_000;
/** So much longer may it take than it did with the whole sources, whatever else the machine does. */
const slowedTimes = 20;
const checkMsMin = 30_000;

export class Controls {
  readonly #verdicts = new Map<string, Promise<Verdict>>();
  readonly #tookMs = new Map<string, number>();

  /** Runs each check once, in turns with others that take from the same list; why each that failed did. */
  async runAll(checks: Check[], workshop: Workshop): Promise<readonly string[]> {
    const failures: string[] = [];
    for (let check = checks.shift(); check !== undefined; check = checks.shift()) {
      const verdict = await this.of(check, workshop);
      if (verdict.kind !== 'passed') failures.push(reasonOf(verdict));
    }
    return failures;
  }

  /** In a workshop in which nothing is broken now. */
  of(check: Check, { folder }: Workshop): Promise<Verdict> {
    const known = this.#verdicts.get(keyOf(check));
    if (known !== undefined) return known;
    const verdict = this.#run(check, folder);
    this.#verdicts.set(keyOf(check), verdict);
    return verdict;
  }

  /** How long it may take. */
  msMaxOf(check: Check): number {
    const tookMs = isTest(check) ? this.#tookMs.get(keyOf(check)) : undefined;
    if (tookMs === undefined) return checkMsMax;
    return Math.round(Math.min(checkMsMax, Math.max(checkMsMin, slowedTimes * tookMs)));
  }

  async #run(check: Check, folder: string): Promise<Verdict> {
    const verdict = await runCheck(check, { folder, msMax: checkMsMax });
    if (verdict.kind === 'passed') this.#tookMs.set(keyOf(check), verdict.tookMs);
    return verdict;
  }
}

/** Every test, and the world of every search that is known to find something, once each. */
export function distinct(checks: readonly Check[]): Check[] {
  const known = new Map<string, Check>();
  for (const check of checks) known.set(keyOf(check), isTest(check) ? check : worldOf(check));
  return [...known.values()];
}

function worldOf({ simulation, seed }: Search): Search {
  return { simulation, seed, othersMax: 0 };
}

function keyOf(check: Check): string {
  if (isTest(check)) return `${check.file}\n${check.title}`;
  return `${check.simulation} ${check.seed}`;
}

function reasonOf(verdict: Exclude<Verdict, { kind: 'passed' }>): string {
  return verdict.kind === 'failed' ? verdict.by : verdict.why;
}

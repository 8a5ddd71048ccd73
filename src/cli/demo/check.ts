/** Reads every record and counter through one member and compares the records with what was loaded. */
import { isDeepStrictEqual } from 'node:util';
import type { Grid } from '../../grid.ts';
import { type CheckResult, counterCount } from './protocol.ts';
import type { City, VisitedCity } from './records.ts';

const batchSize = 2_000;

export async function checkRecords(
  grid: Grid,
  cities: readonly City[],
  progress: (done: number) => Promise<void>,
): Promise<CheckResult> {
  const map = grid.map<number, VisitedCity>('cities');
  const written: [number, number, number][] = [];
  let entries = 0;
  let wrong = 0;
  for (let from = 0; from < cities.length; from += batchSize) {
    const batch = cities.slice(from, from + batchSize);
    const found = await map.getMany(batch.map(({ cityId }) => cityId));
    entries += found.size;
    batch.forEach((city, at) => {
      const { visit, ...record } = found.get(city.cityId) ?? {};
      if (!isDeepStrictEqual(record, city)) wrong++;
      if (visit !== undefined) written.push([from + at, visit[0], visit[1]]);
    });
    await progress(from + batch.length);
  }
  const counterMap = grid.map<string, number>('counters');
  const keys = Array.from({ length: counterCount }, (_, at) => `counter ${at}`);
  const values = await counterMap.getMany(keys);
  return { entries, wrong, written, counters: keys.map((key) => values.get(key) ?? 0) };
}

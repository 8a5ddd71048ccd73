/**
 * `npm run scale`: what the partition table, its log and membership weigh with many members, simulated.
 *
 *   npm run scale -- --table --members 8,32 --partitions 271,1024
 *   npm run scale -- --swim --members 8,32,128,512
 *
 * Prints the tables of docs/scale.md. Both parts together take about ten minutes of one core.
 */
import { parseArgs } from 'node:util';
import { swimTables } from './swim-tables.ts';
import { measureTable, tableRow, tableTitles } from './table-at-scale.ts';

const { values } = parseArgs({
  options: {
    table: { type: 'boolean', default: false },
    swim: { type: 'boolean', default: false },
    members: { type: 'string' },
    partitions: { type: 'string' },
  },
});

function numbers(option: string | undefined, usual: readonly number[]): readonly number[] {
  const given = option?.split(',').map(Number) ?? usual;
  const isWrong = given.some((count) => !Number.isInteger(count) || count < 2 || count > 4_096);
  if (isWrong) throw new Error(`expected whole numbers from 2 to 4096, found ${option}`);
  return given;
}

function head(titles: readonly string[]): void {
  console.log(`\n| ${titles.join(' | ')} |\n|${titles.map(() => '---|').join('')}`);
}

function row(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

if (values.table || !values.swim) {
  head(tableTitles);
  for (const members of numbers(values.members, [8, 32, 128])) {
    for (const partitions of numbers(values.partitions, [271, 1_024, 4_096])) {
      row(tableRow(measureTable(members, partitions)));
    }
  }
}
if (values.swim || !values.table) {
  for (const table of swimTables) {
    head(table.titles);
    for (const members of numbers(values.members, [8, 32, 128, 512])) row(table.row(members));
  }
}

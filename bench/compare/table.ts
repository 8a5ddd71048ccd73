/** What is printed. */
import type { CellSummary, Figure } from './summary.ts';

const columns = [16, 10, 9, 9, 8, 8, 8, 9, 7] as const;
const heads = [
  'driver',
  'ops/s',
  'p50 us',
  'p99 us',
  'driver',
  'system',
  'spread',
  'foreign',
  'tries',
];

function line(fields: readonly string[]): string {
  return fields
    .map((field, at) => (at === 0 ? field.padEnd(columns[at]!) : field.padStart(columns[at] ?? 8)))
    .join('');
}

export function cellTable({ title, figures }: CellSummary): string {
  return [title, line(heads), ...figures.map((figure) => line(fieldsOf(figure)))].join('\n');
}

function fieldsOf(figure: Figure): string[] {
  return [
    figure.driver,
    whole(figure.perSecond),
    whole(figure.p50Us),
    whole(figure.p99Us),
    figure.driverCores.toFixed(2),
    figure.systemCores.toFixed(2),
    `${(figure.spread * 100).toFixed(0)} %`,
    figure.foreignCoresMax.toFixed(2),
    `${figure.tries}`,
  ];
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');

export function ratioTable(summaries: readonly CellSummary[]): string {
  const rows = summaries.flatMap(({ cell, ratios, asked }) =>
    ratios.map(({ driver, bestPeer, ratio }) => {
      const floors = [asked?.thinFloor, asked?.coreFloor];
      const limits = [asked?.goal, ...floors].map((limit) =>
        limit === undefined ? '' : `${limit}`,
      );
      return [cell, driver, ratio.toFixed(2), ...limits, verdictOf(ratio, asked), bestPeer];
    }),
  );
  const widths = [16, 14, 7, 6, 8, 8];
  const head = ['cell', 'shoal through', 'ratio', 'goal', 'floor 3', 'floor 5', 'met', 'best peer'];
  const text = [head, ...rows].map((fields) =>
    fields
      .map((field, at) => {
        const width = widths[at];
        if (width === undefined) return `  ${field}`.padEnd(17);
        return at < 2 ? field.padEnd(width) : field.padStart(width);
      })
      .join('')
      .trimEnd(),
  );
  return text.join('\n');
}

/** What is met, of what is asked. */
export function verdictOf(ratio: number, asked: CellSummary['asked']): string {
  if (asked === undefined) return '';
  if (ratio >= asked.goal) return 'goal';
  const floors = [asked.thinFloor ?? asked.coreFloor ?? 0, asked.coreFloor ?? asked.thinFloor ?? 0];
  if (ratio >= Math.max(...floors)) return 'floors';
  return ratio >= Math.min(...floors) ? 'lower floor' : 'no floor';
}

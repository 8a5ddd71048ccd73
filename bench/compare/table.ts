/** What is printed. */
import type { Row } from './rounds.ts';
import { type CellSummary, type Figure, type Finding, verdictOf } from './summary.ts';

const columns = [28, 10, 9, 9, 8, 8, 8, 9, 7, 7] as const;
const heads = [
  'driver',
  'ops/s',
  'p50 us',
  'p99 us',
  'driver',
  'system',
  'spread',
  'foreign',
  'runs',
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
    `${figure.counted}/${figure.runs}`,
    `${figure.tries}`,
  ];
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');

/** One run, told at once. */
export function rowLine({ round, cell, driver, perSecond, foreignCores }: Row): string {
  const foreign = `foreign ${foreignCores.toFixed(2)}`;
  return `round ${round + 1}  ${cell}  ${driver}  ${whole(perSecond)}/s  ${foreign}`;
}

export function findingTable(findings: readonly Finding[]): string {
  const widths = [18, 18, 20, 11, 9, 11];
  const head = ['cell', 'of', 'figure', 'goal', 'floor 3', 'floor 5', 'met', 'against'];
  const rows = findings.map((finding) => [
    finding.name,
    finding.of,
    valueText(finding.value, finding.unit),
    ...limitsOf(finding),
    verdictOf(finding),
    finding.against ?? '',
  ]);
  return [head, ...rows]
    .map((fields) =>
      fields
        .map((field, at) => {
          const width = widths[at];
          if (width === undefined) return `  ${field}`.padEnd(14);
          return at < 2 ? field.padEnd(width) : field.padStart(width);
        })
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

function limitsOf({ asked, unit }: Finding): string[] {
  const limits = [asked?.goal, asked?.thinFloor, asked?.coreFloor];
  return limits.map((limit) => (limit === undefined ? '' : limitText(limit, unit)));
}

export function valueText(value: number, unit: string): string {
  if (unit === 'x') return value.toFixed(2);
  return `${value >= 1_000 || value === 0 ? whole(value) : value.toPrecision(3)} ${unit}`;
}

/** A unit stands beside the figure already. */
function limitText(limit: number, unit: string): string {
  return unit === 'x' || limit < 1_000 ? `${limit}` : whole(limit);
}

/** What the files of results say of one figure, run by run, and on which machine each run was. */

import type { Asked } from '../cells.ts';
import { isPeer } from '../drivers/driver.ts';
import type { Row } from '../rounds.ts';
import { countedOf, type Finding } from '../summary.ts';
import type { Panel } from './panels.ts';

/** What a file of results has that the pictures need. */
export interface Plotted {
  readonly at: string;
  readonly machine?: Readonly<Record<string, string | number>>;
  readonly findings: readonly Finding[];
  readonly rows?: readonly Row[];
}

/** A figure of one run. */
export interface Mark {
  readonly atMs: number;
  readonly value: number;
  /** Of single rounds or trials, where the file holds them. */
  readonly spread?: { readonly least: number; readonly most: number };
  /** The clients that it is compared with dialled TCP, and none the unix socket. */
  readonly isTcpAlone: boolean;
}

export interface Series {
  readonly of: string;
  /** The oldest first. */
  readonly marks: readonly Mark[];
}

export interface Panelled {
  readonly panel: Panel;
  readonly series: readonly Series[];
  /** As the newest file says. */
  readonly asked: Asked | undefined;
}

export function inOrder(runs: readonly Plotted[]): readonly Plotted[] {
  return runs.toSorted((a, b) => (a.at < b.at ? -1 : 1));
}

/** Of runs in their order. */
export function panelled(panel: Panel, runs: readonly Plotted[]): Panelled {
  const series = new Map<string, Mark[]>();
  let asked: Asked | undefined;
  for (const run of runs) {
    for (const finding of run.findings) {
      if (finding.name !== panel.finding || finding.unit !== panel.unit) continue;
      asked = finding.asked ?? asked;
      const marks = series.get(finding.of) ?? [];
      series.set(finding.of, marks);
      marks.push(markOf(run, finding));
    }
  }
  return { panel, asked, series: [...series].map(([of, marks]) => ({ of, marks })) };
}

function markOf(run: Plotted, finding: Finding): Mark {
  const { value } = finding;
  const rows = (run.rows ?? []).filter(({ cell }) => cell === finding.name);
  const mark = { atMs: Date.parse(run.at), value, isTcpAlone: isTcpAlone(rows) };
  const single = finding.trials ?? ofRounds(rows, finding);
  if (single.length < 2) return mark;
  const spread = { least: Math.min(value, ...single), most: Math.max(value, ...single) };
  return { ...mark, spread };
}

function isTcpAlone(rows: readonly Row[]): boolean {
  const peers = rows.filter(({ driver }) => isPeer(driver));
  return peers.length > 0 && !peers.some(({ driver }) => driver.endsWith('-unix'));
}

/** Of each round that counts: the rate, or where there is a peer its part of that of the peer. */
function ofRounds(rows: readonly Row[], { of, against }: Finding): readonly number[] {
  const countedBy = (by: string) => countedOf(rows.filter(({ driver }) => driver === by));
  const own = countedBy(of);
  if (against === undefined) return own.map(({ perSecond }) => perSecond);
  const peer = new Map(countedBy(against).map(({ round, perSecond }) => [round, perSecond]));
  return own.flatMap(({ round, perSecond }) => {
    const other = peer.get(round);
    return other === undefined ? [] : [perSecond / other];
  });
}

/** A time during which all runs were on machines of one kind. */
export interface Span {
  /** The same letter is the same kind of machine. */
  readonly letter: string;
  readonly machine: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** From the first run to the last; between two machines half of the time is given to each. */
export function spansOf(runs: readonly Plotted[]): readonly Span[] {
  const letters = new Map<string, string>();
  const spans: Span[] = [];
  for (const run of runs) {
    const [atMs, machine] = [Date.parse(run.at), machineOf(run)];
    const last = spans.at(-1);
    if (last?.machine === machine) {
      spans[spans.length - 1] = { ...last, toMs: atMs };
      continue;
    }
    const letter = letters.get(machine) ?? String.fromCharCode(65 + letters.size);
    letters.set(machine, letter);
    const fromMs = last === undefined ? atMs : (last.toMs + atMs) / 2;
    if (last !== undefined) spans[spans.length - 1] = { ...last, toMs: fromMs };
    spans.push({ letter, machine, fromMs, toMs: atMs });
  }
  return spans;
}

function machineOf({ machine }: Plotted): string {
  if (machine === undefined) return 'unknown';
  const { processor, cores, memoryGib } = machine;
  return `${processor}, ${cores} cores, ${memoryGib} GiB`;
}

/** Which figures are drawn, in which picture and in which order: a panel each. */
import { cells } from '../cells.ts';

export interface Panel {
  readonly title: string;
  /** Name and unit of the findings that it shows; each of their `of` is a series. */
  readonly finding: string;
  readonly unit: string;
  /** What is counted upwards. */
  readonly axis: string;
}

export interface Section {
  readonly title: string;
  /** In rows of three. */
  readonly panels: readonly Panel[];
}

export interface Picture {
  /** In bench/results. */
  readonly file: string;
  readonly title: string;
  readonly sections: readonly Section[];
}

/** One panel for each cell of the groups. */
function panelsOf(groups: readonly string[], unit: 'x' | '/s', title: (name: string) => string) {
  const axis = unit === 'x' ? '÷ best of Redis' : 'calls/s';
  const own = cells.filter(({ group, name }) => groups.includes(group) || groups.includes(name));
  return own.map(({ name }): Panel => ({ title: title(name), finding: name, unit, axis }));
}

/** `mix-64` as a title: the number of calls outstanding is named. */
function outstanding(what: string): (name: string) => string {
  return (name) => `${what}, ${name.split('-').at(-1)} outstanding`;
}

function timed(title: string, finding: string, axis = 'ms, less is better'): Panel {
  return { title, finding, unit: 'ms', axis };
}

const localOf = (call: string) => [1, 64, 256].map((count) => `local-${call}-${count}`);

const others: readonly Panel[] = [
  ...panelsOf(['topic-64'], 'x', () => 'topic, 64 publishers'),
  ...panelsOf(['topic-1'], 'x', () => 'topic, one at a time'),
  ...panelsOf(['backup'], 'x', () => 'set with a backup, 64'),
  ...panelsOf(['queue-64'], 'x', () => 'queue, 64 and 64'),
  ...panelsOf(['queue-wake'], 'x', () => 'queue, take woken'),
  { title: 'bytes a key', finding: 'memory', unit: 'x', axis: '÷ Redis, less is better' },
];

const byItself: readonly Panel[] = [
  ...panelsOf(localOf('get'), '/s', outstanding('local get')),
  timed('follower killed', 'failover-follower', 'longest gap in ms'),
  timed('leader killed', 'failover-leader', 'longest gap in ms'),
  {
    title: 'simulator',
    finding: 'simulator',
    unit: 'times real',
    axis: 'virtual seconds a second',
  },
  timed('copy, loop late, p99.9', 'copy-late-p99.9'),
  timed('copy, loop late, most', 'copy-late-max'),
  { title: 'copy of 1 M entries', finding: 'copy', unit: 's', axis: 's, less is better' },
];

const moving: readonly Panel[] = [
  { title: 'p99 of calls', finding: 'p99', unit: 'x', axis: '÷ before, less is better' },
  timed('longest wait', 'longest wait'),
  timed('handover, p99', 'handover block p99'),
];

export const pictures: readonly Picture[] = [
  {
    file: 'over-time.svg',
    title: 'What is asked of Shoal, and what it did, over time',
    sections: [
      {
        title:
          '80 % get, 20 % set of 100-byte strings: calls a second, divided by those of the best client of Redis',
        panels: panelsOf(['mix'], 'x', outstanding('mix')),
      },
      {
        title: 'Topics, queues, replicated sets and memory, divided by those of Redis',
        panels: others,
      },
      { title: 'By itself: local reads, failover, simulation, copying', panels: byItself },
      { title: 'While two members become three, under load', panels: moving },
    ],
  },
  {
    file: 'over-time-more.svg',
    title: 'Further figures over time, of which nothing is asked',
    sections: [
      {
        title: '100-byte strings, calls a second, divided by those of the best client of Redis',
        panels: ['get', 'set'].flatMap((call) => panelsOf([call], 'x', outstanding(call))),
      },
      {
        title: '1 KB objects, calls a second, divided by those of the best client of Redis',
        panels: ['mix', 'get', 'set'].flatMap((call) =>
          panelsOf([`object-${call}`], 'x', outstanding(call)),
        ),
      },
      {
        title: 'By itself',
        panels: [
          ...panelsOf(localOf('set'), '/s', outstanding('local set')),
          {
            title: 'bytes a key',
            finding: 'memory',
            unit: 'bytes/key',
            axis: 'bytes, less is better',
          },
        ],
      },
    ],
  },
];

/** The tables of docs/scale.md on membership, in their order. */
import { crashTable } from './swim-crashes.ts';
import { falseWordsTable } from './swim-false-words.ts';
import { spreadTable } from './swim-spread.ts';
import { trafficTable } from './swim-traffic.ts';
import type { ScaleTable } from './swim-world.ts';

export const swimTables: readonly ScaleTable[] = [
  crashTable,
  spreadTable,
  trafficTable,
  falseWordsTable,
];

/** `shoal partitions`: the partition table, as one member sees it, and how copies get on. */

import { setTimeout as wait } from 'node:timers/promises';
import type { ArgsDef } from 'citty';
import type { PartitionSummary } from '../member/local-view.ts';
import { ask, defaultUrl } from './ask.ts';
import { command } from './command.ts';
import { note, Progress, print, printJson, table } from './terminal.ts';
import { isOn, textOf } from './usage.ts';

const args = {
  url: { type: 'string', description: 'a member to ask', valueHint: defaultUrl },
  watch: { type: 'boolean', description: 'first wait until every copy is in its place' },
  json: { type: 'boolean', description: 'one JSON object a line' },
} satisfies ArgsDef;

const pollMs = 250;

export const partitions = command('partitions', 'who holds what', args, async (given) => {
  const url = textOf(given, 'url') ?? defaultUrl;
  if (isOn(given, 'watch')) await watchCopies(url);
  const answer = await ask(url, '/v1/partitions');
  if (isOn(given, 'json')) {
    for (const row of answer.partitions) printJson(row);
    return;
  }
  const head = ['PARTITION', 'BACKUPS', 'PRIMARY', 'IN SYNC', 'COPYING TO', 'TERM', 'VERSION'];
  print(table([...head, 'ENTRIES HERE'], answer.partitions.map(cellsOf)));
  const moving = answer.partitions.filter(({ learner }) => learner !== undefined).length;
  const { toCome } = await ask(url, '/v1/copies');
  if (toCome > 0) note(`${moving} copies are on their way, ${toCome - moving} are still to come`);
});

function cellsOf(row: PartitionSummary): string[] {
  return [
    `${row.partition}`,
    `${row.backups}`,
    primaryOf(row),
    row.inSync.filter((id) => id !== row.primary).join(' ') || '-',
    learnerOf(row),
    `${row.term}`,
    `${row.version}`,
    row.entriesHere === undefined ? '-' : `${row.entriesHere}`,
  ];
}

function primaryOf({ primary, transferTo }: PartitionSummary): string {
  if (primary === undefined) return 'LOST';
  return transferTo === undefined ? primary : `${primary} > ${transferTo}`;
}

/** Whose copy is being made, how far it is, and for whose. */
function learnerOf({ learner, retiring, copied }: PartitionSummary): string {
  if (learner === undefined) return retiring === undefined ? '-' : `(without ${retiring})`;
  const share = copied === undefined ? '' : ` ${Math.floor(copied * 100)} %`;
  return `${learner}${share}${retiring === undefined ? '' : ` for ${retiring}`}`;
}

/** Until nothing is to be copied any more; a bar on a terminal. */
async function watchCopies(url: string): Promise<void> {
  let total = 0;
  let progress: Progress | undefined;
  for (;;) {
    const { toCome } = await ask(url, '/v1/copies');
    // More may be added on the way: members come and go.
    if (toCome > total) {
      total = toCome;
      progress = new Progress('copies made', total);
    }
    progress?.at(total - toCome);
    if (toCome === 0) return;
    await wait(pollMs);
  }
}

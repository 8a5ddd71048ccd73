/** `shoal partitions`: the partition table, as one member sees it. */
import type { ArgsDef } from 'citty';
import { ask, defaultUrl } from './ask.ts';
import { command } from './command.ts';
import { print, printJson, table } from './terminal.ts';
import { isOn, textOf } from './usage.ts';

const args = {
  url: { type: 'string', description: 'a member to ask', valueHint: defaultUrl },
  json: { type: 'boolean', description: 'one JSON object a line' },
} satisfies ArgsDef;

export const partitions = command('partitions', 'who holds what', args, async (given) => {
  const url = textOf(given, 'url') ?? defaultUrl;
  const answer = await ask(url, '/v1/partitions');
  if (isOn(given, 'json')) {
    for (const row of answer.partitions) printJson(row);
    return;
  }
  const rows = answer.partitions.map((row) => [
    `${row.partition}`,
    `${row.backups}`,
    row.primary ?? 'LOST',
    row.inSync.filter((id) => id !== row.primary).join(' ') || '-',
    row.learner ?? '-',
    `${row.term}`,
    `${row.version}`,
    row.entriesHere === undefined ? '-' : `${row.entriesHere}`,
  ]);
  const head = ['PARTITION', 'BACKUPS', 'PRIMARY', 'IN SYNC', 'LEARNER', 'TERM', 'VERSION'];
  print(table([...head, 'ENTRIES HERE'], rows));
});

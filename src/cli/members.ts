/** `shoal members`: who is in the grid, as one member sees it. */
import type { ArgsDef } from 'citty';
import { ask, defaultUrl } from './ask.ts';
import { command } from './command.ts';
import { print, printJson, table } from './terminal.ts';
import { isOn, textOf } from './usage.ts';

const args = {
  url: { type: 'string', description: 'a member to ask', valueHint: defaultUrl },
  json: { type: 'boolean', description: 'one JSON object a line' },
} satisfies ArgsDef;

export const members = command('members', 'who is in the grid', args, async (given) => {
  const answer = await ask(textOf(given, 'url') ?? defaultUrl, '/v1/members');
  const isLeader = (id: string) => id === answer.leader;
  if (isOn(given, 'json')) {
    for (const member of answer.members) {
      printJson({ ...member, metaLeader: isLeader(member.id) });
    }
    return;
  }
  const rows = answer.members.map(({ id, name, address, zone, state }) => [
    name,
    address,
    zone ?? '-',
    state,
    isLeader(id) ? 'meta leader' : '',
    id,
  ]);
  print(table(['NAME', 'ADDRESS', 'ZONE', 'STATE', 'ROLE', 'ID'], rows));
});

/** `shoal get`, `set`, `delete` and `keys`: one map, from a shell. Keys are texts. */
import { clientCommand, type Invocation, lineOf, valueFrom } from './client-command.ts';
import { note } from './terminal.ts';

export const get = clientCommand(
  'get',
  'prints the value of a key; status 1 where there is none',
  ['MAP', 'KEY'],
  async ({ client, words, show }) => {
    const [map = '', key = ''] = words;
    const entry = await client.map(map).getEntry(key);
    if (entry === undefined) missing(key);
    else show(entry, lineOf(entry.value));
  },
);

export const set = clientCommand(
  'set',
  'sets a key to a value: JSON where it is JSON, else a text',
  ['MAP', 'KEY', 'VALUE'],
  async ({ client, words, show }) => {
    const [map = '', key = '', word = ''] = words;
    await client.map(map).set(key, valueFrom(word));
    show({ key, set: true }, 'set');
  },
);

export const remove = clientCommand(
  'delete',
  'deletes a key; status 1 where it was not there',
  ['MAP', 'KEY'],
  async ({ client, words, show }) => {
    const [map = '', key = ''] = words;
    if (await client.map(map).delete(key)) show({ key, deleted: true }, 'deleted');
    else missing(key);
  },
);

export const keys = clientCommand('keys', 'prints every key, a line each', ['MAP'], printKeys);

async function printKeys({ client, words, show }: Invocation): Promise<void> {
  const [map = ''] = words;
  for await (const key of client.map(map).keys()) show({ key }, lineOf(key));
}

function missing(key: string): void {
  note(`shoal: there is no key '${key}'`);
  process.exitCode = 1;
}

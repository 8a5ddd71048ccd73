/** `shoal get`, `set`, `delete` and `keys`: one map, from a shell. Keys are texts. */
import { clientCommand, type Invocation } from './client-command.ts';
import { note } from './terminal.ts';
import { lineOf, valueFrom } from './values.ts';

export const get = clientCommand({
  name: 'get',
  description: 'prints the value of a key; status 1 where there is none',
  words: ['MAP', 'KEY'],
  run: async ({ client, words, call, show }) => {
    const [map = '', key = ''] = words;
    const entry = await client.map(map).getEntry(key, call);
    if (entry === undefined) missing(key);
    else await show(entry, lineOf(entry.value));
  },
});

export const set = clientCommand({
  name: 'set',
  description: 'sets a key to a value: JSON where it is JSON, else a text',
  words: ['MAP', 'KEY', 'VALUE'],
  run: async ({ client, words, call, show }) => {
    const [map = '', key = '', word = ''] = words;
    await client.map(map).set(key, valueFrom(word), call);
    await show({ key, set: true }, 'set');
  },
});

export const remove = clientCommand({
  name: 'delete',
  description: 'deletes a key; status 1 where it was not there',
  words: ['MAP', 'KEY'],
  run: async ({ client, words, call, show }) => {
    const [map = '', key = ''] = words;
    if (await client.map(map).delete(key, call)) await show({ key, deleted: true }, 'deleted');
    else missing(key);
  },
});

export const keys = clientCommand({
  name: 'keys',
  description: 'prints every key, a line each',
  words: ['MAP'],
  run: printKeys,
});

async function printKeys({ client, words, call, show }: Invocation): Promise<void> {
  const [map = ''] = words;
  for await (const key of client.map(map).keys(call)) await show({ key }, lineOf(key));
}

function missing(key: string): void {
  note(`shoal: there is no key '${key}'`);
  process.exitCode = 1;
}

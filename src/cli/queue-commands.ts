/** `shoal push` and `take`: one queue, from a shell. */
import type { ArgsDef } from 'citty';
import { clientCommand, type Invocation } from './client-command.ts';
import { isReaderGone, note } from './terminal.ts';
import { isOn, wholeOf } from './usage.ts';
import { lineOf, valueFrom } from './values.ts';

const takesMax = 1_000_000_000;

const noWait = {
  'no-wait': { type: 'boolean', description: 'does not wait; status 1 where it would' },
} satisfies ArgsDef;

export const push = clientCommand({
  name: 'push',
  description: 'pushes an item, JSON or a text; waits while the queue is full',
  words: ['QUEUE', 'VALUE'],
  options: noWait,
  run: async ({ client, words, given, call, show }) => {
    const [name = '', word = ''] = words;
    const queue = client.queue(name);
    const item = valueFrom(word);
    if (!isOn(given, 'no-wait')) await queue.push(item, call);
    else if (!(await queue.tryPush(item, call))) return fail(`the queue '${name}' is full`);
    await show({ pushed: true }, 'pushed');
  },
});

export const take = clientCommand({
  name: 'take',
  description: 'takes the item that is next and prints it; waits while the queue is empty',
  words: ['QUEUE'],
  options: {
    ...noWait,
    count: { type: 'string', description: 'so many items, one after the other', valueHint: '1' },
  },
  run: takeItems,
});

async function takeItems({ client, words, given, call, show }: Invocation): Promise<void> {
  const [name = ''] = words;
  const queue = client.queue(name);
  const count = wholeOf(given, 'count', 1, takesMax) ?? 1;
  const isWaiting = !isOn(given, 'no-wait');
  if (isWaiting && (await queue.size(call)) === 0) {
    note(`shoal: the queue '${name}' is empty; waiting for an item`);
  }
  for (let taken = 0; taken < count; taken++) {
    const value = isWaiting ? await queue.take(call) : await queue.tryTake(call);
    if (!isWaiting && value === undefined) return fail(`the queue '${name}' is empty`);
    // The next is taken when this one is out: what is taken is gone from the queue.
    await show({ value }, lineOf(value)).catch((error: unknown) => {
      if (!isReaderGone(error)) throw error;
      throw new Error(`took an item that nobody reads: ${lineOf(value)}`, { cause: error });
    });
  }
}

function fail(text: string): void {
  note(`shoal: ${text}`);
  process.exitCode = 1;
}

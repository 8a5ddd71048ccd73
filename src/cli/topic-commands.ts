/** `shoal publish` and `subscribe`: one topic, from a shell. */
import type { SubscribeOptions, TopicGap } from '../grid-topic.ts';
import { clientCommand, type Invocation } from './client-command.ts';
import { note } from './terminal.ts';
import { type Given, isOn, textOf, UsageError, wholeOf } from './usage.ts';
import { lineOf, valueFrom } from './values.ts';

const messagesMax = 1_000_000_000;

export const publish = clientCommand({
  name: 'publish',
  description: 'publishes a message, JSON or a text, and prints its number',
  words: ['TOPIC', 'VALUE'],
  run: async ({ client, words, call, show }) => {
    const [topic = '', word = ''] = words;
    const sequence = await client.topic(topic).publish(valueFrom(word), call);
    await show({ sequence }, String(sequence));
  },
});

export const subscribe = clientCommand({
  name: 'subscribe',
  description: 'prints the messages of a topic as they come, a line each, until Ctrl-C',
  words: ['TOPIC'],
  options: {
    from: {
      type: 'string',
      description: 'earliest, now, or the number of a message',
      valueHint: 'now',
    },
    count: { type: 'string', description: 'ends after so many messages' },
  },
  run: printMessages,
});

async function printMessages(invocation: Invocation): Promise<void> {
  const { client, words, given, call, show } = invocation;
  const [name = ''] = words;
  const count = wholeOf(given, 'count', 1, messagesMax) ?? Number.POSITIVE_INFINITY;
  const leaving = new AbortController();
  const signal = AbortSignal.any([call.signal, leaving.signal]);
  let printed = 0;
  let failure: unknown;
  const end = (error: unknown): void => {
    failure = error;
    leaving.abort();
  };
  const options = {
    ...call,
    signal,
    from: fromOf(given),
    onGap: (gap: TopicGap) => void tellGap(gap, invocation).catch(end),
    onError: end,
  };
  const subscription = await client.topic(name).subscribe(async (message, context) => {
    await show({ ...context, message }, lineOf(message));
    printed++;
    if (printed === count) leaving.abort();
  }, options);
  note(`shoal: subscribed to '${name}'; Ctrl-C ends it`);
  failure = (await subscription.closed) ?? failure;
  if (failure !== undefined) throw failure;
}

function fromOf(given: Given): NonNullable<SubscribeOptions['from']> {
  const text = textOf(given, 'from') ?? 'now';
  if (text === 'now' || text === 'earliest') return text;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && Number.isSafeInteger(number)) return number;
  throw new UsageError(`--from: expected earliest, now or a number from 1 on, found '${text}'`);
}

/** For a program it stands among the messages, where they are missing. */
async function tellGap(gap: TopicGap, { given, show }: Invocation): Promise<void> {
  if (isOn(given, 'json')) return show({ gap }, '');
  const last = gap.to === undefined ? 'on' : `to ${gap.to}`;
  note(`shoal: missed the messages from ${gap.from} ${last} (${gap.reason})`);
}

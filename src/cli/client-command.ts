/**
 * Commands that use the grid as a light client: connect, do one thing, close.
 *
 * A first SIGINT or SIGTERM aborts what the command does, so that a call that waits takes nothing with
 * it; a second one ends the process as usual.
 */
import type { ArgsDef, CommandDef } from 'citty';
import type { Subscription } from 'rxjs';
import { durationMs } from '../base/duration.ts';
import { GridError } from '../base/errors.ts';
import { connect } from '../client/node-client.ts';
import type { ConnectOptions, GridClient } from '../grid.ts';
import { defaultUrl } from './ask.ts';
import { command } from './command.ts';
import { note, printed } from './terminal.ts';
import { type Given, isOn, readText, textOf } from './usage.ts';
import { jsonOf } from './values.ts';

const common = {
  url: {
    type: 'string',
    description: 'a member to connect to; may be repeated',
    valueHint: defaultUrl,
  },
  cluster: { type: 'string', description: 'its cluster', valueHint: 'shoal' },
  'token-file': { type: 'string', description: 'a file that holds the token of a user' },
  timeout: {
    type: 'string',
    description: 'how long connecting or a call may take',
    valueHint: '10s',
  },
  json: { type: 'boolean', description: 'one JSON object a line' },
} satisfies ArgsDef;

/** What calls of a command are given as options. */
interface CommandCall {
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** What a command was given. */
export interface Invocation {
  readonly client: GridClient;
  /** As many as the command has words. */
  readonly words: readonly string[];
  readonly given: Given;
  readonly call: CommandCall;
  /** Prints what was found, as JSON where that was asked for, else as a line; resolves when it is out. */
  readonly show: (fields: object, line: string) => Promise<void>;
}

export interface ClientCommand {
  readonly name: string;
  readonly description: string;
  /** What stands after the command beside options. */
  readonly words: readonly string[];
  /** Beside those of all such commands. @default {} */
  readonly options?: ArgsDef;
  readonly run: (invocation: Invocation) => Promise<void>;
}

const defaultTimeout = '10s';

export function clientCommand({
  name,
  description,
  words,
  options,
  run,
}: ClientCommand): CommandDef {
  const args: ArgsDef = { ...options, ...common };
  return command(name, description, args, (given, found) => invoke(given, found, run), words);
}

async function invoke(
  given: Given,
  words: readonly string[],
  run: ClientCommand['run'],
): Promise<void> {
  const call = { timeout: timeoutOf(given), signal: interruption() };
  const urls = (given.url ?? [defaultUrl]).map(urlOf);
  const client = await connect(urls, connectOptions(given, call));
  const isJson = isOn(given, 'json');
  const show = (fields: object, line: string) => printed(isJson ? jsonOf(fields) : line);
  const links = noteLinks(client);
  try {
    await run({ client, words, given, call, show });
  } catch (error) {
    if (!call.signal.aborted || !GridError.is(error)) throw error;
    const { code, outcome } = error;
    const message = `${String(call.signal.reason)}: ${error.message}`;
    throw new GridError(code, message, { outcome, cause: error });
  } finally {
    links.unsubscribe();
    await client.close();
  }
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => controller.abort(`interrupted by ${signal}`));
  }
  return controller.signal;
}

function timeoutOf(given: Given): number {
  const text = textOf(given, 'timeout') ?? defaultTimeout;
  return durationMs(/^\d+$/.test(text) ? Number(text) : text, 'timeout');
}

function connectOptions(given: Given, call: CommandCall): ConnectOptions {
  const cluster = textOf(given, 'cluster');
  const file = textOf(given, 'token-file');
  // One member is enough for one thing.
  return {
    ...call,
    routing: 'gateway',
    ...(cluster === undefined ? {} : { cluster }),
    ...(file === undefined ? {} : { token: readText(file, 'token-file').trim() }),
  };
}

/** `http://` and a bare `host:port` do as well. */
function urlOf(text: string): string {
  const url = text.replace(/^http/, 'ws');
  return /^wss?:\/\//.test(url) ? url : `ws://${url}`;
}

function noteLinks(client: GridClient): Subscription {
  return client.events.subscribe(({ type }) => {
    if (type === 'reconnecting') note('shoal: the connection is lost; looking for a member');
    if (type === 'connected') note('shoal: connected again');
  });
}

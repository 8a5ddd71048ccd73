/** Commands that use the grid as a light client: connect, do one thing, close. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ArgsDef, type CommandDef, defineCommand } from 'citty';
import { connect } from '../client/grid-client.ts';
import type { ConnectOptions, GridClient } from '../grid.ts';
import { defaultUrl } from './ask.ts';
import { print, printJson } from './terminal.ts';
import { UsageError } from './usage.ts';

const options = {
  url: { type: 'string', description: 'a member to connect to', valueHint: defaultUrl },
  cluster: { type: 'string', description: 'its cluster', valueHint: 'shoal' },
  'token-file': { type: 'string', description: 'a file that holds the token of a user' },
  json: { type: 'boolean', description: 'one JSON object a line' },
} satisfies ArgsDef;

/** What a command was given beside options. */
export interface Invocation {
  readonly client: GridClient;
  /** As many as the command has words. */
  readonly words: readonly string[];
  /** Prints what was found: as JSON where that was asked for, else as a line. */
  readonly show: (fields: object, line: string) => void;
}

export function clientCommand(
  name: string,
  description: string,
  words: readonly string[],
  run: (invocation: Invocation) => Promise<void>,
): CommandDef {
  const positionals = Object.fromEntries(
    words.map((word) => [word, { type: 'positional', required: false } as const]),
  );
  const args: ArgsDef = { ...positionals, ...options };
  return defineCommand({
    meta: { name, description },
    args,
    run: ({ rawArgs }) => invoke(rawArgs, words, run),
  });
}

async function invoke(
  rawArgs: readonly string[],
  expected: readonly string[],
  run: (invocation: Invocation) => Promise<void>,
): Promise<void> {
  const { values, positionals } = parsed(rawArgs);
  if (positionals.length !== expected.length) {
    const found = positionals.length === 0 ? 'nothing' : positionals.join(' ');
    throw new UsageError(`expected ${expected.join(' ')}, found ${found}`);
  }
  const client = await connect(urlOf(values.url ?? defaultUrl), connectOptions(values));
  const show = (fields: object, line: string) =>
    values.json === true ? printJson(fields) : print(line);
  try {
    await run({ client, words: positionals, show });
  } finally {
    await client.close();
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      strict: true,
      options: {
        url: { type: 'string' },
        cluster: { type: 'string' },
        'token-file': { type: 'string' },
        json: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function connectOptions(values: ReturnType<typeof parsed>['values']): ConnectOptions {
  const file = values['token-file'];
  // One member is enough for one thing.
  return {
    routing: 'gateway',
    ...(values.cluster === undefined ? {} : { cluster: values.cluster }),
    ...(file === undefined ? {} : { token: readFileSync(file, 'utf8').trim() }),
  };
}

/** `http://` and a bare `host:port` do as well. */
function urlOf(text: string): string {
  const url = text.replace(/^http/, 'ws');
  return /^wss?:\/\//.test(url) ? url : `ws://${url}`;
}

/** What stands on the command line as a value: JSON where it is JSON, else a text. */
export function valueFrom(word: string): unknown {
  try {
    return JSON.parse(word);
  } catch {
    return word;
  }
}

export function lineOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}

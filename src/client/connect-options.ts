/** What a user gives to `connect`, checked once and turned into plain settings with the defaults filled in. */
import { checkedTimeoutMs } from '../base/call-options.ts';
import { GridError } from '../base/errors.ts';
import { isLogger, type Logger } from '../base/logger.ts';
import type { ConnectOptions } from '../grid.ts';
import { clientPath } from '../wire/client-messages.ts';
import { consoleLogger } from './console-logger.ts';

export interface ConnectPlan {
  readonly urls: readonly string[];
  readonly cluster: string;
  readonly routing: 'direct' | 'gateway';
  readonly user: string;
  readonly credential: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly logger: Logger;
}

const urlsMax = 256;
const textMax = 2_048;
const known: readonly (keyof ConnectOptions)[] = [
  'cluster',
  'routing',
  'token',
  'user',
  'password',
  'logger',
  'timeout',
  'signal',
];

/** The plan of a connect, or a `GRID_BAD_OPTION`. */
export function checkConnectOptions(
  urls: string | readonly string[],
  options: ConnectOptions = {},
): ConnectPlan {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw bad(
      'options',
      'an object, such as { cluster, routing }',
      options === null ? 'null' : typeof options,
    );
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name as keyof ConnectOptions)) continue;
    throw bad(name, `one of the options ${known.join(', ')}`, 'another name');
  }
  const { cluster = 'shoal', routing = 'direct', logger = consoleLogger } = options;
  checkText('cluster', cluster);
  if (routing !== 'direct' && routing !== 'gateway') {
    throw bad('routing', "'direct' or 'gateway'", `'${String(routing).slice(0, 40)}'`);
  }
  if (!isLogger(logger)) {
    throw bad(
      'logger',
      'an object with debug, info, warn and error',
      `a value of type ${typeof logger}`,
    );
  }
  const { timeout, signal } = options;
  const timeoutMs = checkedTimeoutMs({
    ...(timeout === undefined ? {} : { timeout }),
    ...(signal === undefined ? {} : { signal }),
  });
  const credentials = credentialsOf(options);
  return { urls: checkedUrls(urls), cluster, routing, ...credentials, timeoutMs, signal, logger };
}

function credentialsOf({ token, user = '', password }: ConnectOptions) {
  for (const [name, value] of Object.entries({ token, user, password })) checkText(name, value);
  const isTwice = token !== undefined && password !== undefined;
  if (isTwice || (user === '') !== (password === undefined)) {
    throw bad('token', 'a token, or user and password, or none of them', 'another mixture');
  }
  return { user, credential: token ?? password ?? '' };
}

function checkedUrls(given: string | readonly string[]): string[] {
  const urls = typeof given === 'string' ? [given] : given;
  if (!Array.isArray(urls) || urls.length === 0 || urls.length > urlsMax) {
    throw bad('url', `a URL, or a list of 1 to ${urlsMax}`, `a value of type ${typeof given}`);
  }
  return [...new Set(urls.map(checkedUrl))];
}

/** Without a path of its own it means that of clients. */
function checkedUrl(given: unknown): string {
  const expected = "a text such as 'ws://127.0.0.1:7400' or 'wss://grid.example'";
  if (typeof given !== 'string') throw bad('url', expected, `a value of type ${typeof given}`);
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw bad('url', expected, `'${given.slice(0, 80)}'`);
  }
  const isWebSocket = url.protocol === 'ws:' || url.protocol === 'wss:';
  if (!isWebSocket || url.username !== '' || url.hash !== '') {
    throw bad('url', expected, `one that begins with ${url.protocol} or holds a user or a hash`);
  }
  const path = url.pathname === '/' ? clientPath : url.pathname;
  return `${url.protocol}//${url.host}${path}${url.search}`;
}

function checkText(name: string, value: unknown): void {
  const isText = typeof value === 'string' && value.length <= textMax && value.isWellFormed();
  if (value === undefined || isText) return;
  const expected = `a text of at most ${textMax} characters, without half of a surrogate pair`;
  throw bad(
    name,
    expected,
    typeof value === 'string' ? 'another' : `a value of type ${typeof value}`,
  );
}

function bad(name: string, expected: string, found: string): GridError {
  return new GridError('GRID_BAD_OPTION', `${name}: expected ${expected}, found ${found}`);
}

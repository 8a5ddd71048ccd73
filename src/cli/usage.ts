/** What stands after a command, read strictly: an option that nobody knows is wrong usage, not noise. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ArgsDef } from 'citty';
import { parseHostPort } from '../base/host-port.ts';

/** Ends the process with status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type Given = Readonly<Record<string, readonly string[]>>;

interface Arguments {
  readonly given: Given;
  /** One for each expected word. */
  readonly found: readonly string[];
}

/** The options as they were given, each as often as it was, flags as `'true'`; and the words beside them. */
export function readArguments(
  rawArgs: readonly string[],
  known: ArgsDef,
  words: readonly string[],
): Arguments {
  const { values, positionals: marked } = parsed(rawArgs.map(marking), known, words.length > 0);
  const positionals = marked.map(unmarked);
  if (positionals.length !== words.length) {
    const found = positionals.length === 0 ? 'nothing' : positionals.join(' ');
    throw new UsageError(`expected ${words.join(' ')}, found ${found}`);
  }
  const asTexts = (value: unknown) => [value].flat().map((text) => unmarked(String(text)));
  const given = Object.entries(values).map(([key, value]) => [key, asTexts(value)] as const);
  return { given: Object.fromEntries(given), found: positionals };
}

/** No word of a shell holds it. */
const mark = '\0';

/** A number below zero is a word, though it begins as options do. */
function marking(arg: string): string {
  return /^-\.?\d/.test(arg) ? `${mark}${arg}` : arg;
}

function unmarked(text: string): string {
  return text.startsWith(mark) ? text.slice(mark.length) : text;
}

function parsed(rawArgs: readonly string[], known: ArgsDef, allowPositionals: boolean) {
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { type }]) => {
      const kind = type === 'boolean' ? 'boolean' : 'string';
      return [name, { type: kind, multiple: true } as const];
    }),
  );
  try {
    return parseArgs({ args: [...rawArgs], options, allowPositionals, strict: true });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new UsageError(text.replaceAll(mark, ''));
  }
}

export function isOn(given: Given, name: string): boolean {
  return given[name]?.at(-1) === 'true';
}

export function textOf(given: Given, name: string): string | undefined {
  return given[name]?.at(-1);
}

export function wholeOf(given: Given, name: string, min: number, max: number): number | undefined {
  const text = textOf(given, name);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new UsageError(`--${name}: expected a whole number from ${min} to ${max}, found '${text}'`);
}

export function oneOf<T extends string>(
  given: Given,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const text = textOf(given, name);
  if (text === undefined) return undefined;
  const found = allowed.find((word) => word === text);
  if (found !== undefined) return found;
  throw new UsageError(`--${name}: expected ${allowed.join(' or ')}, found '${text}'`);
}

/** `host:port`, where port 0 stands for any free one. */
export function listenOf(text: string): { readonly host: string; readonly port: number } {
  const any = text.endsWith(':0') ? parseHostPort(`${text.slice(0, -1)}1`) : undefined;
  if (any !== undefined) return { host: any.host, port: 0 };
  const parsed = parseHostPort(text);
  if (parsed !== undefined) return parsed;
  throw new UsageError(`--listen: expected host:port such as 127.0.0.1:7400, found '${text}'`);
}

/** The content of the file that was given as an option. */
export function readText(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--${option}: expected a file that can be read, found ${path} (${code})`);
  }
}

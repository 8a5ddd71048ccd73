/** One command: what it is called, which words and options it knows, and what it does with them. */
import { type ArgsDef, type CommandDef, defineCommand } from 'citty';
import { type Given, readArguments } from './usage.ts';

/** `words`: what stands after the command beside options, each of them needed. */
export function command(
  name: string,
  description: string,
  options: ArgsDef,
  run: (given: Given, found: readonly string[], rawArgs: readonly string[]) => Promise<void>,
  words: readonly string[] = [],
): CommandDef {
  const positionals = Object.fromEntries(
    words.map((word) => [word, { type: 'positional', required: false } as const]),
  );
  return defineCommand({
    meta: { name, description },
    args: { ...positionals, ...options },
    run: ({ rawArgs }) => {
      const { given, found } = readArguments(rawArgs, options, words);
      return run(given, found, rawArgs);
    },
  });
}

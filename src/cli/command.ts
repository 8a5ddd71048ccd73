/** One command: what it is called, which options it knows, and what it does with them. */
import { type ArgsDef, type CommandDef, defineCommand } from 'citty';
import { type Given, readOptions } from './usage.ts';

export function command(
  name: string,
  description: string,
  args: ArgsDef,
  run: (given: Given, rawArgs: readonly string[]) => Promise<void>,
): CommandDef {
  return defineCommand({
    meta: { name, description },
    args,
    run: ({ rawArgs }) => run(readOptions(rawArgs, args), rawArgs),
  });
}

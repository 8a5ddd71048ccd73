/** Has this very command run again inside a network namespace of its own, with one more for each member. */
import { spawn } from 'node:child_process';
import { deleteNamespaces, makeNamespaces, type Namespaces } from './namespaces.ts';

const variable = 'SHOAL_CHAOS_NAMESPACES';

/** Those in which this process was started; undefined where it was started outside. */
export function namespacesHere(): Namespaces | undefined {
  const text = process.env[variable];
  return text === undefined ? undefined : (JSON.parse(text) as Namespaces);
}

/** Resolves with the exit status, when the namespaces are gone again. */
export async function runInside(members: number, args: readonly string[]): Promise<number> {
  const namespaces = await makeNamespaces(members);
  // The run inside gets the signal too, and ends; the namespaces go after it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
  try {
    const command = [...process.execArgv, process.argv[1] ?? '', ...args];
    const child = spawn(
      'nsenter',
      [`--net=/run/netns/${namespaces.hub}`, process.execPath, ...command],
      {
        stdio: 'inherit',
        env: { ...process.env, [variable]: JSON.stringify(namespaces) },
      },
    );
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status) => resolve(status ?? 1));
    });
  } finally {
    await deleteNamespaces(namespaces);
  }
}

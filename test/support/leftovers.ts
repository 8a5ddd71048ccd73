/**
 * After the last test nothing may be left that keeps the process: what is, is named, and the processes among it are
 * killed, so that nothing outlives the run. `exit` in .mocharc.json then ends it.
 */
import { ChildProcess } from 'node:child_process';
import { Server, Socket } from 'node:net';
import { systemClock } from '../../src/base/clock.ts';
import { waitFor } from '../../src/base/waiting.ts';

/** What the last test closes may take a moment. */
const patienceMs = 3_000;
/** Mocha's, for this hook. */
const ownTimers = 1;

const internals = process as unknown as { _getActiveHandles(): readonly unknown[] };

function describe(handle: unknown): string {
  if (handle instanceof ChildProcess) return `process ${handle.pid}: ${handle.spawnargs.join(' ')}`;
  if (handle instanceof Server) return `server at ${JSON.stringify(handle.address())}`;
  if (handle instanceof Socket) return `socket ${handle.localPort} to ${handle.remotePort}`;
  return String((handle as object).constructor.name);
}

function leftovers(): string[] {
  const own: unknown[] = [process.stdin, process.stdout, process.stderr];
  const handles = internals._getActiveHandles().filter((handle) => !own.includes(handle));
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const found = handles.map(describe);
  if (timers > ownTimers) found.push(`${timers - ownTimers} timers`);
  return found;
}

export const mochaHooks = {
  async afterAll() {
    const isClean = () => leftovers().length === 0;
    if (await waitFor(isClean, { clock: systemClock, timeoutMs: patienceMs })) return;
    process.stderr.write(`left over by the tests:\n  ${leftovers().join('\n  ')}\n`);
    for (const handle of internals._getActiveHandles()) {
      if (handle instanceof ChildProcess) handle.kill('SIGKILL');
    }
  },
};

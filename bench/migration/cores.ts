/**
 * How many cores the machine was busy with, and how many of them were this bench's own: the rest is others', and
 * where that is much the figures say more of them than of the grid.
 */
import { cpus } from 'node:os';

/** Milliseconds that all cores together have been busy, ever. */
function busyMs(): number {
  let ms = 0;
  for (const { times } of cpus()) ms += times.user + times.nice + times.sys + times.irq;
  return ms;
}

/** What this process has used, ever. */
export function ownMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

export class CoresWatch {
  #busyMs = busyMs();
  #at = performance.now();

  /** Cores of others since the last call, where the bench's processes used so many milliseconds. */
  others(benchMs: number): number {
    const busy = busyMs();
    const at = performance.now();
    const cores = Math.max(0, (busy - this.#busyMs - benchMs) / (at - this.#at));
    this.#busyMs = busy;
    this.#at = at;
    return cores;
  }
}

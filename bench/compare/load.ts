/**
 * Who uses the processors, from /proc: what is measured, and all else. Time in interrupts is left out:
 * on loopback it is the traffic of what is measured.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Clock ticks a second of /proc: 100 on every Linux that Node runs on. */
const ticksOfSecond = 100;
/** How long it is looked who uses the processors. */
export const probeMs = 200;
/** Before a cell it is waited until the foreign load is as low as this, in cores. */
const quietCores = 0.15;

export interface Sample {
  readonly at: number;
  readonly busyTicks: number;
  readonly ticks: ReadonlyMap<number, number>;
}

export interface Load {
  /** Cores used by each process that is measured. */
  readonly cores: ReadonlyMap<number, number>;
  /** Cores used by everything else. */
  readonly foreign: number;
}

export function sample(pids: readonly number[]): Sample {
  return {
    at: performance.now(),
    busyTicks: busyTicks(),
    ticks: new Map(pids.map((pid) => [pid, ticksOf(pid)])),
  };
}

export function loadBetween(from: Sample, to: Sample): Load {
  const ticks = ((to.at - from.at) / 1_000) * ticksOfSecond;
  const cores = new Map<number, number>();
  let measured = 0;
  for (const [pid, now] of to.ticks) {
    const used = (now - (from.ticks.get(pid) ?? now)) / ticks;
    cores.set(pid, used);
    measured += used;
  }
  return { cores, foreign: Math.max(0, (to.busyTicks - from.busyTicks) / ticks - measured) };
}

/** Resolves when all else is quiet, or after so long. */
export async function quiet(pids: readonly number[], waitMaxMs: number): Promise<void> {
  const endsAt = performance.now() + waitMaxMs;
  while (performance.now() < endsAt) {
    const from = sample(pids);
    await pause(probeMs);
    if (loadBetween(from, sample(pids)).foreign <= quietCores) return;
  }
}

/** User, nice, system and stolen time of all processors. */
function busyTicks(): number {
  const [, user, nice, system, , , , , steal] = readFileSync('/proc/stat', 'latin1')
    .slice(0, 200)
    .split(/\s+/, 9);
  return Number(user) + Number(nice) + Number(system) + Number(steal);
}

/** User and system time of a process; 0 where it is gone. */
function ticksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // What follows the name, which may hold anything: the state is the third field of the line.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}

/** Bytes that a process has in memory. */
export function residentBytes(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kib) * 1_024;
}

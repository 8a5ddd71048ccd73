/** How many virtual seconds the simulator runs in a second: whole grids with faults, by `npm run sim`. */
import { spawn } from 'node:child_process';
import { keep } from '../processes.ts';
import type { Finding } from '../summary.ts';
import type { Measurement } from './measurement.ts';

const seeds = 8;

export const simulator: Measurement = {
  name: 'simulator',
  needsRedis: false,
  async run() {
    const args = ['scripts/bundled.mjs', 'test/simulation/sim.ts', '--seeds', `${seeds}`];
    const child = keep(spawn('node', args, { stdio: ['ignore', 'pipe', 'inherit'] }));
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    await new Promise((resolve) => child.once('close', resolve));
    return findingsIn(text);
  },
};

interface SimTotals {
  readonly name: string;
  readonly bad: number;
  readonly timesRealTime: number;
}

/**
 * From what `npm run sim` prints, a JSON object for each simulation. Its exit status is not looked at: it
 * says also that too little happened, which is so with few seeds.
 */
export function findingsIn(text: string): Finding[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  const totals = lines.map((line) => JSON.parse(line) as SimTotals);
  if (totals.length === 0) throw new Error(`expected totals of a simulation, found: ${text}`);
  return totals.map(({ name, bad, timesRealTime }) => {
    if (bad > 0) throw new Error(`${bad} runs of the simulation ${name} found violations`);
    const asked = { goal: 100 };
    return { name: 'simulator', of: name, value: timesRealTime, unit: 'times real', asked };
  });
}

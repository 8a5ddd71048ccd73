/** How many virtual seconds the simulator runs in a second: whole grids with faults, by `npm run sim`. */
import { spawn } from 'node:child_process';
import { keep } from '../processes.ts';
import type { Measurement } from './measurement.ts';

const seeds = 12;

export const simulator: Measurement = {
  name: 'simulator',
  needsRedis: false,
  async run() {
    const args = ['--import', 'tsx', 'test/simulation/sim.ts', '--seeds', `${seeds}`];
    const child = keep(spawn('node', args, { stdio: ['ignore', 'pipe', 'inherit'] }));
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    const status = await new Promise((resolve) => child.once('close', resolve));
    if (status !== 0) throw new Error(`the simulation ended with ${status}: ${text.slice(-2_000)}`);
    const totals = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as SimTotals;
    return [
      {
        name: 'simulator',
        of: `${seeds} seeds`,
        value: totals.worldMs / totals.realMs,
        unit: 'times real',
        asked: { goal: 100 },
      },
    ];
  },
};

interface SimTotals {
  readonly worldMs: number;
  readonly realMs: number;
}

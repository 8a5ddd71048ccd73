/** Faults that end by themselves, in a grid: what is aimed at moments and edges draws when and at whom. */
import type { GridWorld } from './grid-world.ts';

/** It starts again after a while, where it may. */
export function crashFor(grid: GridWorld, name: string, lastsMs: number): void {
  const { world } = grid;
  world.crash(name);
  world.after(lastsMs, () => {
    if (grid.mayRestart(name)) world.restart(name);
  });
}

/** Cuts a member off from all others for a while. */
export function isolateFor({ world, processes }: GridWorld, name: string, lastsMs: number): void {
  world.isolate(name);
  world.healLater(lastsMs, () => {
    for (const other of processes) if (other.name !== name) world.heal(name, other.name);
  });
}

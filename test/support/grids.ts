/** Members in this process, over real sockets, with quick timings; `closeAll` ends those of a test. */
import { silentLogger } from '../../src/base/logger.ts';
import type { JoinOptions } from '../../src/grid.ts';
import { Grid } from '../../src/index.ts';

const open: Grid[] = [];

export async function joinGrid(options: JoinOptions = {}): Promise<Grid> {
  const grid = await Grid.join({
    listen: { port: 0 },
    preset: 'local',
    logger: silentLogger,
    ...options,
  });
  open.push(grid);
  return grid;
}

export async function joinThree(options: JoinOptions = {}): Promise<readonly [Grid, Grid, Grid]> {
  const first = await joinGrid({ name: 'ann', ...options });
  const seeds = [first.self.address];
  const [second, third] = await Promise.all([
    joinGrid({ name: 'bob', seeds, ...options }),
    joinGrid({ name: 'cleo', seeds, ...options }),
  ]);
  return [first, second, third];
}

export async function closeAll(): Promise<void> {
  await Promise.allSettled(open.splice(0).map((grid) => grid.leave()));
}

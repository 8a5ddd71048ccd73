/** One member process of the demo: does what its parent says, and tells it what it needs to know. */
import { destination, pino } from 'pino';
import type { Grid } from '../../grid.ts';
import { Grid as GridEntry } from '../../index.ts';
import { checkRecords } from './check.ts';
import type { FromMember, ToMember, WorkResult } from './protocol.ts';
import { type City, readRecords, type VisitedCity } from './records.ts';
import { Workload } from './workload.ts';

const batchSize = 2_000;

export async function runDemoMember(argv: readonly string[]): Promise<void> {
  const [name = 'member', ...seeds] = argv;
  process.on('disconnect', () => process.exit(1));
  // Ctrl-C reaches the whole group; the demo ends its members itself.
  process.on('SIGINT', () => {});
  const { cities } = await readRecords();
  const logger = pino({ level: process.env.SHOAL_LOG ?? 'error', name }, destination(2));
  const grid = await GridEntry.join({ name, seeds, listen: { port: 0 }, logger, timeout: '30s' });
  const member = new DemoMember(grid, cities);
  process.on('message', (message: ToMember) => {
    member.obey(message).catch((error: unknown) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      void tell({ tell: 'failed', message: text });
    });
  });
  await tell({ tell: 'ready', id: grid.self.id, address: grid.self.address });
}

class DemoMember {
  readonly #grid: Grid;
  readonly #cities: readonly City[];
  #workload: Workload | undefined;
  #work: Promise<WorkResult> | undefined;

  constructor(grid: Grid, cities: readonly City[]) {
    this.#grid = grid;
    this.#cities = cities;
  }

  async obey(message: ToMember): Promise<void> {
    switch (message.do) {
      case 'load':
        await this.#load();
        break;
      case 'work':
        this.#begin(message.member, message.members);
        return;
      case 'stop':
        this.#workload?.stop();
        await tell({ tell: 'done', result: await this.#work });
        return;
      case 'await-safe':
        await this.#awaitSafe(message.without);
        break;
      case 'check': {
        const progress = (done: number) => tell({ tell: 'progress', done });
        const result = await checkRecords(this.#grid, this.#cities, progress);
        await tell({ tell: 'done', result });
        return;
      }
      case 'leave':
        await this.#grid.leave();
        process.exit(0);
    }
    await tell({ tell: 'done', result: undefined });
  }

  async #load(): Promise<void> {
    const map = this.#cityMap();
    for (let at = 0; at < this.#cities.length; at += batchSize) {
      const batch = this.#cities.slice(at, at + batchSize);
      await map.setMany(batch.map((city) => [city.cityId, city] as const));
      await tell({ tell: 'progress', done: at + batch.length });
    }
  }

  #begin(member: number, members: number): void {
    this.#workload = new Workload({
      cities: this.#cities,
      cityMap: this.#cityMap(),
      counterMap: this.#grid.map<string, number>('counters'),
      member,
      members,
      tell: (issues, endings) => tell({ tell: 'writes', issues, endings }),
    });
    this.#work = this.#workload.run();
    // Its failure is told when the work is stopped.
    this.#work.catch(() => {});
  }

  async #awaitSafe(without: string): Promise<void> {
    const isThere = () =>
      this.#grid.members.some(({ id, state }) => id === without && state === 'up');
    while (isThere()) await new Promise((resolve) => setTimeout(resolve, 10));
    await this.#grid.safe({ timeout: '60s' });
  }

  #cityMap() {
    return this.#grid.map<number, VisitedCity>('cities');
  }
}

/** Resolves when the message is with the kernel. */
function tell(message: FromMember): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, {}, () => resolve());
  });
}

import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import { systemRandom } from '../../src/base/random.ts';
import type { Grid } from '../../src/index.ts';
import { checkLinearizable } from '../../src/testing/linearizability/check.ts';
import { HistoryRecorder } from '../../src/testing/linearizability/history-recorder.ts';
import {
  type MapEntryInput,
  type MapEntryOutput,
  mapEntryModel,
} from '../../src/testing/linearizability/map-entry-model.ts';
import { closeAll, joinGrid } from '../support/grids.ts';
import { build, killStarted, type MemberProcess, startMember } from '../support/processes.ts';
import { until } from '../transport/until.ts';

const clients = 12;
const entries = 24;
const counters = 12;
const operationsBetween = 1_000;

/**
 * Clients that read, write and count one operation at a time, and write down what they saw: through
 * lite members, since the process that writes the history has to outlive those that die.
 */
class Clients {
  readonly recorder = new HistoryRecorder<MapEntryInput, MapEntryOutput>();
  readonly counted = new Map<string, { acknowledged: number; unknown: number }>();
  readonly #grids: readonly Grid[];
  operations = 0;
  unknown = 0;
  #isStopped = false;
  #value = 0;
  #work: Promise<unknown> = Promise.resolve();

  constructor(grids: readonly Grid[]) {
    this.#grids = grids;
  }

  begin(): void {
    this.#work = Promise.all(Array.from({ length: clients }, (_, client) => this.#run(client)));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#work;
  }

  async #run(client: number): Promise<void> {
    while (!this.#isStopped) await this.call(client, this.#drawn());
  }

  async call(client: number, input: MapEntryInput): Promise<void> {
    const operation = this.recorder.invoke(client, input);
    try {
      const value = await this.#send(client, input);
      this.recorder.ok(operation, { value });
      this.operations++;
      this.#count(input, 'acknowledged');
    } catch (error) {
      // A test that failed has closed the grid; calls would be refused at once, for ever.
      if (!GridError.is(error) || error.code === 'GRID_CLOSED') this.#isStopped = true;
      if (!GridError.is(error)) throw error;
      if (error.outcome === 'unknown') {
        this.recorder.unknown(operation);
        this.unknown++;
        this.#count(input, 'unknown');
      } else this.recorder.fail(operation);
    }
  }

  #drawn(): MapEntryInput {
    const key = `entry ${systemRandom.below(entries)}`;
    const value = ++this.#value;
    switch (systemRandom.below(8)) {
      case 0:
      case 1:
        return { call: 'set', key, value };
      case 2:
        return { call: 'swap', key, value };
      case 3:
        return { call: 'compareAndSet', key, expected: value - clients, next: value };
      case 4:
        return { call: 'take', key };
      case 5:
        return { call: 'increment', key: `counter ${systemRandom.below(counters)}`, by: 1 };
      default:
        return { call: 'get', key };
    }
  }

  #send(client: number, input: MapEntryInput): Promise<unknown> {
    const map = this.#grids[client % this.#grids.length]!.map<string, unknown>('history');
    const key = input.key as string;
    switch (input.call) {
      case 'set':
        return map.set(key, input.value);
      case 'swap':
        return map.swap(key, input.value);
      case 'compareAndSet':
        return map.compareAndSet(key, input.expected, input.next);
      case 'take':
        return map.take(key);
      case 'increment':
        return map.increment(key, input.by);
      default:
        return map.get(key);
    }
  }

  #count(input: MapEntryInput, how: 'acknowledged' | 'unknown'): void {
    if (input.call !== 'increment') return;
    const key = input.key as string;
    const count = this.counted.get(key) ?? { acknowledged: 0, unknown: 0 };
    count[how]++;
    this.counted.set(key, count);
  }
}

function start(seeds: readonly string[]): Promise<MemberProcess> {
  return startMember(['--preset', 'local', ...seeds.flatMap((seed) => ['--seed', seed])]);
}

describe('three members that are killed in turn', function () {
  this.timeout(120_000);
  before(build);
  after(async () => {
    await closeAll();
    killStarted();
  });

  it('lose no write, double none, and stay linearizable', async () => {
    const first = await start([]);
    const members = [
      first,
      ...(await Promise.all([start([first.address]), start([first.address])])),
    ];
    const seeds = members.map(({ address }) => address);
    const join = () => joinGrid({ data: false, seeds });
    const grids = await Promise.all([join(), join()]);
    const [watcher] = grids;
    const isUp = (id: string) =>
      watcher.members.some((member) => member.id === id && member.state === 'up');
    const work = new Clients(grids);
    work.begin();
    for (const victim of [...members]) {
      await watcher.safe({ timeout: '30s' });
      const before = work.operations;
      await until(() => work.operations >= before + operationsBetween, 'operations', 20_000);
      expect(await victim.end('SIGKILL')).to.equal('SIGKILL');
      await until(() => !isUp(victim.id), `${victim.name} to be missed`, 20_000);
      await watcher.safe({ timeout: '30s' });
      const heir = await start(seeds.filter((address) => address !== victim.address));
      seeds.push(heir.address);
      await until(() => isUp(heir.id), `${heir.name} to be in`, 20_000);
    }
    await watcher.safe({ timeout: '30s' });
    await work.stop();

    expect(work.operations).to.be.greaterThan(3 * operationsBetween);
    for (let at = 0; at < entries; at++) await work.call(0, { call: 'get', key: `entry ${at}` });
    for (let at = 0; at < counters; at++) {
      const key = `counter ${at}`;
      await work.call(0, { call: 'get', key });
      const { acknowledged = 0, unknown = 0 } = work.counted.get(key) ?? {};
      const value = await watcher.map<string, number>('history').get(key);
      expect(value, key).to.be.within(acknowledged, acknowledged + unknown);
    }
    const { verdict, explanation } = checkLinearizable(mapEntryModel, work.recorder.history());
    expect(verdict, explanation).to.equal('ok');
  });
});

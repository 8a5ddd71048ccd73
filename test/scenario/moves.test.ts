import { expect } from 'chai';
import { partitionOf } from '../../src/base/hash.ts';
import type { Address, MemberId, PartitionId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { partitionIdOf } from '../../src/base/partition-id.ts';
import { seededRandom } from '../../src/base/random.ts';
import { incrementOp } from '../../src/structures/map/map-ops.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { encodeKey } from '../../src/wire/key.ts';
import type { Message } from '../../src/wire/messages.ts';
import { decodeValue } from '../../src/wire/value.ts';
import type { Caller } from '../simulation/grid-world.ts';
import { Invariants } from '../simulation/invariants.ts';
import { UnderLoad } from '../simulation/under-load.ts';
import { mapName } from '../simulation/workload.ts';
import { type Ended, Scene } from './scene.ts';

const partitions = 31;
/** A good deal less than a handover takes. */
const tickMs = 0.25;

/**
 * Calls through one process on every partition, one at a time on each: now and then, and at once where it is to be
 * handed over, so that no handover passes without a call that meets it.
 */
class CallerOfEach {
  readonly calls: Ended[] = [];
  /** Handovers, and those of them that a call met: it began before and ended after. */
  handovers = 0;
  met = 0;
  readonly #scene: Scene;
  readonly #by: string;
  readonly #keys: readonly string[];
  readonly #last: (Ended | undefined)[] = [];
  readonly #primaries: (MemberId | undefined)[] = [];
  #isOver = false;
  #ticks = 0;

  constructor(scene: Scene, by: string) {
    this.#scene = scene;
    this.#by = by;
    this.#keys = Array.from({ length: partitions }, (_, at) => keyIn(scene, at));
  }

  begin(): this {
    this.#tick();
    return this;
  }

  end(): void {
    this.#isOver = true;
    const { calls } = this;
    this.#scene.until(() => calls.every(({ how }) => how !== undefined), 'calls do not end');
  }

  #tick(): void {
    if (this.#isOver) return;
    this.#ticks++;
    const rows = this.#scene.newest?.state.groups[1] ?? [];
    for (const [at, { primary, transferTo }] of rows.entries()) {
      this.#note(at, primary);
      const isDue = (this.#ticks + at) % 80 === 0 || transferTo !== undefined;
      if (isDue) this.#call(at);
    }
    this.#scene.world.after(tickMs, () => this.#tick());
  }

  #note(at: number, primary: MemberId | undefined): void {
    const before = this.#primaries[at];
    this.#primaries[at] = primary;
    if (before === undefined || before === primary) return;
    this.handovers++;
    const last = this.#last[at];
    if (last?.how === undefined || last.endedAt > this.#scene.world.now - tickMs) this.met++;
  }

  #call(at: number): void {
    const last = this.#last[at];
    if (last !== undefined && last.how === undefined) return;
    const call = this.#scene.set(this.#by, this.#keys[at] ?? '', this.#ticks);
    this.#last[at] = call;
    this.calls.push(call);
  }
}

function keyIn(scene: Scene, index: number): string {
  const partition = partitionIdOf(1, index, partitions);
  for (let at = 0; ; at++) if (scene.partitionOf(`k${at}`) === partition) return `k${at}`;
}

function percentile(calls: readonly Ended[], share: number): number {
  const waits = calls.map(({ beganAt, endedAt }) => endedAt - beganAt).sort((a, b) => a - b);
  return waits[Math.floor((waits.length - 1) * share)] ?? 0;
}

describe('a sixth member that joins under load', function () {
  this.timeout(60_000);

  it('gets its share by as few moves as that takes, and callers hardly notice (scenario 16)', () => {
    const scene = new Scene({ members: 5, partitions });
    const keys = Array.from({ length: 200 }, (_, at) => `k${at}`);
    const [by = ''] = scene.byAge;
    for (const key of keys) scene.endOf(scene.set(by, key, 'x'.repeat(100)));
    scene.until(() => scene.isLevel, 'the five are not level');
    const before = new CallerOfEach(scene, by).begin();
    scene.world.runFor(4_000);
    before.end();

    const invariants = new Invariants(scene);
    invariants.check();
    const newcomer = scene.add(true);
    const during = new CallerOfEach(scene, by).begin();
    const well = () => scene.isSafe && scene.isLevel;
    const look = () => {
      invariants.check();
      return well();
    };
    scene.until(look, 'the six do not come to rest');
    during.end();
    const bound = (partitions * 2) / 6 + partitions * 0.02;
    expect(invariants.looks.moves, 'moves').to.be.within(1, Math.ceil(bound));
    const counts = new Map(scene.processes.map(({ id }) => [id, 0]));
    for (const { inSync } of scene.newest?.state.groups[1] ?? []) {
      for (const id of inSync) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const held = [...counts.values()];
    expect(counts.get(newcomer.id)).to.be.above(0);
    expect(
      Math.max(...held) - Math.min(...held),
      'between the fullest and the emptiest',
    ).to.be.at.most(1);
    expect(during.calls.every(({ how }) => how === 'ok')).to.equal(true);
    expect(during.calls.length).to.be.above(300);
    expect(percentile(during.calls, 0.99)).to.be.below(2 * percentile(before.calls, 0.99));
    // Whoever meets a handover waits for that one alone, beside the way of the call; and each of them is met.
    const wayMs = percentile(before.calls, 0.5);
    expect(percentile(during.calls, 1) - wayMs, 'the longest wait').to.be.below(50);
    expect(during.handovers, 'handovers').to.be.at.least(Math.floor(partitions / 6));
    expect(during.met, 'handovers that a call met').to.equal(during.handovers);
    const primaries = scene.newest?.state.groups[1]?.filter(
      ({ primary }) => primary === newcomer.id,
    );
    expect(primaries?.length, 'partitions that were handed over').to.be.above(0);
    expect(invariants.violations).to.deep.equal([]);
  });
});

/** Delays and doubles what replication, the meta group and callers say, and counts it. */
function disturb(trial: UnderLoad, seed: number) {
  const random = seededRandom(seed);
  const counts = { doubled: 0, delayed: 0 };
  trial.world.network.onSend = (_from: Address, _to: Address, { kind }: Message) => {
    const isOp = kind.startsWith('op.');
    if (!isOp && !kind.startsWith('replica.') && !kind.startsWith('meta.')) return 'pass';
    const draw = random.next();
    if (draw < 0.1) {
      counts.delayed++;
      return { delayMs: random.next() * 60 };
    }
    // A link never brings an op twice; its caller sends it again instead.
    if (draw > 0.2 || isOp) return 'pass';
    counts.doubled++;
    return 'duplicate';
  };
  return counts;
}

/** Asks for a handover of every partition to its backup, as the controller does; how many were asked for. */
function handOver(trial: UnderLoad): number {
  const { newest, shape } = trial.grid;
  const rows = newest?.state.groups[shape.backups] ?? [];
  const changes = rows.flatMap(({ version, primary, inSync, learner, retiring }, index) => {
    const transferTo = inSync.find((id) => id !== primary);
    const partition: PartitionId = partitionIdOf(shape.backups, index, shape.partitions);
    if (transferTo === undefined) return [];
    return [{ partition, version, learner, retiring, transferTo }];
  });
  trial.leader?.run(({ member, clock }) => {
    const command = { type: 'assign', changes } as const;
    member.meta.commit(command, clock.monotonic(), 5_000, () => {});
  });
  return changes.length;
}

/** Counts by one process on a key of its own, several calls open at a time, and what they gave. */
class Counting {
  /** In the order in which they were made. */
  readonly results: unknown[] = [];
  /** What came too early: less than something that its caller had been told before it was asked for. */
  readonly early: unknown[] = [];
  openMost = 0;
  readonly #process: SimProcess<Caller>;
  readonly #key: string;
  #open = 0;
  #told = 0;
  #isOver = false;

  constructor(trial: UnderLoad, process: SimProcess<Caller>) {
    this.#process = process;
    this.#key = `counted by ${process.name}`;
    const again = () => {
      if (this.#isOver) return;
      for (let more = trial.world.random.below(4); more > 0; more--) this.#count();
      trial.world.after(15, again);
    };
    again();
  }

  end(trial: UnderLoad): void {
    this.#isOver = true;
    trial.until(() => this.#open === 0, 'counting does not end');
  }

  #count(): void {
    const at = this.results.length;
    this.results.push('open');
    this.openMost = Math.max(this.openMost, ++this.#open);
    const told = this.#told;
    const end = (result: unknown) => {
      this.results[at] = result;
      this.#open--;
      if (Number(result) <= told) this.early.push(result);
      this.#told = Math.max(this.#told, Number(result));
    };
    this.#process.run(({ router }) => {
      const structure = router.structure('map', mapName);
      if (structure === undefined) return end('no map');
      const { bytes, hash } = encodeKey(this.#key, defaultLimits);
      router.submit({
        structure,
        partition: partitionOf(hash, router.partitions),
        op: incrementOp(bytes, 1),
        isWrite: true,
        timeoutMs: 20_000,
        signal: undefined,
        resolve: (result) => end(decodeValue(result)),
        reject: ({ code }) => end(code),
      });
    });
  }
}

describe('a handover while callers write', function () {
  this.timeout(60_000);

  it('lets each op take effect once, in order, though messages come late and twice (scenario 18)', () => {
    const trial = new UnderLoad({
      seed: 11,
      shape: { members: 4, clients: ['direct', 'gateway'] },
      pauseMs: 5,
      keys: 4,
    });
    trial.begin();
    const counts = disturb(trial, 12);
    const counting = trial.grid.callers.map((process) => new Counting(trial, process));
    let asked = 0;
    for (let at = 0; at < 8; at++) {
      asked += handOver(trial);
      trial.runFor(1_000);
    }
    trial.world.network.onSend = undefined;
    for (const each of counting) each.end(trial);
    trial.untilWell();
    for (const { results, early, openMost } of counting) {
      const sorted = results.toSorted((one, other) => Number(one) - Number(other));
      expect(sorted, 'each is done once').to.deep.equal(results.map((_, at) => at + 1));
      expect(early, 'done before what had been answered').to.deep.equal([]);
      expect(results.length, 'counted').to.be.above(500);
      expect(openMost, 'calls that are open at a time').to.be.above(5);
    }
    expect(counting.length, 'members and clients that count').to.equal(6);
    expect(asked).to.be.above(50);
    expect(trial.invariants.looks.promotions, 'new primaries').to.be.above(20);
    expect(counts.doubled).to.be.above(200);
    expect(counts.delayed).to.be.above(200);
    expect(trial.finish()).to.deep.equal([]);
  });
});

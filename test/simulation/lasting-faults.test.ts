import { expect } from 'chai';
import type { Operation } from '../../src/partition/router-port.ts';
import { GridWorld } from './grid-world.ts';
import { plainShape } from './plain-shape.ts';
import { Probes } from './probes.ts';
import { Trial } from './trial.ts';

const shape = { ...plainShape, members: 4, partitions: 2 };

describe('the probes beside a fault that lasts', () => {
  /** What is left without an answer where ops of some kind get none. */
  function unanswered(isLost: (operation: Operation) => boolean) {
    const grid = new GridWorld(1, shape, {});
    expect(grid.settle(30_000)).to.equal(true);
    const probes = new Probes(grid);
    probes.define();
    const [first, second] = grid.processes;
    if (first === undefined || second === undefined) throw new Error('there are no processes');
    const { router } = first.program;
    const submit = router.submit.bind(router);
    router.submit = (operation) => {
      if (!isLost(operation)) submit(operation);
    };
    const missing = new Set<string>();
    for (const process of [first, second]) probes.begin(process, missing);
    expect(missing.size).to.equal(12);
    grid.world.runFor(3_000);
    return [...missing];
  }

  it('are answered where all is well', () => {
    expect(unanswered(() => false)).to.deep.equal([]);
  });

  it('say which were not', () => {
    expect(unanswered(({ isWrite, partition }) => !isWrite && partition === 1)).to.include(
      'a read of 1 by m1',
    );
    expect(unanswered(({ structure }) => structure.type === 'queue')).to.deep.equal([
      'a take by m1',
      'a push by m1',
    ]);
  });
});

describe('the calm after faults, and a fault that lasts in it', () => {
  /** What is found in a run in which something is wrong for a millisecond, from a moment on. */
  function found(isTime: (trial: Trial) => boolean): string {
    // In one of three worlds a fault lasts.
    const trial = new Trial(4, {
      faultsMs: 500,
      traceLinesMax: 0,
      without: ['targeted', 'edges', 'comings', 'clients'],
      shape: () => shape,
    });
    expect(trial.settle('the cluster did not form')).to.equal(true);
    const { world } = trial.grid;
    let isDone = false;
    const look = () => {
      if (isDone) return;
      isDone = isTime(trial);
      if (!isDone) world.after(1, look);
      else breakFor(trial, 150);
    };
    look();
    trial.disturb();
    expect(isDone).to.equal(true);
    return trial.result([], {}).violations.join('\n');
  }

  function breakFor({ grid }: Trial, ms: number): void {
    for (const { meta } of grid.members) {
      Object.defineProperty(meta, 'isLeader', { value: true, configurable: true });
    }
    grid.world.after(ms, () => {
      for (const { meta } of grid.members) Reflect.deleteProperty(meta, 'isLeader');
    });
  }

  it('are looked at while the grid comes back', () => {
    let beganAt: number | undefined;
    const text = found(({ grid }) => {
      beganAt ??= grid.world.now;
      return grid.world.now > beganAt + 1_000;
    });
    expect(text).to.match(/I14: .* lead in term/);
  });

  it('are looked at while the fault lasts', () => {
    const text = found(({ grid }) => (grid.world.counts.faults.get('lasting') ?? 0) > 0);
    expect(text).to.match(/I14: .* lead in term/);
  });
});

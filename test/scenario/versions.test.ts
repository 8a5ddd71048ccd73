import { expect } from 'chai';
import type { Address } from '../../src/base/ids.ts';
import { presets } from '../../src/base/timings.ts';
import { type Dialect, ownDialect } from '../../src/partition/dialect.ts';
import type { Command } from '../../src/partition/meta-state.ts';
import { UnderLoad } from '../simulation/under-load.ts';

const { upgradeDelayMs } = presets.lan;
const { since } = ownDialect;
/** The version before, in which some command does not exist: whoever is given it stops. */
const before: Dialect = { protocol: 1, protocolMin: 1, since };
const after: Dialect = { protocol: 2, protocolMin: 1, since };
const next: Dialect = { protocol: 3, protocolMin: 2, since };

/** Members at the first so many addresses begin in the version before. */
function grid(members: number, olderMembers: number, newType: Command['type'] = 'accept-loss') {
  const dialects = new Map<Address, Dialect>();
  const dialectOf = (address: Address) => {
    const number = Number(/\.(\d+):/.exec(address)?.[1]);
    const dialect = dialects.get(address) ?? (number <= olderMembers ? before : after);
    return { ...dialect, since: { ...since, [newType]: 2 } };
  };
  const trial = new UnderLoad({ shape: { members, dialectOf, clients: ['direct'] } });
  trial.begin();
  return { trial, dialects };
}

/** Has the newer command committed through a member, and what came of it. */
function newerCommand(trial: UnderLoad, at: number): string {
  let answer: string | undefined;
  trial.grid.processes[at]?.run(({ member, clock }) => {
    member.meta.commit({ type: 'accept-loss' }, clock.monotonic(), 10_000, (result) => {
      answer = result?.refusal ?? 'no answer';
    });
  });
  trial.until(() => answer !== undefined, 'the command does not end');
  return answer ?? '';
}

function spoken(trial: UnderLoad): number[] {
  return trial.grid.members.map(({ state }) => state.protocol);
}

describe('members of two versions in one grid', function () {
  this.timeout(60_000);

  for (const olderMembers of [1, 2]) {
    it(`work together, and the older get no command that they do not know (${olderMembers} of 3)`, () => {
      const { trial } = grid(3, olderMembers);
      trial.runFor(upgradeDelayMs + 10_000);
      expect(spoken(trial)).to.deep.equal([1, 1, 1]);
      for (const at of [0, 1, 2]) {
        expect(newerCommand(trial, at)).to.match(
          /accept-loss needs version 2 .* m?10\.0\.0\.1:7000/,
        );
      }
      expect(trial.grid.programs.flatMap(({ stops }) => stops)).to.deep.equal([]);
      expect(trial.ended.ok).to.be.above(1_000);
      expect(trial.finish()).to.deep.equal([]);
    });
  }

  it('get nothing of what the leader would do by itself, until all can', () => {
    const { trial, dialects } = grid(4, 1, 'assign');
    const [older, , , lost] = trial.grid.processes;
    if (older === undefined || lost === undefined) throw new Error('too few processes');
    trial.world.crash(lost.name);
    trial.runFor(5_000);
    trial.restart(lost);
    trial.runFor(upgradeDelayMs + 5_000);
    expect(trial.grid.isSafe, 'no copy is made in the place of the lost ones').to.equal(false);
    expect(trial.grid.programs.flatMap(({ stops }) => stops)).to.deep.equal([]);
    dialects.set(older.address, after);
    trial.world.crash(older.name);
    trial.restart(older);
    trial.runFor(upgradeDelayMs + 5_000);
    expect(spoken(trial)).to.deep.equal([2, 2, 2, 2]);
    trial.until(() => trial.grid.isSafe, 'copies are made once all can be told of it');
    expect(trial.grid.programs.flatMap(({ stops }) => stops)).to.deep.equal([]);
  });

  it('that are upgraded one after the other go on all the while, and then speak the newer one', () => {
    const { trial, dialects } = grid(3, 3);
    for (const process of [...trial.grid.processes]) {
      expect(newerCommand(trial, 0)).not.to.equal('');
      trial.leave(process);
      trial.end(process);
      dialects.set(process.address, after);
      trial.restart(process);
      trial.untilWell();
    }
    expect(spoken(trial), 'one could still come back in the version before').to.deep.equal([
      1, 1, 1,
    ]);
    trial.runFor(upgradeDelayMs + 2_000);
    expect(spoken(trial)).to.deep.equal([2, 2, 2]);
    expect(newerCommand(trial, 0)).to.equal('');
    expect(trial.finish()).to.deep.equal([]);
  });

  it('are not joined by one of the version before once all speak the newer one, nor by one that is too new', () => {
    const { trial, dialects } = grid(3, 0);
    const [early] = [trial.join()];
    dialects.set(early.address, next);
    trial.world.crash(early.name);
    trial.restart(early);
    trial.runFor(5_000);
    expect(early.program.member.joining.refusal).to.match(/speaks 2 to 3; it is too new/);
    trial.runFor(upgradeDelayMs + 2_000);
    trial.untilWell();
    expect(spoken(trial)).to.deep.equal([2, 2, 2, 2]);

    const late = trial.join();
    dialects.set(late.address, before);
    trial.world.crash(late.name);
    trial.restart(late);
    trial.runFor(5_000);
    expect(late.program.member.joining.refusal).to.match(/speaks 1 to 1; it is older/);
    trial.grid.processes.splice(trial.grid.processes.indexOf(late), 1);
    trial.untilWell();
    expect(trial.finish()).to.deep.equal([]);
  });
});

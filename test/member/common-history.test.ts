import { expect } from 'chai';
import type { MemberId, PartitionId } from '../../src/base/ids.ts';
import { CommonHistory } from '../../src/member/common-history.ts';
import {
  endOf,
  firstLineage,
  forkedLineage,
  further,
  type Lineage,
  lineOf,
  type Part,
  withLines,
} from '../../src/partition/lineage.ts';
import { generationSpan } from '../../src/partition/meta-state.ts';
import type { Since } from '../../src/partition/store.ts';
import { ann, bob, cid, Table } from '../partition/table.ts';

const first = firstLineage('c1');
const left = generationSpan + 90;
const fork = (id: string, rank: number, ...taken: readonly number[]) =>
  forkedLineage(first, { id, rank, left: taken });

const partition = 0 as PartitionId;

/** A lineage that has lost the partition, where it began anew. */
const reborn = (lineage: Lineage) =>
  withLines(lineage, [{ partition, path: [`${lineage.id}@9`], steps: [] }]);

/** A lineage that has lost the partition, and goes on with the copy that another one had. */
const adopted = (lineage: Lineage, from: Lineage, rank: number, version: number) => {
  const step = { id: `${lineage.id}@9`, rank, left: version };
  return withLines(lineage, [{ partition, ...further(lineOf(from, partition), step) }]);
};

interface TakenIn {
  readonly of: Lineage;
  /** Whether all of it came, and its primary brings the copy; else a member by itself does. */
  readonly isWhole?: boolean;
  readonly rank: number;
  /** What had been brought to the copy before. */
  readonly before?: readonly Part[];
}

/** A lineage is taken in, and a member of it brings a copy up to a version, or nothing. */
function takeIn(
  winner: Table,
  { of, isWhole = true, rank, before = [] }: TakenIn,
  by: MemberId,
  upTo: number | undefined,
): void {
  const { id: lineage } = of;
  const line = lineOf(of, partition);
  winner.apply({ type: 'absorb', lineage, merged: [], isWhole, rank, contributors: [by] });
  const own = upTo === undefined ? [] : [{ partition, line, upTo, isWhole }];
  const parts = [...before, ...own];
  const brought = own.map((part) => ({ partition, by, upTo: part.upTo, end: endOf(line) }));
  const end = { report: [], brought, parts, isLast: true, isWhole: true };
  winner.apply({ type: 'merged', lineage, contributor: by, ...end });
}

/** What of the partition is to be brought. */
function sinceOf(winner: Table, ended: Table): Since {
  const history = new CommonHistory(winner.machine, ended.machine);
  const [structure] = winner.machine.structures.values();
  if (structure === undefined) throw new Error('no structure');
  return history.since(partition, structure.backups, structure);
}

function tableOf(lineage: Lineage): Table {
  const table = new Table({ backups: 0 });
  table.machine.lineage = lineage;
  return table;
}

/** How a partition of a lineage that ended stands to the winner's. */
function historyOf(winner: Lineage, ended: Lineage, version = 0) {
  const [mine, theirs] = [tableOf(winner), tableOf(ended)];
  const history = new CommonHistory(mine.machine, theirs.machine);
  return { ...sinceOf(mine, theirs), isChanged: history.isChanged(partition, { version }) };
}

describe('what two lineages have in common', () => {
  it('ends where one of them went on alone, and what that had told nobody of is not its own', () => {
    const forked = fork('c2', 2, left);
    expect(historyOf(first, forked)).to.include({ version: left, after: 2 * generationSpan });
    expect(historyOf(forked, first)).to.include({ version: 2 * generationSpan, after: left });
  });

  it('is not all that a fork had told nobody of, where it took along more than the other', () => {
    const [less, more] = [fork('c2', 2, left), fork('c3', 2, left + 9)];
    expect(historyOf(less, more)).to.include({ version: 2 * generationSpan, after: left });
    expect(historyOf(more, less)).to.include({ version: left, after: 2 * generationSpan });
  });

  it('is nothing of a partition that the one that stays has lost since, so that all is brought', () => {
    const forked = fork('c2', 2, left);
    const all = { version: 0, after: 0, lostUpTo: left, isComplete: false, isChanged: true };
    expect(historyOf(reborn(first), forked, left)).to.include(all);
    expect(historyOf(reborn(forked), first, left)).to.include(all);
    const still = { lostUpTo: 0, isChanged: false };
    expect(historyOf(first, forked, left), 'where it has it still').to.include(still);
  });

  it('is nothing of a partition that a fork did not take along, or that began there', () => {
    const forked = fork('c2', 2);
    const began = generationSpan + 1;
    expect(historyOf(first, forked, began)).to.include({ version: 0, after: 0, isChanged: true });
    expect(historyOf(forked, first, began)).to.include({ version: 0, after: 0, isChanged: true });
  });

  it('is what the winner had, of a partition that the loser has lost since and begun anew', () => {
    const forked = fork('c2', 2, left);
    const own = { version: left, after: 2 * generationSpan, lostUpTo: 0, isComplete: false };
    expect(historyOf(first, reborn(forked), 3 * generationSpan)).to.include(own);
  });

  it('is what a lineage has taken over whole of a partition that it had lost, for a third one too', () => {
    const [lost, other] = [fork('c2', 2), fork('c3', 2, left)];
    const since = { version: 4 * generationSpan, after: left, lostUpTo: 0, isComplete: true };
    const fromFirst = adopted(lost, first, 4, left);
    expect(historyOf(fromFirst, first)).to.include(since);
    expect(historyOf(first, fromFirst)).to.include({ version: left, after: 4 * generationSpan });
    const fromOther = adopted(lost, other, 4, 2 * generationSpan + 5);
    expect(historyOf(fromOther, first)).to.include({ version: 2 * generationSpan, after: left });
    expect(historyOf(first, fromOther)).to.include({ version: left, after: 2 * generationSpan });
    const third = fork('c4', 2, left);
    const both = { version: 2 * generationSpan, after: 2 * generationSpan, isComplete: true };
    expect(historyOf(fromOther, third)).to.include(both);
  });

  it('is complete in a fork of a fork', () => {
    const further = forkedLineage(fork('c2', 2, left), { id: 'c3', rank: 3, left: [left + 9] });
    const since = { after: 2 * generationSpan, isComplete: true };
    expect(historyOf(first, further)).to.include(since);
    expect(historyOf(further, first)).to.include({ after: left, isComplete: true });
  });

  it('ends with the last fork, whatever was brought of an earlier history', () => {
    const winning = fork('c2', 2, left);
    const ending = forkedLineage(winning, { id: 'c3', rank: 5, left: [3 * generationSpan] });
    const [winner, ended] = [tableOf(winning), tableOf(ending)];
    takeIn(winner, { of: first, isWhole: false, rank: 2 }, bob, left);
    expect(sinceOf(winner, ended).after).to.equal(5 * generationSpan);
  });

  it('is brought for a fork too, of a copy that the lineage of both had taken over', () => {
    const taker = adopted(fork('c2', 2), first, 4, left);
    const ending = forkedLineage(taker, { id: 'c3', rank: 5, left: [4 * generationSpan + 3] });
    const [winner, ended] = [tableOf(first), tableOf(ending)];
    takeIn(winner, { of: taker, rank: 4 }, bob, 4 * generationSpan + 3);
    expect(sinceOf(winner, ended).after).to.equal(5 * generationSpan);
  });

  /** What a lineage brings to one that left the first early, and has taken another one in since. */
  function afterAnother(another: Lineage, upTo: number, ending: Lineage): Since {
    const [winner, ended] = [tableOf(fork('c4', 2, left - 40)), tableOf(ending)];
    takeIn(winner, { of: another, rank: 2 }, bob, upTo);
    return sinceOf(winner, ended);
  }

  it('is brought by a fork also for another fork of the same lineage, as far as both took it along', () => {
    const brought = 2 * generationSpan + 9;
    const longer = afterAnother(fork('c2', 2, left), brought, fork('c3', 2, left + 9));
    const isPartlyThere = { after: left, isPartlyThere: true, own: 2, other: 2 };
    expect(longer, 'of which the rest is to come').to.include(isPartlyThere);
    const shorter = afterAnother(fork('c2', 2, left), brought, fork('c3', 3, left - 5));
    const all = { after: 3 * generationSpan, isPartlyThere: false, own: 3, other: undefined };
    expect(shorter, 'which took along no more').to.include(all);
    const least = afterAnother(fork('c2', 2, left - 50), brought, fork('c3', 3, left));
    const none = { after: left - 40, isPartlyThere: false, own: 3, other: 2 };
    expect(least, 'of which that one had less than the winner').to.include(none);
  });

  it('is brought by a fork also for the lineage that it left, where that comes later', () => {
    const since = afterAnother(fork('c2', 2, left), 2 * generationSpan + 9, first);
    expect(since).to.include({ after: left, isPartlyThere: true });
  });

  it('is brought by a lineage also for one that has taken a copy over from it', () => {
    const lender = fork('c2', 2, left);
    const taken = 2 * generationSpan + 5;
    const borrower = adopted(fork('c3', 3), lender, 4, taken);
    expect(afterAnother(lender, taken + 4, borrower).after).to.equal(4 * generationSpan);
    expect(afterAnother(lender, left - 20, borrower).after, 'an older copy').to.equal(left - 20);
  });

  it('is not brought with what a partition held that began anew since the fork', () => {
    const ending = forkedLineage(fork('c2', 2, left), { id: 'c3', rank: 5, left: [left + 9] });
    const again = reborn(fork('c2', 2, left));
    expect(afterAnother(again, 4 * generationSpan, ending).after).to.equal(left - 40);
    const same = afterAnother(again, 4 * generationSpan, fork('c2', 2, left));
    const behind = { after: left - 40, isBroughtAgain: true };
    expect(same, 'nor for who left before, but behind it in its place').to.include(behind);
  });

  it('is brought by nobody for the lineage itself, which has all that was committed', () => {
    const [winner, lender] = [tableOf(fork('c4', 2, left - 80)), fork('c2', 2, left)];
    takeIn(winner, { of: first, isWhole: false, rank: 2 }, bob, left - 40);
    const ended = tableOf(adopted(first, lender, 4, 2 * generationSpan + 9));
    winner.apply({
      type: 'absorb',
      lineage: 'c1',
      merged: ['c2'],
      isWhole: true,
      rank: 4,
      contributors: [cid],
    });
    expect(sinceOf(winner, ended).after).to.equal(left - 40);
  });

  it('is not brought any more when the one that stays has lost the partition since', () => {
    const winner = tableOf(fork('c4', 2, left - 40));
    takeIn(winner, { of: fork('c2', 2, left), rank: 2 }, bob, 2 * generationSpan + 9);
    winner.status(ann, 'suspended');
    winner.apply({ type: 'accept-loss' });
    winner.join(cid);
    winner.apply({ type: 'accept-loss' });
    for (const ending of [first, fork('c3', 3, left + 9)]) {
      const since = sinceOf(winner, tableOf(ending));
      expect(since, ending.id).to.include({ after: 0, isPartlyThere: false });
    }
  });

  it('is brought by an orphan only as far as it had it, whatever came with its lineage later', () => {
    const winner = tableOf(fork('c4', 2, left - 80));
    takeIn(winner, { of: first, isWhole: false, rank: 2 }, bob, left - 40);
    takeIn(winner, { of: first, rank: 4 }, cid, undefined);
    expect(sinceOf(winner, tableOf(fork('c3', 3, left))).after).to.equal(left - 40);
  });

  it('is there also where that came to another lineage first', () => {
    const other = fork('c2', 2, left - 60);
    const part = {
      partition,
      line: lineOf(first, partition),
      upTo: left,
      isWhole: false,
    };
    const winner = tableOf(fork('c4', 2, left - 80));
    takeIn(winner, { of: other, rank: 3, before: [part] }, bob, 4 * generationSpan);
    expect(sinceOf(winner, tableOf(first)), 'so that it is not brought again').to.include({
      after: left,
      isPartlyThere: true,
    });
    const ending = tableOf({ ...other, parts: [part] });
    const known = [tableOf(first), winner, tableOf(fork('c3', 2, left)), tableOf(fork('c3', 2))];
    const isThere = known.map((one) => sinceOf(one, ending).isPartlyThere);
    const all = [true, true, true, false];
    expect(isThere, 'where that one comes its messages say what is there').to.deep.equal(all);
  });

  /**
   * What a fork of a fork brings to another fork, which has taken in the one between whole, and then somebody who had
   * stayed alone in the first: each has brought a copy up to a version, or none.
   */
  function furtherFork(taken: number, upTo: { readonly fork?: number; readonly alone?: number }) {
    const between = fork('c2', 2, left);
    const ending = forkedLineage(between, { id: 'c3', rank: 5, left: [2 * generationSpan + 9] });
    const [winner, ended] = [tableOf(fork('c4', 3, taken)), tableOf(ending)];
    takeIn(winner, { of: between, rank: 4 }, bob, upTo.fork);
    takeIn(winner, { of: first, isWhole: false, rank: 4 }, cid, upTo.alone);
    return sinceOf(winner, ended).after;
  }

  it('is brought for a fork too, where another member has come since from further back', () => {
    const all = 5 * generationSpan;
    expect(furtherFork(left, { fork: 2 * generationSpan + 9 })).to.equal(all);
    expect(furtherFork(left, { fork: 2 * generationSpan + 7 }), 'by its primary').to.equal(all);
    expect(furtherFork(left, { fork: 2 * generationSpan + 9, alone: left })).to.equal(all);
  });

  it('is no more than was brought of an older copy, so that what came after it is not lost', () => {
    expect(furtherFork(left - 40, { alone: left - 30 })).to.equal(left - 30);
    expect(furtherFork(left - 40, {}), 'of none').to.equal(left - 40);
    expect(furtherFork(left, { fork: left }), 'from before the fork').to.equal(2 * generationSpan);
  });

  /** Another member of the lineage has brought a copy up to 9; this one's goes a little further. */
  function broughtBy(contributor: MemberId, isHere = true): CommonHistory {
    const ending = fork('c2', 2, left);
    const [winner, ended] = [tableOf(first), tableOf(ending)];
    takeIn(winner, { of: ending, isWhole: false, rank: 2 }, contributor, 2 * generationSpan + 9);
    // Else a lineage that was to bring it on has ended in turn.
    if (!isHere) winner.machine.lineage = { ...winner.machine.lineage, parts: [] };
    return new CommonHistory(winner.machine, ended.machine);
  }

  it('is all that another member of the same lineage has brought of a partition', () => {
    const [structure] = tableOf(first).machine.structures.values();
    for (const isHere of [true, false]) {
      const history = broughtBy(bob, isHere);
      const isChanged = [9, 10].map((more) =>
        history.isChanged(partition, { version: 2 * generationSpan + more }),
      );
      expect(isChanged).to.deep.equal([false, true]);
      const since = structure && history.since(partition, structure.backups, structure);
      expect(since).to.include({ after: 2 * generationSpan + 9, isBroughtAgain: true });
    }
  });

  it('is all of a partition that its primary has brought, whatever a copy has beyond', () => {
    const { primary } = tableOf(first).row(0);
    if (primary === undefined) throw new Error('no primary');
    const isChanged = broughtBy(primary).isChanged(partition, { version: 2 * generationSpan + 10 });
    expect(isChanged).to.equal(false);
  });
});

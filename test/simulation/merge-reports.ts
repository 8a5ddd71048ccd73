/** What merges of a run have said, in all its lineages: one that has ended since may have taken in another. */
import type { PartitionId } from '../../src/base/ids.ts';
import type { Lineage } from '../../src/partition/lineage.ts';
import type { Merge } from '../../src/partition/merges.ts';
import type { Report } from './fork-round.ts';
import type { GridWorld } from './grid-world.ts';

export class MergeReports {
  readonly #grid: GridWorld;
  /** What had been said of a structure when it was asked for last. */
  readonly #told = new Map<string, Report>();
  #missing = 0;
  /** What was taken over when it was asked for last. */
  readonly #adopted = new Set<string>();

  constructor(grid: GridWorld) {
    this.#grid = grid;
  }

  /** Since it was asked for last. */
  of(name: string): Report {
    const rows = this.#merges.flatMap(({ report }) => report).filter((row) => row.name === name);
    const kept = rows.reduce((sum, row) => sum + row.kept, 0);
    const discarded = rows.reduce((sum, row) => sum + row.discarded, 0);
    const before = this.#told.get(name) ?? { kept: 0, discarded: 0 };
    this.#told.set(name, { kept, discarded });
    return { kept: kept - before.kept, discarded: discarded - before.discarded };
  }

  /** How many members have not brought what they had, since it was asked for last. */
  get missing(): number {
    const missing = this.#merges.reduce((sum, merge) => sum + merge.missing, 0);
    const before = this.#missing;
    this.#missing = missing;
    return missing - before;
  }

  /** Partitions that go on in a lineage with what another had, since it was asked for last. */
  adoptedBy({ id, lines }: Lineage): ReadonlySet<PartitionId> {
    const adopted = new Set<PartitionId>();
    for (const { partition, path, steps } of lines) {
      const beginning = path.at(-1) ?? '';
      const name = `${partition} ${beginning}`;
      const isOwn = beginning.startsWith(`${id}@`) && steps.length > 0;
      if (isOwn && !this.#adopted.has(name)) adopted.add(partition);
      this.#adopted.add(name);
    }
    return adopted;
  }

  get #merges(): readonly Merge[] {
    const { newest, successions } = this.#grid;
    const states = [...successions.map(({ state }) => state), newest?.state];
    const latest = new Map<string, Merge>();
    for (const merge of states.flatMap((state) => state?.merges ?? [])) {
      const key = `${merge.lineage} ${merge.rank}`;
      if (saidBy(merge) >= saidBy(latest.get(key))) latest.set(key, merge);
    }
    return [...latest.values()];
  }
}

function saidBy(merge: Merge | undefined): number {
  const { missing, report } = merge ?? { missing: 0, report: [] };
  return report.reduce((sum, { kept, discarded }) => sum + kept + discarded, missing);
}

/**
 * Where copies go: a pure function from the table to the assignments that are next (PROTOCOL.md 3.5). Repair
 * first, then copies in distinct domains and level, then primaries level (levelling.ts).
 *
 * Rules
 * 1. Whatever a row lacks comes before whatever could be better.
 * 2. A copy moves by a learner that takes the place of a member that retires: the row never has fewer copies
 *    than it had, and the retirement is off where another copy goes missing meanwhile.
 * 3. At most `copiesMax` copies are on their way from and to any member, and `handoversMax` handovers where
 *    nobody leaves, of which a plan begins one at most; the others wait their turn.
 * 4. What is under way counts as done, so to plan again while it is changes nothing.
 */

import type { MemberId, PartitionId } from '../base/ids.ts';
import { Layout, type Place } from './layout.ts';
import { levelCopies, levelPrimaries } from './levelling.ts';
import { type Assignment, isServing, type MetaState, type PartitionRow } from './meta-state.ts';
import { planRepairs } from './repairs.ts';

/** Handovers at a time, but for those of a member that leaves: in each of them a partition stands still. */
const handoversMax = 2;
/** Moves that find no room, before the rest is left for later: to look at all of them each time is much. */
const movesInVainMax = 8;

export interface PlacementOptions {
  /** Partitions whose backup is alive and silent: they get another copy before it is pruned. */
  readonly slow: ReadonlySet<PartitionId>;
  /** Whether copies and primaries may move for balance now: not while members come and go, nor soon after a loss. */
  readonly mayMove: boolean;
  /** Whether a handover may begin where nobody leaves: each has its calls wait, so they keep a distance. */
  readonly mayHandOver: boolean;
  /** Copies on their way from and to one member at a time. */
  readonly copiesMax: number;
  /** Whether a handover has gone on for too long and is to be given up. */
  isOverdue(partition: PartitionId, row: PartitionRow): boolean;
  /** Whether a copy from one member to another was given up not long ago. */
  hasFailed(source: MemberId, learner: MemberId): boolean;
}

/** What the controller decides of a row. */
type Wish = Pick<PartitionRow, 'learner' | 'retiring' | 'transferTo'>;

export function plan(state: MetaState, options: PlacementOptions): readonly Assignment[] {
  const planner = new Planner(state, options);
  planner.repair();
  planner.level();
  return planner.assignments;
}

/** How many copies are on their way or still to be made, until all are level. */
export function copiesToCome(state: MetaState): number {
  let copies = 0;
  for (const [backups, rows] of state.groups.entries()) {
    if (rows === undefined) continue;
    const layout = new Layout(state, backups, rows);
    const isUnderWay = ({ row }: Place) => row.learner !== undefined || row.retiring !== undefined;
    const isShort = (place: Place) => !isUnderWay(place) && place.holders.length < layout.wanted;
    const short = layout.places.filter(isShort);
    copies += layout.places.filter(isUnderWay).length + short.length;
    planRepairs(layout, short, () => false);
    for (const _ of levelCopies(layout)) copies++;
  }
  return copies;
}

/** How many handovers are still to come at least, until primaries are level. */
export function handoversToCome(state: MetaState): number {
  const layouts = state.groups.map((rows, backups) => rows && new Layout(state, backups, rows));
  return layouts.reduce((sum, layout) => sum + (layout?.primaries.toMove(layout.eligible) ?? 0), 0);
}

class Planner {
  readonly assignments: Assignment[] = [];
  readonly #state: MetaState;
  readonly #options: PlacementOptions;
  readonly #layouts: readonly Layout[];
  /** Copies on their way, by each of their two members. */
  readonly #copying = new Map<MemberId, number>();
  /** Whether one more handover may begin where nobody leaves. */
  #mayHandOver: boolean;

  constructor(state: MetaState, options: PlacementOptions) {
    this.#state = state;
    this.#options = options;
    this.#layouts = state.groups.flatMap((rows, backups) =>
      rows === undefined ? [] : [new Layout(state, backups, rows)],
    );
    let handovers = 0;
    for (const { places } of this.#layouts) {
      for (const { row } of places) {
        if (row.transferTo !== undefined) handovers++;
        if (row.learner !== undefined && row.primary !== undefined) {
          this.#noteCopy(row.primary, row.learner);
        }
      }
    }
    this.#mayHandOver = options.mayHandOver && handovers < handoversMax;
  }

  /** Gives each row what it lacks, and takes back what no longer holds. */
  repair(): void {
    for (const layout of this.#layouts) {
      const repairs = this.#repairsOf(layout);
      for (const place of layout.places) {
        if (!this.#isServed(place.row)) continue;
        const learner = repairs.get(place) ?? this.#keptLearner(layout, place.row);
        const retiring = this.#retiringOf(layout, place, learner);
        const transferTo = this.#transferOf(layout, place, learner, retiring);
        this.#assign(place, { learner, retiring, transferTo });
      }
    }
  }

  /** Moves what is better elsewhere. */
  level(): void {
    for (const layout of this.#layouts) {
      // Where primaries are to be is known only when it is known where copies will be.
      if (this.#options.mayMove && this.#levelCopies(layout)) this.#levelPrimaries(layout);
    }
  }

  /** False where some were left for later. */
  #levelCopies(layout: Layout): boolean {
    let inVain = 0;
    for (const { place, from, to } of levelCopies(layout)) {
      const { primary } = place.row;
      if (primary === undefined || this.#options.hasFailed(primary, to)) continue;
      if (this.#takeRoom(primary, to)) {
        this.#assign(place, { learner: to, retiring: from, transferTo: undefined });
      } else if (++inVain === movesInVainMax) {
        return false;
      }
    }
    return true;
  }

  #levelPrimaries(layout: Layout): void {
    if (!this.#mayHandOver) return;
    const [move] = levelPrimaries(layout, 1);
    if (move === undefined) return;
    const { place, to } = move;
    this.#mayHandOver = false;
    this.#assign(place, { learner: undefined, retiring: undefined, transferTo: to });
  }

  /** Who takes what is missing and can begin now; the others keep their turn. */
  #repairsOf(layout: Layout): ReadonlyMap<Place, MemberId> {
    const short = layout.places.filter((place) => this.#isShort(layout, place));
    const repairs = planRepairs(layout, short, this.#options.hasFailed);
    for (const [place, learner] of repairs) {
      if (!this.#takeRoom(place.row.primary, learner)) repairs.delete(place);
    }
    return repairs;
  }

  /** Whether another copy is to be made, and nobody makes it. Who retires has its copy until then. */
  #isShort(layout: Layout, { row, partition }: Place): boolean {
    if (!this.#isServed(row) || this.#keptLearner(layout, row) !== undefined) return false;
    const staying = row.inSync.filter((id) => layout.isEligible(id));
    return staying.length < layout.wanted || this.#options.slow.has(partition);
  }

  #isServed({ primary }: PartitionRow): boolean {
    return primary !== undefined && isServing(this.#state.members.get(primary));
  }

  #keptLearner(layout: Layout, { learner }: PartitionRow): MemberId | undefined {
    return learner !== undefined && layout.isEligible(learner) ? learner : undefined;
  }

  /** Who gives its copy up, as long as the row has enough without it or gets another in its place. */
  #retiringOf(layout: Layout, { row }: Place, learner: MemberId | undefined): MemberId | undefined {
    const { retiring, inSync } = row;
    if (retiring === undefined || !inSync.includes(retiring)) return undefined;
    if (!layout.isEligible(retiring)) return undefined;
    const others = inSync.filter((id) => id !== retiring && layout.isEligible(id));
    const coming = learner === undefined ? 0 : 1;
    return others.length + coming < layout.wanted ? undefined : retiring;
  }

  #transferOf(
    layout: Layout,
    place: Place,
    learner: MemberId | undefined,
    retiring: MemberId | undefined,
  ): MemberId | undefined {
    const { row, partition } = place;
    const isTarget = (id: MemberId) =>
      id !== row.primary && id !== retiring && layout.isEligible(id);
    if (row.transferTo !== undefined) {
      const holds = isTarget(row.transferTo) && row.inSync.includes(row.transferTo);
      return holds && !this.#options.isOverdue(partition, row) ? row.transferTo : undefined;
    }
    if (row.primary === undefined) return undefined;
    const isLeaving = this.#state.members.get(row.primary)?.status === 'leaving';
    // A primary that retires passes its role on only when the copy that takes its place is there.
    const isRetired = row.primary === retiring && learner === undefined;
    if (!isLeaving && !(isRetired && this.#mayHandOver)) return undefined;
    const target = layout.primaries.emptiest(row.inSync, isTarget);
    if (target === undefined) return undefined;
    layout.primaries.shift(place.primary ?? row.primary, target);
    place.primary = target;
    place.isAtRest = false;
    this.#mayHandOver = false;
    return target;
  }

  #assign({ row, partition }: Place, { learner, retiring, transferTo }: Wish): void {
    const isSame =
      learner === row.learner && retiring === row.retiring && transferTo === row.transferTo;
    if (isSame) return;
    this.assignments.push({ partition, version: row.version, learner, retiring, transferTo });
  }

  /** Takes one of the few places for copies that both members have; false where one has none left. */
  #takeRoom(source: MemberId | undefined, learner: MemberId): boolean {
    if (source === undefined) return false;
    const hasRoom = (id: MemberId) => (this.#copying.get(id) ?? 0) < this.#options.copiesMax;
    if (!hasRoom(source) || !hasRoom(learner)) return false;
    this.#noteCopy(source, learner);
    return true;
  }

  #noteCopy(source: MemberId, learner: MemberId): void {
    for (const id of [source, learner]) this.#copying.set(id, (this.#copying.get(id) ?? 0) + 1);
  }
}

/** Where two histories of a partition went apart, and which of their writes are of their own. */
import { type Line, type Step, stepAfter } from './lineage.ts';
import { generationSpan } from './meta-state.ts';

/** What two histories have in common, and how each went on. */
export interface Parting {
  /** How each went on; undefined for one that is the common ancestor itself. */
  readonly mine: Step | undefined;
  readonly theirs: Step | undefined;
  /** The last version that both have. */
  readonly commonUpTo: number;
}

/** Undefined where nothing is known that they have in common: then all is theirs alone. */
export function partingOf(mine: Line, theirs: Line): Parting | undefined {
  const common = mine.path.findLast((id) => theirs.path.includes(id));
  if (common === undefined) return undefined;
  const myWay = stepAfter(mine, common);
  const theirWay = stepAfter(theirs, common);
  if (myWay === 'forgotten' || theirWay === 'forgotten') return undefined;
  const left = [myWay, theirWay].map((step) => step?.left ?? Number.MAX_SAFE_INTEGER);
  return { mine: myWay, theirs: theirWay, commonUpTo: Math.min(...left) };
}

/** Beyond this version all that the other history has it has written since the two went apart. */
export function theirsFrom(parting: Parting | undefined): number {
  return parting === undefined ? 0 : ownFrom(parting.commonUpTo, parting.theirs);
}

/** Beyond this version all that this history has it has written since. */
export function mineFrom(parting: Parting | undefined): number {
  return parting === undefined ? 0 : ownFrom(parting.commonUpTo, parting.mine);
}

/** Whether the other is a fork all of which is common that it took along. */
export function isAllTakenCommon(parting: Parting | undefined): boolean {
  return parting !== undefined && isAllCommon(parting.commonUpTo, parting.theirs);
}

/**
 * What a fork has between what it took along and its own rank nobody was told of: it counts only where the other has
 * it too. But where the fork took along what the other has not, that may stand among it.
 */
function ownFrom(common: number, step: Step | undefined): number {
  return step !== undefined && isAllCommon(common, step) ? step.rank * generationSpan : common;
}

function isAllCommon(common: number, step: Step | undefined): boolean {
  return step !== undefined && step.left > 0 && step.left <= common;
}

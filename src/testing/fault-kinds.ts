/** What can go wrong in a simulated world, and how each of it ends. */
import type { Random } from '../base/random.ts';
import type { World } from './world.ts';

export const faultKinds = [
  'crash',
  'machine-crash',
  'pause',
  'stall',
  'slow',
  'clock-jump',
  'clock-rate',
  'cut',
  'cut-one-way',
  'isolate',
  'split',
  'bridge',
  'flap',
  'swizzle',
  'reset',
  'half-open',
  'clog',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** What a harness allows; everything where a question is not answered. */
export interface FaultLimits {
  /** Asked before each crash: a harness does not kill more copies than its backups cover. */
  mayCrash?(name: string): boolean;
  /** Asked when a crash is over: false keeps the process down. */
  mayRestart?(name: string): boolean;
  /** Asked before a pause, and before a stall of over 100 ms. */
  mayPause?(name: string): boolean;
  /** Asked before a cut, an isolation or a half-open link touches a process. */
  mayCut?(name: string): boolean;
}

/** Ends a fault; harmless where it has ended by other means. */
export type Undo = () => void;

interface Scene {
  readonly world: World;
  readonly random: Random;
  readonly limits: FaultLimits;
  /** How long this fault lasts. */
  readonly lastsMs: number;
}

type Pair = readonly [string, string];

const nothingToUndo: Undo = () => {};

function names(scene: Scene): readonly string[] {
  return scene.world.processes.map(({ name }) => name);
}

/** A process that is up and may be met. */
function victim(scene: Scene, may: (name: string) => boolean): string | undefined {
  const up = scene.world.processes.filter(({ isUp, name }) => isUp && may(name));
  return up.length === 0 ? undefined : scene.random.pick(up).name;
}

function pair(scene: Scene): Pair | undefined {
  const { mayCut } = scene.limits;
  const [left, right] = scene.random.shuffle(names(scene)).filter((name) => mayCut?.(name) ?? true);
  return left === undefined || right === undefined ? undefined : [left, right];
}

function crash(scene: Scene, withMachine: boolean): Undo | undefined {
  const { world, limits } = scene;
  const name = victim(scene, (candidate) => limits.mayCrash?.(candidate) ?? true);
  if (name === undefined) return undefined;
  world.crash(name, withMachine);
  return () => {
    if (!world.process(name).isUp && (limits.mayRestart?.(name) ?? true)) world.restart(name);
  };
}

function pause(scene: Scene): Undo | undefined {
  const { world, limits } = scene;
  const may = (name: string) => !world.process(name).isPaused && (limits.mayPause?.(name) ?? true);
  const name = victim(scene, may);
  if (name === undefined) return undefined;
  world.pause(name);
  return () => {
    if (world.process(name).isPaused) world.resume(name);
  };
}

function stall(scene: Scene): Undo | undefined {
  const { world, limits, random } = scene;
  const ms = random.pick([20, 60, 300, 1_000, 2_500]);
  const name = victim(scene, (candidate) => ms <= 100 || (limits.mayPause?.(candidate) ?? true));
  if (name === undefined) return undefined;
  world.stall(name, ms);
  return nothingToUndo;
}

function slow(scene: Scene): Undo | undefined {
  const { world, random } = scene;
  const name = victim(scene, () => true);
  if (name === undefined) return undefined;
  world.slow(name, random.pick([10, 100, 500]));
  return () => {
    if (world.process(name).isUp) world.slow(name, 1);
  };
}

function jumpWall({ world, random }: Scene): Undo {
  const { name } = random.pick(world.processes);
  world.jumpWall(name, random.pick([-86_400_000, -5_000, -100, 100, 5_000, 86_400_000]));
  return nothingToUndo;
}

function changeRate({ world, random }: Scene): Undo {
  const { name } = random.pick(world.processes);
  world.setRate(name, 1 + (random.next() - 0.5) * 0.02);
  return () => world.setRate(name, 1);
}

function cut(scene: Scene): Undo | undefined {
  const chosen = pair(scene);
  if (chosen === undefined) return undefined;
  scene.world.cut(...chosen);
  return () => scene.world.heal(...chosen);
}

function cutOneWay(scene: Scene): Undo | undefined {
  const chosen = pair(scene);
  if (chosen === undefined) return undefined;
  scene.world.cutOneWay(...chosen);
  return () => scene.world.healOneWay(...chosen);
}

function isolate(scene: Scene): Undo | undefined {
  const [name] = pair(scene) ?? [];
  if (name === undefined) return undefined;
  scene.world.isolate(name);
  return () => healAround(scene, name);
}

function healAround({ world }: Scene, name: string): void {
  for (const other of world.processes) if (other.name !== name) world.heal(name, other.name);
}

/** Two groups, with one process in both if there is a bridge. */
function split(scene: Scene, hasBridge: boolean): Undo | undefined {
  const { world, random, limits } = scene;
  const mixed = random.shuffle(names(scene));
  if (mixed.length < 3 || !mixed.every((name) => limits.mayCut?.(name) ?? true)) return undefined;
  const at = 1 + random.below(mixed.length - 1);
  world.split(mixed.slice(0, at), mixed.slice(hasBridge ? at - 1 : at));
  return () => world.healAll();
}

/** A cut that comes and goes. */
function flap(scene: Scene): Undo | undefined {
  const { world, random, lastsMs } = scene;
  const chosen = pair(scene);
  if (chosen === undefined) return undefined;
  let isOver = false;
  let isCut = false;
  const turn = () => {
    if (isOver) return;
    isCut = !isCut;
    if (isCut) world.cut(...chosen);
    else world.heal(...chosen);
    world.after(1 + random.next() * (lastsMs / 4), turn);
  };
  turn();
  return () => {
    isOver = true;
    world.heal(...chosen);
  };
}

/** The links of one process go one by one, and come back in another order. */
function swizzle(scene: Scene): Undo | undefined {
  const { world, random, lastsMs } = scene;
  const [name] = pair(scene) ?? [];
  if (name === undefined) return undefined;
  let isOver = false;
  const inTurn = (fromMs: number, act: (other: string) => void) => {
    const others = random.shuffle(names(scene).filter((other) => other !== name));
    for (const [index, other] of others.entries()) {
      world.after(fromMs + ((index + 1) * lastsMs) / (2 * others.length + 2), () => {
        if (!isOver) act(other);
      });
    }
  };
  inTurn(0, (other) => world.cut(name, other));
  inTurn(lastsMs / 2, (other) => world.heal(name, other));
  return () => {
    isOver = true;
    healAround(scene, name);
  };
}

function reset(scene: Scene): Undo | undefined {
  const [left, right] = scene.random.shuffle(names(scene));
  if (left === undefined || right === undefined) return undefined;
  return scene.world.reset(left, right) ? nothingToUndo : undefined;
}

function halfOpen(scene: Scene): Undo | undefined {
  const chosen = pair(scene);
  if (chosen === undefined) return undefined;
  return scene.world.halfOpen(...chosen) ? nothingToUndo : undefined;
}

/** A pair becomes slow, or its path narrow. */
function clog(scene: Scene): Undo | undefined {
  const { world, random } = scene;
  const chosen = pair(scene);
  if (chosen === undefined) return undefined;
  world.note('clog', ...chosen);
  if (random.below(2) === 0) {
    world.setQuality(...chosen, { latencyMs: random.pick([20, 200, 800]) });
    return () => world.resetQuality(...chosen);
  }
  world.setQuality(...chosen, { bytesPerMs: random.pick([2, 20, 200]) });
  return () => {
    world.resetQuality(...chosen);
    // What queued up would come at the old width for minutes to come: no kernel holds on to so much.
    world.reset(...chosen);
  };
}

/** Injects one fault; undefined where nothing could be found that it may meet. */
export const injectors: Readonly<Record<FaultKind, (scene: Scene) => Undo | undefined>> = {
  crash: (scene) => crash(scene, false),
  'machine-crash': (scene) => crash(scene, true),
  pause,
  stall,
  slow,
  'clock-jump': jumpWall,
  'clock-rate': changeRate,
  cut,
  'cut-one-way': cutOneWay,
  isolate,
  split: (scene) => split(scene, false),
  bridge: (scene) => split(scene, true),
  flap,
  swizzle,
  reset,
  'half-open': halfOpen,
  clog,
};

/**
 * What goes wrong in one simulated world: a swarm draws for each seed its own kinds of faults and its own
 * network, since a world that has all of them all the time gets nowhere, and a plan injects them.
 */
import type { Random } from '../base/random.ts';
import {
  type FaultKind,
  type FaultLimits,
  faultKinds,
  injectors,
  type Undo,
} from './fault-kinds.ts';
import type { NetworkMode } from './sim-network.ts';
import { defaultQuality, type PathQuality } from './sim-path.ts';
import type { World } from './world.ts';

export interface Swarm {
  readonly mode: NetworkMode;
  readonly quality: PathQuality;
  readonly kinds: readonly FaultKind[];
  /** Mean time from one fault to the next. */
  readonly gapMs: number;
  /** Mean time that a fault lasts. */
  readonly lastsMs: number;
}

const kindShare = 0.35;

/** Draws a swarm; give it a generator of its own, so that the same seed names the same swarm. */
export function drawSwarm(random: Random): Swarm {
  const mode = random.pick<NetworkMode>(['stream', 'stream', 'datagram']);
  const kinds = faultKinds.filter(() => random.next() < kindShare);
  return {
    mode,
    quality: drawQuality(random, mode),
    kinds: kinds.length > 0 ? kinds : [random.pick(faultKinds)],
    gapMs: random.pick([100, 500, 2_000]),
    lastsMs: random.pick([100, 1_000, 4_000]),
  };
}

function drawQuality(random: Random, mode: NetworkMode): PathQuality {
  const isStream = mode === 'stream';
  return {
    latencyMs: random.pick([0.05, 0.2, 2]),
    jitterMs: random.pick([0.1, 1, 10]),
    // A frame lost on a stream breaks the link, so it has to be rare.
    loss: isStream ? random.pick([0, 0, 0.000_5]) : random.pick([0, 0.01, 0.1]),
    duplication: isStream ? 0 : random.pick([0, 0.01, 0.1]),
    // Any at all lets messages overtake each other by the jitter too.
    reordering: isStream ? 0 : random.pick([0.001, 0.01, 0.2]),
    reorderMs: random.pick([10, 100, 800]),
    bytesPerMs: random.pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 10_000]),
  };
}

export class FaultPlan {
  /** How often each kind was injected. */
  readonly counts = new Map<FaultKind, number>();
  readonly #world: World;
  readonly #swarm: Swarm;
  readonly #limits: FaultLimits;
  /** Faults that last. */
  readonly #open = new Set<Undo>();
  #isInjecting = false;

  constructor(world: World, swarm: Swarm, limits: FaultLimits = {}) {
    this.#world = world;
    this.#swarm = swarm;
    this.#limits = limits;
  }

  /** Faults happen for so long from now; then all is healed, and what follows has to be calm. */
  inject(durationMs: number): void {
    this.#isInjecting = true;
    if (this.#swarm.kinds.length > 0) this.#injectLater();
    this.#world.after(durationMs, () => this.heal());
  }

  /** Injects one fault of a kind now; false where nothing could be found that it may meet. */
  injectOne(kind: FaultKind): boolean {
    const world = this.#world;
    const lastsMs = this.#around(this.#swarm.lastsMs);
    const undo = injectors[kind]({ world, random: world.random, limits: this.#limits, lastsMs });
    if (undo === undefined) return false;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.#open.add(undo);
    world.after(lastsMs, () => this.#end(undo));
    return true;
  }

  /** Ends every fault and makes the network a good one. */
  heal(): void {
    this.#isInjecting = false;
    for (const undo of [...this.#open]) this.#end(undo);
    this.#world.healAll();
    this.#world.network.setQualityOfAll(defaultQuality);
  }

  #injectLater(): void {
    this.#world.after(this.#around(this.#swarm.gapMs), () => {
      if (!this.#isInjecting) return;
      this.injectOne(this.#world.random.pick(this.#swarm.kinds));
      this.#injectLater();
    });
  }

  #end(undo: Undo): void {
    if (this.#open.delete(undo)) undo();
  }

  /** Exponentially distributed: mostly shorter than the mean, sometimes much longer. */
  #around(meanMs: number): number {
    return 1 - meanMs * Math.log(1 - this.#world.random.next());
  }
}

/**
 * Leases that are renewed as late as they just may be: now and then, in some worlds, each answer to the heartbeats of
 * a member takes so long for a while that its lease is about to end, or has just ended, whenever one comes.
 */
import type { Address } from '../../src/base/ids.ts';
import { presets } from '../../src/base/timings.ts';
import type { Verdict } from '../../src/testing/sim-network.ts';
import type { Message } from '../../src/wire/messages.ts';
import type { GridWorld } from './grid-world.ts';

/** That an answer begins such a while. */
const chance = 0.02;
/** An answer counts from when it was asked for, and the next one is asked for so much later. */
const heartbeatMs = presets.lan.leaseHeartbeatMs;
/** By so many heartbeats each comes before its lease is over: by less than one, and there is a gap after it. */
const heartbeatsLeft = [0.5, 0.9, 1, 1.1, 1.5] as const;

interface Late {
  readonly delayMs: number;
  readonly untilMs: number;
}

export class LateRenewals {
  readonly #grid: GridWorld;
  readonly #late = new Map<Address, Late>();

  constructor(grid: GridWorld) {
    this.#grid = grid;
  }

  judge(to: Address, { kind }: Message): Verdict {
    if (kind !== 'meta.heartbeat-ack') return 'pass';
    const { world } = this.#grid;
    const late = this.#late.get(to);
    if (late !== undefined && world.now < late.untilMs) return { delayMs: late.delayMs };
    if (world.buggify('late renewals', chance)) this.#begin(to);
    return 'pass';
  }

  #begin(to: Address): void {
    const { world, shape } = this.#grid;
    const { random } = world;
    const leaseMs = shape.timings?.leaseMs ?? presets.lan.leaseMs;
    const left = random.pick(heartbeatsLeft);
    this.#late.set(to, {
      delayMs: leaseMs - left * heartbeatMs,
      untilMs: world.now + random.pick([1_000, 3_000, 6_000]),
    });
    world.counts.fault('late renewals');
  }
}

/** Nanoseconds a message, from `tell` to `receive`: `node --import tsx bench/actors.ts`. */
import { ActorSystem } from '../src/actors/actor-system.ts';
import { systemClock } from '../src/base/clock.ts';

interface Add {
  readonly amount: number;
}

const messages = 4_000_000;
const message: Add = { amount: 1 };

/** Sends in bursts, as frames bring them, to the actors in turn; runs what is ready after each. */
function nsPerMessage(actors: number, burst: number): number {
  const system = new ActorSystem({ clock: systemClock });
  let total = 0;
  const behavior = {
    receive: (add: Add) => {
      total += add.amount;
    },
  };
  const refs = Array.from({ length: actors }, (_, index) =>
    system.spawn(`${index}`, () => behavior),
  );
  const begun = performance.now();
  let next = 0;
  while (total < messages) {
    for (let sent = 0; sent < burst; sent++) {
      refs[next]?.tell(message, 100);
      next = next + 1 === actors ? 0 : next + 1;
    }
    system.scheduler.runNow();
  }
  return ((performance.now() - begun) * 1e6) / total;
}

for (const [actors, burst] of [
  [1, 64],
  [1, 4_096],
  [64, 64],
  [1_024, 1_024],
] as const) {
  nsPerMessage(actors, burst);
  const ns = nsPerMessage(actors, burst);
  console.log(`${actors} actors, bursts of ${burst}: ${ns.toFixed(1)} ns a message`);
}

/** Events a second of a simulated world: `node --import tsx bench/world.ts`. */
import type { Address } from '../src/base/ids.ts';
import type { ProcessParts } from '../src/testing/sim-process.ts';
import { World } from '../src/testing/world.ts';
import type { Message } from '../src/wire/messages.ts';

const processes = 5;

/** Each process has as many timers as given, of 1 to 20 ms, over and over. */
function timers(count: number) {
  return ({ clock, random }: ProcessParts) => {
    const again = () => void clock.setTimer(1 + random.below(20), again);
    for (let index = 0; index < count; index++) again();
    return {};
  };
}

/** Each process answers every message by one to a random peer. */
function chatter({ transport, random, address }: ProcessParts) {
  const peers = Array.from(
    { length: processes },
    (_, index) => `10.0.0.${index + 1}:7000` as Address,
  );
  const others = peers.filter((peer) => peer !== address);
  const message: Message = { kind: 'swim.nack', sequence: 1 };
  const send = () => void transport.send(random.pick(others), undefined, 'control', message);
  transport.listen({ onMessage: send, onUp: send, onDown: () => {} });
  for (let index = 0; index < 20; index++) send();
  return {};
}

function measure(label: string, simulatedMs: number, start: (parts: ProcessParts) => object): void {
  const world = new World(1);
  for (let index = 0; index < processes; index++) world.spawn(`p${index}`, start);
  world.run(simulatedMs / 10);
  const { events } = world;
  const begun = performance.now();
  world.runFor(simulatedMs);
  const seconds = (performance.now() - begun) / 1_000;
  const rate = (world.events - events) / seconds / 1_000;
  const speed = simulatedMs / 1_000 / seconds;
  const messages = [...world.counts.messages.values()].reduce((sum, count) => sum + count, 0);
  console.log(
    `${label}: ${rate.toFixed(0)} k events/s, ${speed.toFixed(1)} x real time, ${messages} messages`,
  );
}

measure('timers', 20_000, timers(100));
measure('messages', 2_000, chatter);

/**
 * The caller's process of the migration bench: a light client that offers calls at a rate, whatever becomes of
 * them, half of them writes. A call counts from when it was due, so that a stall counts for all that it held up.
 */
import { Grid, type GridClient } from '../../src/index.ts';
import { Latencies } from '../compare/latencies.ts';
import { ownMs } from './cores.ts';
import {
  type CallFigures,
  entries,
  type FromCaller,
  mapName,
  type ToCaller,
  textOf,
} from './protocol.ts';

const tickMs = 1;
/** Calls at a time while the peak is measured. */
const floodWidth = 256;

class Caller {
  readonly #client: GridClient;
  #latencies = new Latencies();
  #maxMs = 0;
  #errors = 0;
  #cutAt = performance.now();
  #number = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: GridClient) {
    this.#client = client;
  }

  async flood(seconds: number): Promise<void> {
    this.#cut();
    const endsAt = performance.now() + seconds * 1_000;
    const one = async () => {
      while (performance.now() < endsAt) await this.#call(performance.now());
    };
    await Promise.all(Array.from({ length: floodWidth }, one));
  }

  offer(perSecond: number): void {
    let dueAt = performance.now();
    const gapMs = 1_000 / perSecond;
    this.#timer = setInterval(() => {
      for (const now = performance.now(); dueAt <= now; dueAt += gapMs) void this.#call(dueAt);
    }, tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  figures(): CallFigures {
    const latencies = this.#latencies;
    const seconds = (performance.now() - this.#cutAt) / 1_000;
    const ms = (share: number) => latencies.percentileUs(share) / 1_000;
    const figures = {
      calls: latencies.count,
      perSecond: latencies.count / seconds,
      p50Ms: ms(0.5),
      p99Ms: ms(0.99),
      p999Ms: ms(0.999),
      maxMs: this.#maxMs,
      errors: this.#errors,
      cpuMs: ownMs(),
    };
    this.#cut();
    return figures;
  }

  #cut(): void {
    this.#latencies = new Latencies();
    this.#maxMs = 0;
    this.#errors = 0;
    this.#cutAt = performance.now();
  }

  async #call(dueAt: number): Promise<void> {
    // Primes to the number of entries: each is met in its turn, and neighbours lie far apart.
    this.#number = (this.#number + 7_919) % entries;
    const map = this.#client.map<string, string>(mapName);
    try {
      if (this.#number % 2 === 0) await map.get(`key ${this.#number}`);
      else await map.set(`key ${this.#number}`, textOf(this.#number));
    } catch {
      this.#errors++;
    }
    const ms = performance.now() - dueAt;
    this.#latencies.add(ms);
    if (ms > this.#maxMs) this.#maxMs = ms;
  }
}

function tell(message: FromCaller): void {
  process.send?.(message);
}

const client = await Grid.connect(process.argv.slice(2));
const caller = new Caller(client);

async function obey(message: ToCaller): Promise<void> {
  switch (message.kind) {
    case 'flood':
      await caller.flood(message.seconds);
      break;
    case 'offer':
      caller.offer(message.perSecond);
      return;
    case 'cut':
      break;
    case 'stop':
      caller.stop();
      await client.close();
      process.exit(0);
  }
  tell({ kind: 'figures', figures: caller.figures() });
}

process.on('disconnect', () => process.exit(1));
process.on('message', (message: ToCaller) => {
  obey(message).catch((error: unknown) => tell({ kind: 'failed', why: String(error) }));
});
tell({ kind: 'ready' });

/** Callers that push to and take from a queue in every process, members and clients alike. */
import { GridError } from '../../src/base/errors.ts';
import { partitionOf } from '../../src/base/hash.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import type { Random } from '../../src/base/random.ts';
import type { Operation, Router, StructureRow } from '../../src/partition/router-port.ts';
import {
  bareOp,
  pushOp,
  queueOps,
  takeOp,
  tryPushOp,
} from '../../src/structures/queue/queue-ops.ts';
import { keepMs, QueueWait } from '../../src/structures/queue/queue-wait.ts';
import { Settlements } from '../../src/structures/queue/settlements.ts';
import type { SimProcess } from '../../src/testing/sim-process.ts';
import { ByteReader } from '../../src/wire/bytes.ts';
import { encodeKey } from '../../src/wire/key.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import { QueueHistory } from '../histories/queue-history.ts';
import type { Caller, GridWorld } from './grid-world.ts';

export const queueName = 'jobs';

type Ended = (how: 'ok' | 'failed' | 'unknown', value?: Uint8Array, isInVain?: boolean) => void;

const inVain = new GridError('GRID_TIMEOUT', 'nothing came');
const full = new GridError('GRID_QUEUE_FULL', 'no room came');
/** Kinds of calls, as often as they are drawn. */
const pushes = ['push', 'push', 'tryPush'] as const;
const takes = ['take', 'take', 'take', 'tryTake'] as const;
type Kind = (typeof pushes)[number] | (typeof takes)[number];

export class QueueWorkload {
  readonly history = new QueueHistory();
  readonly ended = { ok: 0, failed: 0, unknown: 0, inVain: 0, aborted: 0 };
  open = 0;
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #pauseMs: number;
  /** One for each life of a process. */
  readonly #settlements = new WeakMap<Caller, Settlements>();
  #isStopped = false;
  /** Results that callers have, and of which the queue has not heard that. */
  #unsettled = 0;
  #items = 0;

  constructor(grid: GridWorld, random: Random, pauseMs: number) {
    this.#grid = grid;
    this.#random = random;
    this.#pauseMs = pauseMs;
  }

  /** What the queue may hold in the end: calls without an answer, and what dead callers could not settle. */
  get owed(): number {
    return this.history.doubtful + this.#unsettled;
  }

  start(): void {
    for (let caller = 0; caller < 6; caller++) this.#later(pushes);
    for (let caller = 0; caller < 8; caller++) this.#later(takes);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Takes until there is nothing left. `done` is called then. */
  drain(process: SimProcess<Caller>, done: () => void): void {
    this.#call('tryTake', process, (how, value) => {
      if (how === 'ok' && value === undefined) done();
      else if (how === 'ok') this.drain(process, done);
      else this.#grid.world.after(100, () => this.drain(process, done));
    });
  }

  #later(kinds: readonly Kind[]): void {
    const pause = this.#pauseMs * (0.2 + 1.6 * this.#random.next());
    this.#grid.world.after(pause, () => {
      if (this.#isStopped) return;
      const process = this.#random.pick(this.#grid.callers);
      const isThere = process.isUp && queueOf(process.program) !== undefined;
      if (isThere) this.#call(this.#random.pick(kinds), process, () => this.#later(kinds));
      else this.#later(kinds);
    });
  }

  /** Begins in a turn of the process, as a call of an application does. */
  #call(kind: Kind, process: SimProcess<Caller>, then: Ended): void {
    const { starts } = process;
    let isOver = false;
    let record: Ended = () => {};
    this.open++;
    const end: Ended = (how, value, isInVain) => {
      if (isOver) return;
      isOver = true;
      this.open--;
      this.ended[how]++;
      if (isInVain === true) this.ended.inVain++;
      record(how, value, isInVain);
      then(how, value, isInVain);
    };
    process.run((caller) => {
      const item = ++this.#items;
      record = this.#recorder(kind, item);
      this.#submit(kind, item, caller, end);
    });
    // Whoever called in a process that died never hears of it.
    const watch = () => {
      if (isOver) return;
      if (!process.isUp || process.starts !== starts) end('unknown');
      else this.#grid.world.after(100, watch);
    };
    this.#grid.world.after(100, watch);
  }

  #recorder(kind: Kind, item: number): Ended {
    if (kind === 'push' || kind === 'tryPush') return this.history.push(item);
    const end = this.history.take();
    return (how, value, isInVain) =>
      end(how, value === undefined ? undefined : (decodeValue(value) as number), isInVain);
  }

  #submit(kind: Kind, item: number, caller: Caller, end: Ended): void {
    const structure = queueOf(caller);
    if (structure === undefined) {
      end('failed');
      return;
    }
    const value = encodeValue(item, defaultLimits);
    const timeoutMs = this.#random.pick([50, 400, 2_000, 6_000]);
    if (kind === 'push') {
      this.#wait(caller, structure, pushOp(value, timeoutMs + keepMs), timeoutMs, full, end);
    } else if (kind === 'take') {
      this.#wait(caller, structure, takeOp(timeoutMs + keepMs), timeoutMs, inVain, end);
    } else {
      const op = kind === 'tryPush' ? tryPushOp(value) : bareOp(queueOps.tryTake);
      this.#send(caller, structure, op, kind === 'tryPush' ? pushEnd(end) : takeEnd(end));
    }
  }

  #wait(
    caller: Caller,
    structure: StructureRow,
    op: Uint8Array,
    timeoutMs: number,
    late: GridError,
    end: Ended,
  ): void {
    const controller = new AbortController();
    const { router } = caller;
    new QueueWait({
      router,
      clock: caller.clock,
      structure,
      partition: this.#partition(caller),
      op,
      timeoutMs,
      signal: controller.signal,
      late: () => late,
      settle: (token) => {
        this.#unsettled++;
        this.#settlementsOf(caller).add(structure, token);
      },
      resolve: (value) => end('ok', value.length === 0 ? undefined : value),
      reject: (error) => this.#failed(error, end),
    }).begin();
    if (this.#random.below(4) > 0) return;
    caller.clock.setTimer(timeoutMs * this.#random.next(), () => {
      this.ended.aborted++;
      controller.abort();
    });
  }

  #send(caller: Caller, structure: StructureRow, op: Uint8Array, end: Ended): void {
    caller.router.submit({
      structure,
      partition: this.#partition(caller),
      op,
      isWrite: true,
      timeoutMs: 4_000,
      signal: undefined,
      resolve: (result) => end('ok', result),
      reject: (error) => this.#failed(error, end),
    });
  }

  #failed(error: GridError, end: Ended): void {
    if (error.outcome === 'unknown') end('unknown');
    else end('failed', undefined, error === inVain);
  }

  #partition({ router }: Caller): number {
    const { hash } = encodeKey(queueName, defaultLimits);
    return partitionOf(hash, router.partitions);
  }

  /** Counts what the queue has heard that its callers have. */
  #watched(router: Router): Pick<Router, 'submit'> {
    const submit = (operation: Operation) =>
      router.submit({
        ...operation,
        resolve: (result) => {
          this.#unsettled -= tokensIn(operation.op);
          operation.resolve(result);
        },
      });
    return { submit };
  }

  #settlementsOf(caller: Caller): Settlements {
    const present = this.#settlements.get(caller);
    if (present !== undefined) return present;
    const { router } = caller;
    const partition = () => this.#partition(caller);
    const made = new Settlements({ router: this.#watched(router), clock: caller.clock, partition });
    this.#settlements.set(caller, made);
    return made;
  }
}

function tokensIn(settlement: Uint8Array): number {
  const reader = new ByteReader(settlement, 1);
  let tokens = 0;
  for (; !reader.isAtEnd; tokens++) reader.block();
  return tokens;
}

function queueOf({ router }: Caller): StructureRow | undefined {
  return router.structure('queue', queueName);
}

/** How a tryPush ended, by its result. */
function pushEnd(end: Ended): Ended {
  return (how, result) => end(how === 'ok' && result?.[0] === 0 ? 'failed' : how);
}

/** How a tryTake ended, by its result. */
function takeEnd(end: Ended): Ended {
  return (how, result) => {
    const isInVain = how === 'ok' && result?.length === 0;
    end(how, isInVain ? undefined : result, isInVain);
  };
}

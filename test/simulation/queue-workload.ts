/**
 * Callers that push to and take from a queue in every process, members and clients alike. Where the queue is
 * destroyed now and then, each of its incarnations has a history of its own.
 */
import { GridError } from '../../src/base/errors.ts';
import { partitionOf } from '../../src/base/hash.ts';
import type { StructureId } from '../../src/base/ids.ts';
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
import { Calling, type End, type How } from './calling.ts';
import type { Destruction } from './destruction.ts';
import type { Caller, GridWorld } from './grid-world.ts';

export const queueName = 'jobs';
/** The one that is destroyed. */
export const errandsName = 'errands';

type Ended = (how: How, value?: Uint8Array, isInVain?: boolean) => void;

/** How a call of a queue ended: with what, or after it saw that there is nothing. */
interface Found {
  readonly value: Uint8Array | undefined;
  readonly isInVain: boolean;
}

const inVain = new GridError('GRID_TIMEOUT', 'nothing came');
const full = new GridError('GRID_QUEUE_FULL', 'no room came');
/** Kinds of calls, as often as they are drawn. */
const pushes = ['push', 'push', 'tryPush'] as const;
const takes = ['take', 'take', 'take', 'tryTake'] as const;
type Kind = (typeof pushes)[number] | (typeof takes)[number];

export interface QueueWorkloadOptions {
  readonly name: string;
  readonly pauseMs: number;
  readonly pushers: number;
  readonly takers: number;
  /** Undefined for a queue that stays. */
  readonly destruction: Destruction | undefined;
}

export class QueueWorkload {
  readonly calling: Calling;
  readonly #grid: GridWorld;
  readonly #random: Random;
  readonly #options: QueueWorkloadOptions;
  /** One for each incarnation. */
  readonly #histories = new Map<StructureId, QueueHistory>();
  /** One for each life of a process. */
  readonly #settlements = new WeakMap<Caller, Settlements>();
  #inVain = 0;
  #aborted = 0;
  /** Results that callers have, and of which the queue has not heard that. */
  #unsettled = 0;
  #items = 0;

  constructor(grid: GridWorld, random: Random, options: QueueWorkloadOptions) {
    this.#grid = grid;
    this.#random = random;
    this.#options = options;
    this.calling = new Calling(grid, random, options.pauseMs);
  }

  get counts(): Readonly<Record<string, number>> {
    const counts = { pushed: 0, taken: 0 };
    for (const { counts: of } of this.#histories.values()) {
      counts.pushed += of.pushed;
      counts.taken += of.taken;
    }
    const destroyed = this.#options.destruction?.count ?? 0;
    const [inVain, aborted] = [this.#inVain, this.#aborted];
    return { ...this.calling.ended, ...counts, inVain, aborted, destroyed };
  }

  get open(): number {
    return this.calling.open + (this.#options.destruction?.calling.open ?? 0);
  }

  /** What the queue may hold in the end: calls without an answer, and what dead callers could not settle. */
  get owed(): number {
    const histories = [...this.#histories.values()];
    return histories.reduce((sum, { doubtful }) => sum + doubtful, this.#unsettled);
  }

  start(): void {
    this.#options.destruction?.start();
    this.#repeat(this.#options.pushers, pushes);
    this.#repeat(this.#options.takers, takes);
  }

  stop(): void {
    this.calling.stop();
    this.#options.destruction?.calling.stop();
  }

  violations(): string[] {
    const { destruction, name } = this.#options;
    const found = [...(destruction?.violations ?? [])];
    for (const [id, history] of this.#histories) {
      // What a queue held that was destroyed went with it.
      const isEmptied = destruction?.isDestroyed(id) !== true;
      found.push(...history.violations(isEmptied).map((text) => `${name} ${id}: ${text}`));
    }
    return found;
  }

  /** Takes until there is nothing left. `done` is called then. */
  drain(process: SimProcess<Caller>, done: () => void): void {
    this.#call('tryTake', process, (how, found) => {
      if (how === 'ok' && found?.value === undefined) done();
      else if (how === 'ok') this.drain(process, done);
      else this.#grid.world.after(100, () => this.drain(process, done));
    });
  }

  #repeat(callers: number, kinds: readonly Kind[]): void {
    for (let caller = 0; caller < callers; caller++) {
      this.calling.repeat((process, next) =>
        this.#call(this.#random.pick(kinds), process, () => next()),
      );
    }
  }

  #call(kind: Kind, process: SimProcess<Caller>, then: End<Found>): void {
    let record: Ended = () => {};
    this.calling.begin<Found>(
      process,
      (caller, end) => {
        const structure = this.#structureFor(caller);
        if (structure === undefined) {
          end('failed');
          return;
        }
        const item = ++this.#items;
        record = this.#recorder(structure.id, kind, item);
        this.#submit(kind, item, caller, structure, (how, value, isInVain = false) =>
          end(how, { value, isInVain }),
        );
      },
      (how, found) => {
        if (found?.isInVain === true) this.#inVain++;
        record(how, found?.value, found?.isInVain);
        then(how, found);
      },
    );
  }

  #structureFor(caller: Caller): StructureRow | undefined {
    const { destruction, name } = this.#options;
    if (destruction !== undefined) return destruction.rowFor(caller);
    return caller.router.structure('queue', name);
  }

  #recorder(id: StructureId, kind: Kind, item: number): Ended {
    const history = this.#histories.get(id) ?? new QueueHistory();
    this.#histories.set(id, history);
    if (kind === 'push' || kind === 'tryPush') return history.push(item);
    const end = history.take();
    return (how, value, isInVain) =>
      end(how, value === undefined ? undefined : (decodeValue(value) as number), isInVain);
  }

  #submit(kind: Kind, item: number, caller: Caller, structure: StructureRow, end: Ended): void {
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
    const { router, clock } = caller;
    const { signal } = controller;
    const place = {
      router,
      clock,
      partition: () => this.#partition(caller),
      settlements: {
        add: (settled: StructureRow, token: Uint8Array) => {
          this.#unsettled++;
          this.#settlementsOf(caller).add(settled, token);
        },
      },
    };
    const given = (value: Uint8Array) => end('ok', value.length === 0 ? undefined : value);
    const failed = (error: GridError) => this.#failed(error, end);
    new QueueWait(place, structure, op, timeoutMs, signal, () => late, given, failed).begin();
    if (this.#random.below(4) > 0) return;
    caller.clock.setTimer(timeoutMs * this.#random.next(), () => {
      this.#aborted++;
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
    const { hash } = encodeKey(this.#options.name, defaultLimits);
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

/** What a reader asks of the primary of its topic, and how the answers are read. */
import { GridError } from '../../base/errors.ts';
import { murmur3 } from '../../base/hash.ts';
import type { Router, StructureRow } from '../../partition/router-port.ts';
import { Call } from '../call.ts';
import { type Batch, type Head, headOp, readBatch, readHead, readOp } from './topic-ops.ts';

export interface TopicSourceOptions {
  readonly router: Router;
  readonly name: string;
  /** What the topic is made with where it was destroyed under its subscribers. */
  readonly definition: Readonly<Record<string, unknown>>;
}

/** Which topic is asked, how long it may take, and what ends the wait. */
export interface SourceCall {
  readonly row: StructureRow;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

type Failed = (error: GridError) => void;

const batchBytes = 65_536;

export class TopicSource {
  readonly #options: TopicSourceOptions;
  readonly #hash: number;

  constructor(options: TopicSourceOptions) {
    this.#options = options;
    this.#hash = topicHash(options.name);
  }

  /** The topic where it is known here. */
  get row(): StructureRow | undefined {
    return this.#options.router.structure('topic', this.#options.name);
  }

  define(done: (error: GridError | undefined) => void): void {
    const { router, name, definition } = this.#options;
    router.define('topic', name, definition, (result) => {
      done(GridError.is(result) ? result : undefined);
    });
  }

  head(call: SourceCall, found: (head: Head) => void, failed: Failed): void {
    this.#send(call, headOp(), false, (result) => decoded(readHead, result, failed, found), failed);
  }

  /** Waits at the primary where nothing follows `after`. */
  read(
    call: SourceCall,
    line: number,
    after: number,
    found: (batch: Batch) => void,
    failed: Failed,
  ): void {
    const op = readOp(line, after, batchBytes);
    this.#send(call, op, true, (result) => decoded(readBatch, result, failed, found), failed);
  }

  /** What a question about a topic that is no more is answered with. */
  gone(): GridError {
    const { name } = this.#options;
    return new GridError(
      'GRID_CLOSED',
      `expected the topic '${name}' as it was, found that it was destroyed meanwhile; call again`,
    );
  }

  #send(
    { row, timeoutMs, signal }: SourceCall,
    op: Uint8Array,
    isPoll: boolean,
    resolve: (result: Uint8Array) => void,
    reject: Failed,
  ): void {
    const call = new Call(0, this.#hash, op, false, undefined, resolve, reject);
    call.isPoll = isPoll;
    call.signal = signal;
    call.sendBy(this.#options.router, row, timeoutMs);
  }
}

/** All of a topic lives in the partition of its name. */
export function topicHash(name: string): number {
  return murmur3(new TextEncoder().encode(name));
}

/** What was answered, or the error that it cannot be read. */
function decoded<Result>(
  read: (result: Uint8Array) => Result,
  result: Uint8Array,
  failed: Failed,
  found: (result: Result) => void,
): void {
  let answer: Result;
  try {
    answer = read(result);
  } catch (error) {
    if (!GridError.is(error)) throw error;
    failed(error);
    return;
  }
  found(answer);
}

/** A member as a process of its own, from its start to its end: it is called, and it is made to suffer. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GridError } from '../../src/base/errors.ts';
import type { CopyDigest } from '../../src/member/local-view.ts';
import type { From } from '../../src/structures/topic/topic-reader.ts';
import type { Answer, Call, Caller, Given } from './calls.ts';
import type { FromMember, MemberConfig, ToMember } from './member-messages.ts';
import type { Listening } from './subscriber.ts';
import type { TrapOrder } from './trap.ts';
import { until } from './waiting.ts';

const program = fileURLToPath(new URL('./member-program.ts', import.meta.url));
/** No call takes longer. */
const answersMs = 30_000;
/** Nobody is left who could tell how a call ended. */
const gone = { how: 'unknown', code: 'the process ended' } as const;

export interface MemberProcessOptions {
  readonly config: MemberConfig;
  /** What stands before its command. */
  readonly prefix: readonly string[];
  /** What it logs goes to the end of this file. */
  readonly logPath: string;
  /** Told where it ends, or leaves the grid, without having been made to. */
  readonly onUnexpected: (what: string) => void;
  /** Told whom a trap has killed that sprang in it. */
  readonly onSprung: (victim: string) => void;
}

export class MemberProcess implements Caller, Listening {
  /** Unlike any other process before or after it. */
  readonly name: string;
  /** Resolves when it is in the grid; rejects where it ends before. */
  readonly ready: Promise<void>;
  /** Resolves with its exit status, or with the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly #options: MemberProcessOptions;
  readonly #process: ChildProcess;
  readonly #calls = new Map<number, (answer: Answer) => void>();
  readonly #places = new Map<number, (code: string | undefined) => void>();
  readonly #given = new Map<number, Given>();
  readonly #digests = new Map<number, (digests: readonly CopyDigest[]) => void>();
  #requests = 0;
  #isRetired = false;
  /** Whether a trap is set that may end it. */
  #isInDanger = false;
  #isExpectedToEnd = false;
  #isGone = false;

  constructor(name: string, options: MemberProcessOptions) {
    this.name = name;
    this.#options = options;
    const { config, prefix, logPath } = options;
    const log = openSync(logPath, 'a');
    const words = [...prefix, process.execPath, '--import', 'tsx', program, JSON.stringify(config)];
    const [command = '', ...args] = words;
    this.#process = spawn(command, args, { stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      this.#process.once('exit', (status, signal) => resolve(signal ?? status));
    });
    this.ready = new Promise((resolve, reject) => {
      this.#process.on('message', (message: FromMember) => {
        if (message.tell === 'ready') resolve();
        else this.#receive(message);
      });
      void this.#whenEnded().then((how) => reject(new Error(`${this.name} ended with ${how}`)));
    });
    // It may be killed while it starts.
    this.ready.catch(() => {});
  }

  /** False from when it is about to end, or is gone. */
  get isThere(): boolean {
    return !this.#isRetired && !this.#isExpectedToEnd && !this.#isGone;
  }

  do(call: Call): Promise<Answer> {
    return new Promise((resolve) => {
      if (this.#isGone) resolve(gone);
      else this.#ask((request) => ({ do: 'call', request, call }), this.#calls, resolve);
    });
  }

  subscribe(topic: string, from: From, given: Given): Promise<() => Promise<void>> {
    return new Promise((resolve, reject) => {
      const placed = (code: string | undefined) => {
        if (code === undefined) resolve(() => this.#unsubscribe(request));
        else reject(new GridError('GRID_UNREACHABLE', `not subscribed: ${code}`));
      };
      const message = (number: number) =>
        ({ do: 'subscribe', request: number, topic, from }) as const;
      const request = this.#ask(message, this.#places, placed);
      this.#given.set(request, given);
    });
  }

  digests(): Promise<readonly CopyDigest[]> {
    return new Promise((resolve) => {
      this.#ask((request) => ({ do: 'digests', request }), this.#digests, resolve);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  setTrap(order: TrapOrder): void {
    this.#isInDanger = order.trap !== undefined;
    this.#tell({ do: 'trap', ...order });
  }

  /** Its thread does nothing else for so long. */
  block(ms: number): void {
    this.#tell({ do: 'block', ms });
  }

  /** SIGSTOP and SIGCONT. */
  stop(): void {
    this.#process.kill('SIGSTOP');
  }

  goOn(): void {
    this.#process.kill('SIGCONT');
  }

  /** Resolves when the process is gone, and everything that it told has come. */
  async kill(): Promise<void> {
    this.#isExpectedToEnd = true;
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  /** Has it hand over and end, when its callers have got their answers; resolves with its exit status. */
  async leave(): Promise<number | NodeJS.Signals | null> {
    this.#isRetired = true;
    await until(
      () => this.#calls.size === 0,
      () => `answers to ${this.#calls.size} calls of ${this.name}`,
      answersMs,
    );
    this.#isExpectedToEnd = true;
    this.#tell({ do: 'leave' });
    return this.ended;
  }

  #ask<Result>(
    message: (request: number) => ToMember,
    open: Map<number, (result: Result) => void>,
    resolve: (result: Result) => void,
  ): number {
    const request = ++this.#requests;
    open.set(request, resolve);
    this.#tell(message(request));
    return request;
  }

  async #unsubscribe(request: number): Promise<void> {
    this.#given.delete(request);
    this.#tell({ do: 'unsubscribe', request });
  }

  #tell(message: ToMember): void {
    // Where it is gone meanwhile, its end answers everything.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  async #whenEnded(): Promise<number | NodeJS.Signals | null> {
    const how = await this.ended;
    const { connected } = this.#process;
    if (connected) await new Promise<void>((resolve) => this.#process.once('disconnect', resolve));
    this.#isGone = true;
    const { onUnexpected, logPath } = this.#options;
    if (!this.#isExpectedToEnd && !this.#isInDanger)
      onUnexpected(`${this.name} ended with ${how}; see ${logPath}`);
    for (const answered of this.#calls.values()) answered(gone);
    for (const placed of this.#places.values()) placed(gone.code);
    for (const resolve of this.#digests.values()) resolve([]);
    this.#calls.clear();
    this.#places.clear();
    this.#given.clear();
    return how;
  }

  #receive(message: Exclude<FromMember, { readonly tell: 'ready' }>): void {
    switch (message.tell) {
      case 'answer':
        take(this.#calls, message.request)?.(message.answer);
        break;
      case 'subscribed':
        take(this.#places, message.request)?.(message.code);
        break;
      case 'digests':
        take(this.#digests, message.request)?.(message.digests);
        break;
      case 'message':
        this.#given.get(message.request)?.message(message.message, message.sequence);
        break;
      case 'gap':
        this.#given.get(message.request)?.gap(message.gap);
        break;
      case 'sprung':
        this.#options.onSprung(message.victim);
        break;
      case 'closed': {
        const { onUnexpected, logPath } = this.#options;
        if (this.isThere) onUnexpected(`${this.name} is out of the grid; see ${logPath}`);
      }
    }
  }
}

function take<T>(open: Map<number, T>, request: number): T | undefined {
  const found = open.get(request);
  open.delete(request);
  return found;
}

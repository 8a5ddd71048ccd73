/** A process that calls the grid, from its start to its end: it is told what to call, and can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { GridError } from '../../src/base/errors.ts';
import type { From } from '../../src/structures/topic/topic-reader.ts';
import type { FromCalled, ToCalled } from './called-messages.ts';
import type { Answer, Call, Caller, Given } from './calls.ts';
import type { Listening } from './subscriber.ts';

/** Nobody is left who could tell how a call ended. */
export const gone = { how: 'unknown', code: 'the process ended' } as const;

export interface CalledProcessOptions {
  /** The program, with what it is given. */
  readonly words: readonly string[];
  /** What stands before its command. */
  readonly prefix: readonly string[];
  /** What it logs goes to the end of this file. */
  readonly logPath: string;
  /** Told where it ends, or leaves the grid, without having been made to. */
  readonly onUnexpected: (what: string) => void;
}

/** `To` and `Told`: what is said to it and what it says beside what all of them do. */
export abstract class CalledProcess<To = never, Told extends { readonly tell: string } = never>
  implements Caller, Listening
{
  /** Unlike any other process before or after it. */
  readonly name: string;
  /** Resolves when it is in the grid; rejects where it ends before. */
  readonly ready: Promise<void>;
  /** Resolves with its exit status, or with the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  protected readonly process: ChildProcess;
  protected isExpectedToEnd = false;
  /** Whether something is set that may end it. */
  protected isInDanger = false;
  readonly #options: CalledProcessOptions;
  readonly #calls = new Map<number, (answer: Answer) => void>();
  readonly #places = new Map<number, (code: string | undefined) => void>();
  readonly #given = new Map<number, Given>();
  #requests = 0;
  #isGone = false;

  constructor(name: string, options: CalledProcessOptions) {
    this.name = name;
    this.#options = options;
    const { words, prefix, logPath } = options;
    const log = openSync(logPath, 'a');
    const [command = '', ...args] = [...prefix, process.execPath, '--import', 'tsx', ...words];
    this.process = spawn(command, args, { stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    this.ended = new Promise((resolve, reject) => {
      this.process.once('error', reject);
      this.process.once('exit', (status, signal) => resolve(signal ?? status));
    });
    this.ready = new Promise((resolve, reject) => {
      this.process.on('message', (message: FromCalled | Told) => {
        if (message.tell === 'ready') resolve();
        else this.#receive(message as Exclude<FromCalled, { readonly tell: 'ready' }> | Told);
      });
      void this.#whenEnded().then((how) => reject(new Error(`${this.name} ended with ${how}`)));
    });
    // It may be killed while it starts.
    this.ready.catch(() => {});
  }

  /** False from when it is about to end, or is gone. */
  get isThere(): boolean {
    return !this.isExpectedToEnd && !this.#isGone;
  }

  /** Calls without an answer. */
  get open(): number {
    return this.#calls.size;
  }

  do(call: Call): Promise<Answer> {
    return new Promise((resolve) => {
      if (this.#isGone) resolve(gone);
      else this.ask((request) => ({ do: 'call', request, call }), this.#calls, resolve);
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
      const request = this.ask(message, this.#places, placed);
      this.#given.set(request, given);
    });
  }

  /** Resolves when the process is gone, and everything that it told has come. */
  async kill(): Promise<void> {
    this.isExpectedToEnd = true;
    this.process.kill('SIGKILL');
    await this.ended;
  }

  /** What it says beside what all of them do. */
  protected abstract receive(message: Told): void;

  /** It is gone: what was asked of it beside calls is to end. */
  protected abstract forget(): void;

  protected ask<Result>(
    message: (request: number) => ToCalled | To,
    open: Map<number, (result: Result) => void>,
    resolve: (result: Result) => void,
  ): number {
    const request = ++this.#requests;
    open.set(request, resolve);
    this.tell(message(request));
    return request;
  }

  protected tell(message: ToCalled | To): void {
    // Where it is gone meanwhile, its end answers everything.
    if (this.process.connected) this.process.send(message as object, () => {});
  }

  async #unsubscribe(request: number): Promise<void> {
    this.#given.delete(request);
    this.tell({ do: 'unsubscribe', request });
  }

  async #whenEnded(): Promise<number | NodeJS.Signals | null> {
    const how = await this.ended;
    const { connected } = this.process;
    if (connected) await new Promise<void>((resolve) => this.process.once('disconnect', resolve));
    this.#isGone = true;
    const { onUnexpected, logPath } = this.#options;
    if (!this.isExpectedToEnd && !this.isInDanger)
      onUnexpected(`${this.name} ended with ${how}; see ${logPath}`);
    for (const answered of this.#calls.values()) answered(gone);
    for (const placed of this.#places.values()) placed(gone.code);
    this.#calls.clear();
    this.#places.clear();
    this.#given.clear();
    this.forget();
    return how;
  }

  #receive(message: Exclude<FromCalled, { readonly tell: 'ready' }> | Told): void {
    const common = message as Exclude<FromCalled, { readonly tell: 'ready' }>;
    switch (common.tell) {
      case 'answer':
        take(this.#calls, common.request)?.(common.answer);
        break;
      case 'subscribed':
        take(this.#places, common.request)?.(common.code);
        break;
      case 'message':
        this.#given.get(common.request)?.message(common.message, common.sequence);
        break;
      case 'gap':
        this.#given.get(common.request)?.gap(common.gap);
        break;
      case 'closed': {
        const { onUnexpected, logPath } = this.#options;
        if (this.isThere) onUnexpected(`${this.name} is out of the grid; see ${logPath}`);
        break;
      }
      default:
        this.receive(message as Told);
    }
  }
}

export function take<T>(open: Map<number, T>, request: number): T | undefined {
  const found = open.get(request);
  open.delete(request);
  return found;
}

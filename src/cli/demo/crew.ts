/** The member processes of the demo, as their parent drives them. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CheckResult, FromMember, ToMember, WorkResult } from './protocol.ts';

const main = fileURLToPath(new URL(`../main${import.meta.url.slice(-3)}`, import.meta.url));

export interface CrewEvents {
  onWrites(member: number, message: Extract<FromMember, { tell: 'writes' }>): void;
}

type Result = WorkResult | CheckResult | undefined;

interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
  readonly progress: (done: number) => void;
}

export class CrewMember {
  readonly number: number;
  readonly name: string;
  readonly ready: Promise<void>;
  id = '';
  address = '';
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #events: CrewEvents;
  #waiting: Waiting[] = [];
  #isExpectedToEnd = false;

  constructor(number: number, name: string, seeds: readonly string[], events: CrewEvents) {
    this.number = number;
    this.name = name;
    this.#events = events;
    this.#process = fork(main, ['demo-member', name, ...seeds], { stdio: 'inherit' });
    this.ready = this.#call(() => {}).then(() => undefined);
    this.#ended = new Promise((resolve) => {
      this.#process.once('exit', (status, signal) => {
        resolve();
        if (!this.#isExpectedToEnd) this.#fail(`ended with ${signal ?? status}`);
      });
    });
    this.#process.on('message', (message: FromMember) => this.#receive(message));
  }

  /** Has one thing done; several are answered in the order in which they end up done. */
  do(message: ToMember, progress: (done: number) => void = () => {}): Promise<Result> {
    const done = this.#call(progress);
    this.#process.send(message);
    return done;
  }

  /** Has the work begun; it is answered when it is stopped. */
  begin(message: Extract<ToMember, { do: 'work' }>): void {
    this.#process.send(message);
  }

  /** SIGKILL; resolves when the process is gone and all that it told has come. */
  async kill(): Promise<void> {
    this.#isExpectedToEnd = true;
    const isDisconnected = new Promise<void>((resolve) => {
      if (this.#process.connected) this.#process.once('disconnect', () => resolve());
      else resolve();
    });
    this.#process.kill('SIGKILL');
    await Promise.all([this.#ended, isDisconnected]);
  }

  async leave(): Promise<void> {
    this.#isExpectedToEnd = true;
    if (this.#process.connected) this.#process.send({ do: 'leave' } satisfies ToMember);
    await this.#ended;
  }

  #call(progress: (done: number) => void): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject, progress });
    });
  }

  #receive(message: FromMember): void {
    switch (message.tell) {
      case 'writes':
        this.#events.onWrites(this.number, message);
        break;
      case 'progress':
        this.#waiting[0]?.progress(message.done);
        break;
      case 'ready':
        this.id = message.id;
        this.address = message.address;
        this.#waiting.shift()?.resolve(undefined);
        break;
      case 'done':
        this.#waiting.shift()?.resolve(message.result);
        break;
      case 'failed':
        this.#fail(message.message);
        break;
    }
  }

  #fail(message: string): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(new Error(`${this.name}: ${message}`));
  }
}

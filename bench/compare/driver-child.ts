/** A driver's process, as the comparison uses it. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Addresses, DriverName, ValueKind } from './drivers/driver.ts';
import type { Lateness } from './lateness.ts';
import type { FromDriver, ToDriver, Told } from './messages.ts';
import { ended, keep } from './processes.ts';
import { keysCount, type Task, type TaskResult } from './tasks/task.ts';

/** Beyond the time that it was told to run: a driver that hangs is a failure with a name. */
const answerMaxMs = 60_000;

export class DriverChild {
  readonly name: DriverName;
  readonly pid: number;
  /** Of a member that listens. */
  address: string | undefined;
  readonly #child: ChildProcess;

  static async open(name: DriverName, addresses: Addresses): Promise<DriverChild> {
    const child = keep(fork(new URL('./driver-process.js', import.meta.url)));
    const driver = new DriverChild(name, child);
    const { address } = await driver.#ask({ do: 'open', driver: name, addresses }, 'opened');
    driver.address = address;
    return driver;
  }

  private constructor(name: DriverName, child: ChildProcess) {
    this.name = name;
    this.pid = child.pid ?? 0;
    this.#child = child;
  }

  async fill(values: ValueKind, count = keysCount): Promise<void> {
    await this.#ask({ do: 'fill', values, count }, 'done');
  }

  async run(task: Task, seconds: number): Promise<TaskResult> {
    return (await this.#ask({ do: 'run', task, seconds }, 'ran')).result;
  }

  async watchLoop(): Promise<void> {
    await this.#ask({ do: 'watch-loop' }, 'done');
  }

  async tellLoop(): Promise<Lateness> {
    return (await this.#ask({ do: 'tell-loop' }, 'loop')).lateness;
  }

  async close(): Promise<void> {
    await this.#ask({ do: 'close' }, 'done');
    this.#child.disconnect();
    await ended(this.#child);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await ended(this.#child);
  }

  #ask<Kind extends FromDriver['told']>(message: ToDriver, kind: Kind): Promise<Told<Kind>> {
    const what = `${this.name}: ${message.do === 'run' ? message.task.kind : message.do}`;
    return new Promise((resolve, reject) => {
      const over = () => {
        clearTimeout(timer);
        this.#child.off('message', answered).off('exit', exited);
      };
      const answered = (answer: FromDriver) => {
        over();
        if (answer.told === kind) resolve(answer as Told<Kind>);
        else
          reject(
            new Error(`${what} failed: ${answer.told === 'failed' ? answer.why : answer.told}`),
          );
      };
      const exited = (status: number | null, signal: NodeJS.Signals | null) => {
        over();
        reject(new Error(`${what}: the process ended with ${signal ?? status}`));
      };
      const runMs = message.do === 'run' ? message.seconds * 1_000 : 0;
      const timer = setTimeout(() => {
        over();
        reject(new Error(`${what}: no answer within ${runMs + answerMaxMs} ms`));
      }, runMs + answerMaxMs);
      this.#child.on('message', answered).on('exit', exited);
      this.#child.send(message);
    });
  }
}

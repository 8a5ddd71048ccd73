/** A driver's process, as the comparison uses it. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Addresses, DriverName, ValueKind } from './drivers/driver.ts';
import type { FromDriver, ToDriver } from './messages.ts';
import { ended, keep } from './processes.ts';
import type { Task, TaskResult } from './tasks/task.ts';

/** Beyond the time that it was told to run: a driver that hangs is a failure with a name. */
const answerMaxMs = 60_000;

export class DriverChild {
  readonly name: DriverName;
  readonly pid: number;
  readonly #child: ChildProcess;

  static async open(name: DriverName, addresses: Addresses): Promise<DriverChild> {
    const child = keep(fork(new URL('./driver-process.js', import.meta.url)));
    const driver = new DriverChild(name, child);
    await driver.#ask({ do: 'open', driver: name, addresses });
    return driver;
  }

  private constructor(name: DriverName, child: ChildProcess) {
    this.name = name;
    this.pid = child.pid ?? 0;
    this.#child = child;
  }

  async fill(values: ValueKind): Promise<void> {
    await this.#ask({ do: 'fill', values });
  }

  async run(task: Task, seconds: number): Promise<TaskResult> {
    const result = await this.#ask({ do: 'run', task, seconds });
    if (result === undefined) throw new Error(`${this.name} told no result of ${task.kind}`);
    return result;
  }

  async close(): Promise<void> {
    await this.#ask({ do: 'close' });
    this.#child.disconnect();
    await ended(this.#child);
  }

  #ask(message: ToDriver): Promise<TaskResult | undefined> {
    const what = `${this.name}: ${message.do === 'run' ? message.task.kind : message.do}`;
    return new Promise((resolve, reject) => {
      const over = () => {
        clearTimeout(timer);
        this.#child.off('message', answered).off('exit', exited);
      };
      const answered = (answer: FromDriver) => {
        over();
        if (answer.told === 'done') resolve(answer.result);
        else reject(new Error(`${what} failed: ${answer.why}`));
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

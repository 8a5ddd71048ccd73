/** A member as a process of its own, from its start to its end. */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FromMember, MemberConfig, ToMember } from './member-messages.ts';

const program = fileURLToPath(new URL('./member-program.ts', import.meta.url));

export class MemberProcess {
  readonly name: string;
  /** Resolves when it is in the grid; rejects where it ends before. */
  readonly ready: Promise<void>;
  /** Resolves with its exit status, or with the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly #process: ChildProcess;
  #isExpectedToEnd = false;

  /** What it logs goes to the end of the file. */
  constructor(config: MemberConfig, logPath: string, onUnexpected: (what: string) => void) {
    this.name = config.name;
    const log = openSync(logPath, 'a');
    this.#process = fork(program, [JSON.stringify(config)], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.#process.once('exit', (status, signal) => {
        resolve(signal ?? status);
        if (!this.#isExpectedToEnd) {
          onUnexpected(`${this.name} ended with ${signal ?? status}; see ${logPath}`);
        }
      });
    });
    this.ready = new Promise((resolve, reject) => {
      this.#process.on('message', (message: FromMember) => {
        if (message.tell === 'ready') resolve();
        else onUnexpected(`${this.name} is out of the grid; see ${logPath}`);
      });
      void this.ended.then((how) => reject(new Error(`${this.name} ended with ${how}`)));
    });
    // It may be killed while it starts.
    this.ready.catch(() => {});
  }

  /** Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#isExpectedToEnd = true;
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  /** Has it hand over and end; resolves with its exit status. */
  async leave(): Promise<number | NodeJS.Signals | null> {
    this.#isExpectedToEnd = true;
    this.#tell({ do: 'leave' });
    return this.ended;
  }

  #tell(message: ToMember): void {
    this.#process.send(message);
  }
}

/** A member as a process of its own, from its start to its end: it is called, and it is made to suffer. */
import { fileURLToPath } from 'node:url';
import type { CopyDigest } from '../../src/member/local-view.ts';
import type { FromCalled } from './called-messages.ts';
import { CalledProcess, type CalledProcessOptions, take } from './called-process.ts';
import type { FromMember, MemberConfig, ToMember } from './member-messages.ts';
import type { TrapOrder } from './trap.ts';
import { until } from './waiting.ts';

const program = fileURLToPath(new URL('./member-program.ts', import.meta.url));
/** No call takes longer. */
const answersMs = 30_000;

type Told = Exclude<FromMember, FromCalled>;

export interface MemberProcessOptions extends Omit<CalledProcessOptions, 'words'> {
  readonly config: MemberConfig;
  /** Told whom a trap has killed that sprang in it. */
  readonly onSprung: (victim: string) => void;
}

export class MemberProcess extends CalledProcess<ToMember, Told> {
  readonly #onSprung: (victim: string) => void;
  readonly #digests = new Map<number, (digests: readonly CopyDigest[]) => void>();
  #isRetired = false;

  constructor(name: string, { config, onSprung, ...options }: MemberProcessOptions) {
    super(name, { ...options, words: [program, JSON.stringify(config)] });
    this.#onSprung = onSprung;
  }

  override get isThere(): boolean {
    return !this.#isRetired && super.isThere;
  }

  digests(): Promise<readonly CopyDigest[]> {
    return new Promise((resolve) => {
      this.ask((request) => ({ do: 'digests', request }), this.#digests, resolve);
    });
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  setTrap(order: TrapOrder): void {
    this.isInDanger = order.trap !== undefined;
    this.tell({ do: 'trap', ...order });
  }

  /** Its thread does nothing else for so long. */
  block(ms: number): void {
    this.tell({ do: 'block', ms });
  }

  /** SIGSTOP and SIGCONT. */
  stop(): void {
    this.process.kill('SIGSTOP');
  }

  goOn(): void {
    this.process.kill('SIGCONT');
  }

  /** Has it hand over and end, when its callers have got their answers; resolves with its exit status. */
  async leave(): Promise<number | NodeJS.Signals | null> {
    this.#isRetired = true;
    await until(
      () => this.open === 0,
      () => `answers to ${this.open} calls of ${this.name}`,
      answersMs,
    );
    this.isExpectedToEnd = true;
    this.tell({ do: 'leave' });
    return this.ended;
  }

  protected receive(message: Told): void {
    if (message.tell === 'sprung') this.#onSprung(message.victim);
    else take(this.#digests, message.request)?.(message.digests);
  }

  protected forget(): void {
    for (const resolve of this.#digests.values()) resolve([]);
    this.#digests.clear();
  }
}

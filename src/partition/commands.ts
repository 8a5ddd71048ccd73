/**
 * What users of this member want the meta group to agree on: that structures come to be, and that they end.
 *
 * So many are on their way at a time and the rest wait, each within its time: who begins with a thousand maps
 * does not take the room of what the grid itself has to agree on (proposals.ts).
 */
import { Ring } from '../actors/ring.ts';
import type { Clock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import { defaultLimits } from '../base/limits.ts';
import type { Command } from './meta-state.ts';
import type { ProposalResult } from './proposals.ts';

export interface CommandsParts {
  readonly clock: Clock;
  /** Has a command committed; `done` gets undefined where that takes too long. */
  readonly commit: (
    command: Command,
    timeoutMs: number,
    done: (result: ProposalResult | undefined) => void,
  ) => void;
}

type Done = (result: ProposalResult | GridError) => void;

interface Waiting {
  readonly command: Command;
  readonly endsAt: number;
  readonly done: Done;
}

/** How long a command may take before its caller is told. */
export const commandTimeoutMs = 10_000;
const openMax = 256;
/** As many as there may be structures; past it `GRID_OVERLOADED`. */
const waitingMax = defaultLimits.structuresMax;

export class Commands {
  readonly #parts: CommandsParts;
  readonly #waiting = new Ring<Waiting>();
  #open = 0;
  #isStarting = false;

  constructor(parts: CommandsParts) {
    this.#parts = parts;
  }

  commit(command: Command, done: Done): void {
    if (this.#waiting.length >= waitingMax) {
      const text = `expected at most ${waitingMax} structures that come or go at a time, found ${this.#waiting.length}; wait for some before asking for more`;
      done(new GridError('GRID_OVERLOADED', text));
      return;
    }
    const endsAt = this.#parts.clock.monotonic() + commandTimeoutMs;
    this.#waiting.push({ command, endsAt, done });
    this.#start();
  }

  #start(): void {
    // A grid that is closed answers before `commit` returns.
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (this.#open < openMax) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#commit(next);
    }
    this.#isStarting = false;
  }

  #commit({ command, endsAt, done }: Waiting): void {
    const leftMs = endsAt - this.#parts.clock.monotonic();
    const what = `a command to the meta group (${command.type})`;
    if (leftMs <= 0) {
      done(noAnswer(what, 'not-applied'));
      return;
    }
    this.#open++;
    this.#parts.commit(command, leftMs, (result) => {
      this.#open--;
      done(result ?? noAnswer(what, 'unknown'));
      this.#start();
    });
  }
}

export function noAnswer(what: string, outcome: 'not-applied' | 'unknown'): GridError {
  const message = `expected ${what} to be committed within ${commandTimeoutMs} ms, found no majority of the voters that answers; check that most members are up and reachable`;
  return new GridError('GRID_NO_QUORUM', message, { outcome });
}

/**
 * Tells a queue which results of waits have come, in the background: as many at once as there are. Until it
 * is told, the primary keeps each result, so it is told until it has heard, or the grid is left.
 */
import type { Clock } from '../../base/clock.ts';
import type { Router, StructureRow } from '../../partition/router-port.ts';
import { settleOp } from './queue-ops.ts';

const timeoutMs = 10_000;
const retryMs = 1_000;
/** Tokens in one op. */
const batchMax = 1_024;
/** As many as a queue has waits; past it the oldest stays until its caller is gone. */
const tokensMax = 65_536;

export interface SettlementsOptions {
  readonly router: Pick<Router, 'submit'>;
  readonly clock: Clock;
  readonly partition: () => number;
}

export class Settlements {
  readonly #options: SettlementsOptions;
  #structure: StructureRow | undefined;
  #tokens: Uint8Array[] = [];
  #isBusy = false;

  constructor(options: SettlementsOptions) {
    this.#options = options;
  }

  add(structure: StructureRow, token: Uint8Array): void {
    // What a destroyed queue held is gone with it.
    if (structure.id !== this.#structure?.id) this.#tokens = [];
    this.#structure = structure;
    if (this.#tokens.length >= tokensMax) this.#tokens.shift();
    this.#tokens.push(token);
    this.#send();
  }

  #send(): void {
    const { router, partition } = this.#options;
    const structure = this.#structure;
    if (this.#isBusy || structure === undefined || this.#tokens.length === 0) return;
    this.#isBusy = true;
    const tokens = this.#tokens.splice(0, batchMax);
    router.submit({
      structure,
      partition: partition(),
      op: settleOp(tokens),
      isWrite: true,
      timeoutMs,
      signal: undefined,
      resolve: () => {
        this.#isBusy = false;
        this.#send();
      },
      reject: ({ code }) => {
        const isEnd = code === 'GRID_CLOSED' || code === 'GRID_PARTITION_LOST';
        if (!isEnd && structure.id === this.#structure?.id) this.#tokens.unshift(...tokens);
        this.#options.clock.setTimer(retryMs, () => {
          this.#isBusy = false;
          this.#send();
        });
      },
    });
  }
}

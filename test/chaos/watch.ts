/** Looks at what members see while something goes on, each by itself, and has every change noted. */
import { isDeepStrictEqual } from 'node:util';
import type { Witness } from './fault.ts';
import type { Fleet } from './fleet.ts';
import type { Outlook } from './history.ts';
import { pause } from './waiting.ts';

/** Much shorter than a doubt lasts, and than it takes to make another member primary. */
const lookEveryMs = 40;

export class Watch {
  readonly #fleet: Pick<Fleet, 'outlook' | 'nameOf'>;
  readonly #witness: Pick<Witness, 'sees'>;
  readonly #looks: Promise<void>[] = [];
  #isOver = false;

  constructor(fleet: Pick<Fleet, 'outlook' | 'nameOf'>, witness: Pick<Witness, 'sees'>) {
    this.#fleet = fleet;
    this.#witness = witness;
  }

  /** Resolves when the first look of each is noted. */
  async follow(members: readonly number[]): Promise<void> {
    await Promise.all(
      members.map(async (member) => {
        const first = await this.#fleet.outlook(member);
        this.#note(member, first);
        const looking = this.#look(member, first);
        // What it throws is thrown at the end.
        looking.catch(() => {});
        this.#looks.push(looking);
      }),
    );
  }

  /** Rejects where a member that was followed did not answer. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#looks);
  }

  async #look(member: number, first: Outlook): Promise<void> {
    let last = first;
    while (!this.#isOver) {
      await pause(lookEveryMs);
      const now = await this.#fleet.outlook(member);
      if (isDeepStrictEqual(now, last)) continue;
      this.#note(member, now);
      last = now;
    }
  }

  #note(member: number, outlook: Outlook): void {
    this.#witness.sees(this.#fleet.nameOf(member), outlook);
  }
}

/**
 * A structure that is destroyed again and again, by whomever, and made anew by who uses it next. Whoever was
 * told that it is destroyed never meets the destroyed one again.
 */
import type { StructureId } from '../../src/base/ids.ts';
import type { Random } from '../../src/base/random.ts';
import type { StructureRow } from '../../src/partition/router-port.ts';
import { Calling, type End } from './calling.ts';
import type { Caller, GridWorld } from './grid-world.ts';

export class Destruction {
  readonly violations: string[] = [];
  readonly calling: Calling;
  readonly #type: string;
  readonly #name: string;
  readonly #definition: Readonly<Record<string, unknown>>;
  /** What each caller was told to be destroyed. */
  readonly #told = new WeakMap<Caller, Set<StructureId>>();
  readonly #destroyed = new Set<StructureId>();

  constructor(grid: GridWorld, random: Random, type: string, name: string, options: object = {}) {
    this.calling = new Calling(grid, random, random.pick([1_000, 3_000]));
    this.#type = type;
    this.#name = name;
    this.#definition = { backups: grid.shape.backups, ...options };
  }

  /** How often it was destroyed, at least. */
  get count(): number {
    return this.#destroyed.size;
  }

  isDestroyed(id: StructureId): boolean {
    return this.#destroyed.has(id);
  }

  start(): void {
    this.calling.repeat((process, next) => {
      this.calling.begin<never>(
        process,
        (caller, end) => {
          const row = this.rowFor(caller);
          if (row === undefined) end('failed');
          else this.#destroy(caller, row, end);
        },
        next,
      );
    });
  }

  /** What a caller would use now. Where there is none, one is made for the next time. */
  rowFor(caller: Caller): StructureRow | undefined {
    const row = caller.router.structure(this.#type, this.#name);
    if (row === undefined) {
      caller.router.define(this.#type, this.#name, this.#definition, () => {});
    } else if (this.#told.get(caller)?.has(row.id)) {
      this.violations.push(
        `${this.#name} ${row.id} is there for who was told that it is destroyed`,
      );
    }
    return row;
  }

  #destroy(caller: Caller, row: StructureRow, end: End<never>): void {
    const { id } = row;
    // Whatever becomes of the call, it may happen.
    this.#destroyed.add(id);
    caller.router.destroy(row, (error) => {
      if (error !== undefined) {
        end('unknown');
        return;
      }
      const told = this.#told.get(caller) ?? new Set();
      this.#told.set(caller, told.add(id));
      end('ok');
    });
  }
}

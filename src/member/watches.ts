/**
 * Which clients want to hear of the end of which structures.
 *
 * Invariant: nothing is kept of a client that is gone, nor of a structure whose end was told. A client names
 * structures as it likes, also such as there never were.
 */
import type { StructureId } from '../base/ids.ts';

/** As many as there may be structures. */
const watchedMax = 65_536;

export class Watches<Client> {
  readonly #clients = new Map<StructureId, Set<Client>>();
  readonly #structures = new Map<Client, Set<StructureId>>();
  readonly #most: number;

  constructor(most = watchedMax) {
    this.#most = most;
  }

  /** How many structures are watched by anybody. */
  get size(): number {
    return this.#clients.size;
  }

  /** False where the client watches too many. */
  add(client: Client, id: StructureId): boolean {
    const structures = this.#structures.get(client) ?? new Set();
    if (structures.size >= this.#most && !structures.has(id)) return false;
    this.#structures.set(client, structures.add(id));
    this.#clients.set(id, (this.#clients.get(id) ?? new Set()).add(client));
    return true;
  }

  clientGone(client: Client): void {
    for (const id of this.#structures.get(client) ?? []) {
      const clients = this.#clients.get(id);
      clients?.delete(client);
      if (clients?.size === 0) this.#clients.delete(id);
    }
    this.#structures.delete(client);
  }

  /** Who watched the structures for which `isGone` holds; they watch them no more. */
  takeWhere(isGone: (id: StructureId) => boolean): [StructureId, Set<Client>][] {
    const taken = [...this.#clients].filter(([id]) => isGone(id));
    for (const [id, clients] of taken) {
      this.#clients.delete(id);
      for (const client of clients) this.#structures.get(client)?.delete(id);
    }
    return taken;
  }
}

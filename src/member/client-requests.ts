/** What clients ask of a member beside ops: structures, their ends, whether the grid is safe. */
import { GridError } from '../base/errors.ts';
import type { Router, StructureRow } from '../partition/router-port.ts';
import type { ClientDefine, ClientRequest, ClientRow, ToClient } from '../wire/client-messages.ts';

/** What a structure is created with, from what its first user asks for. Throws a `GridError`. */
export type DefinitionOf = (
  type: string,
  name: string,
  asked: Readonly<Record<string, unknown>>,
) => Readonly<Record<string, unknown>>;

export interface ClientRequestsParts {
  readonly router: Router;
  readonly definitionOf: DefinitionOf;
  readonly structures: () => Iterable<StructureRow>;
  readonly isSafe: () => boolean;
  readonly acceptLoss: (timeoutMs: number, done: (isCommitted: boolean) => void) => void;
}

type Answer = (message: ToClient) => void;

const commitMs = 10_000;
/** Structures in one answer; a client asks for more after the last of them. */
const rowsMax = 1_000;

export class ClientRequests {
  readonly #parts: ClientRequestsParts;

  constructor(parts: ClientRequestsParts) {
    this.#parts = parts;
  }

  receive(message: ClientRequest, answer: Answer): void {
    const { request } = message;
    switch (message.kind) {
      case 'client.define':
        this.#define(message, answer);
        break;
      case 'client.destroy':
        this.#destroy(message.structure, (error) => answer(done(request, error)));
        break;
      case 'client.list':
        answer({ kind: 'client.rows', request, rows: this.#page(message.after) });
        break;
      case 'client.safe':
        answer(done(request, this.#parts.isSafe() ? undefined : notSafe()));
        break;
      case 'client.accept-loss':
        this.#parts.acceptLoss(commitMs, (isCommitted) => {
          answer(done(request, isCommitted ? undefined : notCommitted()));
        });
    }
  }

  #define({ request, type, name, options }: ClientDefine, answer: Answer): void {
    const finish = (result: StructureRow | GridError) => {
      if (GridError.is(result)) answer(done(request, result));
      else answer({ kind: 'client.rows', request, rows: [rowOf(result)] });
    };
    try {
      const asked = optionsOf(options);
      const definition = this.#parts.definitionOf(type, name, asked);
      const known = this.#parts.router.structure(type, name);
      // Who asks for nothing takes what there is, and the member's own defaults only where there is none.
      if (known !== undefined && Object.keys(asked).length === 0) finish(known);
      else this.#parts.router.define(type, name, definition, finish);
    } catch (error) {
      if (!GridError.is(error)) throw error;
      finish(error);
    }
  }

  #destroy(id: StructureRow['id'], finish: (error: GridError | undefined) => void): void {
    for (const row of this.#parts.structures()) {
      if (row.id !== id) continue;
      this.#parts.router.destroy(row, finish);
      return;
    }
    finish(undefined);
  }

  #page(after: number): ClientRow[] {
    const rows = [...this.#parts.structures()].filter(({ id }) => id > after);
    return rows
      .sort((a, b) => a.id - b.id)
      .slice(0, rowsMax)
      .map(rowOf);
  }
}

function rowOf({ id, name, type, backups, options }: StructureRow): ClientRow {
  return { id, name, type, backups, options: JSON.stringify(options) };
}

function optionsOf(json: string): Readonly<Record<string, unknown>> {
  try {
    const options: unknown = JSON.parse(json);
    if (typeof options === 'object' && options !== null && !Array.isArray(options)) {
      return options as Readonly<Record<string, unknown>>;
    }
  } catch {
    // Said below, as of any other text.
  }
  throw new GridError('GRID_BAD_OPTION', 'expected options as an object, found something else');
}

function done(request: number, error: GridError | undefined): ToClient {
  return {
    kind: 'client.done',
    request,
    code: error?.code ?? '',
    message: error?.message ?? '',
    isDoubtful: error?.outcome === 'unknown',
  };
}

function notSafe(): GridError {
  return new GridError('GRID_TIMEOUT', 'a partition lacks a copy');
}

function notCommitted(): GridError {
  const text =
    'expected the members to agree, found no majority of the voters that answers; check that most members are up and reachable';
  return new GridError('GRID_NO_QUORUM', text, { outcome: 'unknown' });
}

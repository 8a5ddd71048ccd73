/** Asks a member over HTTP on its port. */
import { GridError } from '../base/errors.ts';
import type { Member } from '../grid.ts';
import type { PartitionSummary } from '../member/local-view.ts';

export const defaultUrl = 'ws://127.0.0.1:7400';
const answerMs = 5_000;

export interface Answers {
  '/v1/members': {
    readonly self: string;
    readonly leader?: string;
    readonly members: readonly Member[];
  };
  '/v1/partitions': { readonly partitions: readonly PartitionSummary[] };
  '/v1/copies': { readonly toCome: number };
}

/** `url`: as for clients, `ws://host:port`; `http://` and a bare `host:port` do as well. */
export async function ask<Path extends keyof Answers>(
  url: string,
  path: Path,
): Promise<Answers[Path]> {
  const base = url.replace(/^ws/, 'http');
  const full = `${/^https?:\/\//.test(base) ? base : `http://${base}`}`.replace(/\/$/, '') + path;
  const response = await fetch(full, { signal: AbortSignal.timeout(answerMs) }).catch(
    (cause: unknown) => {
      const message = `expected a member at ${url}, found none that answers; see that one runs there`;
      throw new GridError('GRID_UNREACHABLE', message, { cause });
    },
  );
  if (response.ok) return (await response.json()) as Answers[Path];
  const found = `status ${response.status}: ${(await response.text()).slice(0, 200).trim()}`;
  throw new GridError(
    'GRID_UNREACHABLE',
    `expected an answer of a member at ${full}, found ${found}`,
  );
}

/**
 * Health and the state of the grid over plain HTTP on the member's port. Reading only: nothing here
 * changes anything, and nothing asks another member.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** What a member says of itself and of its copy of the table. */
export interface AdminView {
  readonly self: string;
  readonly leader: string | undefined;
  readonly process: unknown;
  readonly isReady: boolean;
  readonly isSafe: boolean;
  members(): readonly unknown[];
  partitions(): readonly unknown[];
  structures(): readonly unknown[];
  copiesToCome(): number;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Route = (view: AdminView) => Answer;

/** The body of a probe is for people; what counts is the status. */
const probe = (isWell: boolean, word: string): Answer => ({
  status: isWell ? 200 : 503,
  body: { [word]: isWell },
});

const routes: Readonly<Record<string, Route>> = {
  '/livez': () => probe(true, 'live'),
  '/readyz': (view) => probe(view.isReady, 'ready'),
  '/safez': (view) => probe(view.isSafe, 'safe'),
  '/v1/self': (view) => ({ status: 200, body: view.process }),
  '/v1/members': (view) => ({
    status: 200,
    body: { self: view.self, leader: view.leader, members: view.members() },
  }),
  '/v1/partitions': (view) => ({ status: 200, body: { partitions: view.partitions() } }),
  '/v1/copies': (view) => ({ status: 200, body: { toCome: view.copiesToCome() } }),
  '/v1/structures': (view) => ({ status: 200, body: { structures: view.structures() } }),
};

export function adminOf(view: AdminView): RequestListener {
  return (request, response) => {
    send(request, response, answerTo(request, view));
  };
}

function answerTo(request: IncomingMessage, view: AdminView): Answer {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, body: { error: `expected GET, found ${request.method}` } };
  }
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) {
    const known = Object.keys(routes).join(', ');
    return { status: 404, body: { error: `expected one of ${known}, found another path` } };
  }
  try {
    return route(view);
  } catch {
    // Before it has joined and after it has closed a member has no table to tell of.
    return { status: 503, body: { error: 'this member is not in a cluster at present' } };
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, body }: Answer): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/**
 * The grid as a light client sees it: promises and the handles of all structures over a session.
 *
 * Invariants
 * 1. `closed` resolves exactly once. A client that finds no member goes on looking until it is closed.
 */
import type { Observable } from 'rxjs';
import { abortedError, type CallOptions, checkedTimeoutMs } from '../base/call-options.ts';
import { systemClock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import { defaultLimits } from '../base/limits.ts';
import type { Logger } from '../base/logger.ts';
import { systemRandom } from '../base/random.ts';
import { waitFor } from '../base/waiting.ts';
import type {
  ConnectOptions,
  GridClient,
  GridEvent,
  GridMap,
  GridQueue,
  Key,
  MapOptions,
  Member,
  QueueOptions,
  StructureSummary,
} from '../grid.ts';
import type { GridTopic, TopicOptions } from '../grid-topic.ts';
import { MapHandle } from '../structures/map/map-handle.ts';
import { QueueHandle } from '../structures/queue/queue-handle.ts';
import { summariesOf } from '../structures/summaries-handle.ts';
import { TopicHandle } from '../structures/topic/topic-handle.ts';
import { Topics } from '../structures/topic/topics.ts';
import { endWaits } from '../transport/end-waits.ts';
import type { ClientRow } from '../wire/client-messages.ts';
import { outcomeOf } from './asks.ts';
import { memberOf } from './client-events.ts';
import { rowFrom } from './client-router.ts';
import { type ConnectPlan, checkConnectOptions } from './connect-options.ts';
import { clientDefinition } from './definitions.ts';
import { closedError, Session } from './session.ts';
import type { OpenSocket } from './socket.ts';

/** How long the first links to primaries are waited for when there is a table. */
const settleMs = 1_000;
const askAgainMs = 50;
/** Structures that a member gives in one answer, at least, where there are more. */
const pageRows = 1_000;

type Question = Parameters<Session['ask']>[0];

/** Resolves when a member let this client in and told it the table. `dialling`: how, where it shows a credential or not. */
export async function connectThrough(
  urls: string | readonly string[],
  options: ConnectOptions | undefined,
  dialling: (showsCredential: boolean) => OpenSocket,
): Promise<GridClient> {
  const plan = checkConnectOptions(urls, options);
  const session = new Session({
    ...plan,
    clock: systemClock,
    random: systemRandom,
    limits: defaultLimits,
    openSocket: dialling(plan.credential !== ''),
  });
  try {
    session.start();
    await whenReady(session, plan);
  } catch (error) {
    session.close();
    throw error;
  }
  return new ConnectedGrid(session, plan.logger);
}

async function whenReady(session: Session, { timeoutMs, signal }: ConnectPlan): Promise<void> {
  const { links, table } = session;
  const hasTable = () => {
    if (links.refusal?.code === 'GRID_REFUSED') {
      throw new GridError('GRID_REFUSED', `expected to be let in, found that ${links.findings}`);
    }
    return table.latest !== undefined;
  };
  if (!(await waitFor(hasTable, { clock: systemClock, timeoutMs, signal }))) {
    const message = `expected a member that answers within ${timeoutMs} ms, found none (${links.findings}); see that the URLs are those of members that are up`;
    throw new GridError('GRID_UNREACHABLE', message);
  }
  const wait = { clock: systemClock, timeoutMs: Math.min(timeoutMs, settleMs), signal };
  await waitFor(() => links.isSettled, wait);
}

class ConnectedGrid implements GridClient {
  readonly closed: Promise<void>;
  readonly #session: Session;
  readonly #topics: Topics;
  readonly #departure = new AbortController();
  #isClosed = false;
  #resolveClosed: () => void = () => {};

  constructor(session: Session, logger: Logger) {
    this.#session = session;
    this.#topics = new Topics({
      router: session.router,
      clock: systemClock,
      limits: defaultLimits,
      logger,
    });
    session.onLineage = () => this.#topics.lineageChanged();
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  get members(): readonly Member[] {
    return (this.#session.table.latest?.members ?? []).map(memberOf);
  }

  get events(): Observable<GridEvent> {
    return this.#session.events.events;
  }

  map<K extends Key = Key, V = unknown>(name: string, options?: MapOptions): GridMap<K, V> {
    const { router } = this.#session;
    const definition = clientDefinition('map', name, options);
    return new MapHandle<K, V>({ router, clock: systemClock, name, definition });
  }

  queue<T = unknown>(name: string, options?: QueueOptions): GridQueue<T> {
    const { router } = this.#session;
    const definition = clientDefinition('queue', name, options);
    const { signal: leaving } = this.#departure;
    return new QueueHandle<T>({ router, clock: systemClock, name, definition, leaving });
  }

  topic<M = unknown>(name: string, options?: TopicOptions): GridTopic<M> {
    const definition = clientDefinition('topic', name, options);
    return new TopicHandle<M>({ topics: this.#topics, name, definition });
  }

  async structures(options?: CallOptions): Promise<readonly StructureSummary[]> {
    const rows: ClientRow[] = [];
    for (let after = 0; ; ) {
      const page = await this.#ask({ kind: 'client.list', after }, options);
      rows.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < pageRows) break;
      after = last.id;
    }
    const checkOpen = () => {
      if (this.#isClosed) throw closedError();
    };
    const { router } = this.#session;
    const found = rows.map(rowFrom);
    return summariesOf(found, { router, clock: systemClock, checkOpen }, options);
  }

  async safe(options?: CallOptions): Promise<void> {
    const timeoutMs = checkedTimeoutMs(options);
    const endsAt = systemClock.monotonic() + timeoutMs;
    for (;;) {
      const leftMs = endsAt - systemClock.monotonic();
      if (leftMs <= 0) throw notSafe(timeoutMs);
      try {
        await this.#ask({ kind: 'client.safe' }, { ...options, timeout: leftMs });
        return;
      } catch (error) {
        if (!GridError.is(error, 'GRID_TIMEOUT') || options?.signal?.aborted === true) throw error;
        await waitFor(() => false, {
          clock: systemClock,
          timeoutMs: askAgainMs,
          signal: options?.signal,
        });
      }
    }
  }

  async acceptLoss(options?: CallOptions): Promise<void> {
    await this.#ask({ kind: 'client.accept-loss' }, options);
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      const ended = endWaits(this.#session.calls, this.#departure, systemClock);
      if (ended === undefined) this.#close();
      else void ended.then(() => this.#close());
    }
    return this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #close(): void {
    this.#session.close();
    this.#topics.close(undefined);
    this.#resolveClosed();
  }

  #ask(question: Question, options: CallOptions | undefined): Promise<readonly ClientRow[]> {
    return new Promise((resolve, reject) => {
      const timeoutMs = checkedTimeoutMs(options);
      const signal = options?.signal;
      if (this.#isClosed) throw closedError();
      if (signal?.aborted === true) throw abortedError(signal, 'not-applied');
      const { aborts } = this.#session.router;
      const abort = () => signal !== undefined && reject(abortedError(signal, outcomeOf(question)));
      aborts.add(signal, abort);
      this.#session.ask(question, timeoutMs, (result) => {
        aborts.remove(signal, abort);
        if (GridError.is(result)) reject(result);
        else resolve(result);
      });
    });
  }
}

function notSafe(timeoutMs: number): GridError {
  const message = `expected every partition to have all its copies within ${timeoutMs} ms, found some that lack one; wait longer, or see \`shoal partitions\``;
  return new GridError('GRID_TIMEOUT', message);
}

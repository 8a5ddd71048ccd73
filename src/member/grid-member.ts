/**
 * The grid as a process sees it that is a member: promises and events over `Member`.
 *
 * Invariants
 * 1. There is one incarnation at a time; handles reach it through `CurrentRouter`, so they outlive it.
 * 2. `closed` resolves exactly once: after `leave`, or when this process can serve no more.
 * 3. A process that the others removed comes back by itself, under a new identity on the same port.
 */
import type { RequestListener } from 'node:http';
import type { Observable } from 'rxjs';
import { abortedError, type CallOptions, checkedTimeoutMs } from '../base/call-options.ts';
import { repeat, systemClock } from '../base/clock.ts';
import { GridError } from '../base/errors.ts';
import type { Address } from '../base/ids.ts';
import { waitFor } from '../base/waiting.ts';
import type {
  Grid,
  GridEvent,
  GridMap,
  GridQueue,
  JoinOptions,
  Key,
  MapOptions,
  Member as MemberView,
  QueueOptions,
  StructureSummary,
} from '../grid.ts';
import type { GridTopic, TopicOptions } from '../grid-topic.ts';
import type { BeforeStep } from '../partition/move-steps.ts';
import { MapHandle } from '../structures/map/map-handle.ts';
import { QueueHandle } from '../structures/queue/queue-handle.ts';
import { summariesOf } from '../structures/summaries-handle.ts';
import { TopicHandle } from '../structures/topic/topic-handle.ts';
import { Topics } from '../structures/topic/topics.ts';
import { endWaits } from '../transport/end-waits.ts';
import type { Refused } from '../wire/handshake.ts';
import { type AdmissionView, isAdmitted, whyNotAdmitted } from './admission.ts';
import { CurrentRouter, closedError } from './current-router.ts';
import { type Discovery, discoveryOf } from './discovery.ts';
import { leaveOnSignals } from './exit-signals.ts';
import { cannotGoAlone, goOnAlone } from './going-alone.ts';
import { GridEvents } from './grid-events.ts';
import { Identities } from './identities.ts';
import type { Incarnation } from './incarnation.ts';
import type { Inheritance } from './inheritance.ts';
import { leaveCluster } from './leaving.ts';
import { LocalView } from './local-view.ts';
import { mapDefinition } from './map-definition.ts';
import type { Member } from './member.ts';
import { memberViews } from './member-views.ts';
import { checkJoinOptions, type JoinPlan } from './options.ts';
import { queueDefinition } from './queue-definition.ts';
import { SuccessionLog } from './succession-log.ts';
import { topicDefinition } from './topic-definition.ts';

/** Answers plain HTTP requests on the member's port. */
export type AdminOf = (view: LocalView) => RequestListener;

/** How long a rejoin is waited for at a time. */
const rejoinMs = 60_000;
const observeMs = 100;
/** Who sends SIGTERM usually waits 30 s before SIGKILL. */
const signalLeaveMs = 25_000;

type Phase = 'joining' | 'in' | 'leaving' | 'closed';

export class GridMember implements Grid {
  readonly closed: Promise<void>;
  readonly #plan: JoinPlan;
  readonly #requests: RequestListener;
  readonly #discovery: Discovery;
  readonly #events = new GridEvents();
  readonly #router: CurrentRouter;
  readonly #topics: Topics;
  readonly #refusals = new Map<Address, Refused>();
  #phase: Phase = 'joining';
  readonly #log: SuccessionLog;
  /** Of how many lost partitions the log has told, and of how many that began anew. */
  #lostTold = 0;
  #anewTold = 0;
  readonly #identities: Identities;
  #failure: unknown;
  readonly #departure = new AbortController();
  #leaving: Promise<void> | undefined;
  #removeSignals: () => void = () => {};
  #resolveClosed: () => void = () => {};

  /** Resolves when this process is a member that serves. `GRID_BAD_OPTION` before anything is opened. */
  static async join(
    options: JoinOptions,
    adminOf: AdminOf,
    beforeStep?: BeforeStep,
  ): Promise<GridMember> {
    const grid = new GridMember({ ...checkJoinOptions(options), beforeStep }, adminOf);
    try {
      await grid.#join();
    } catch (error) {
      await grid.#close();
      throw error;
    }
    return grid;
  }

  private constructor(plan: JoinPlan, adminOf: AdminOf) {
    this.#plan = plan;
    this.#log = new SuccessionLog(plan.logger);
    this.#discovery = discoveryOf(plan);
    this.#router = new CurrentRouter(
      () => this.#member.router,
      () => (this.#phase === 'closed' ? { error: this.#ownFailure } : undefined),
    );
    this.#topics = new Topics({
      router: this.#router,
      clock: systemClock,
      limits: plan.settings.limits,
      logger: plan.logger,
    });
    this.#requests = adminOf(
      new LocalView(
        () => this.#member,
        () => this.#phase === 'in',
      ),
    );
    this.#identities = this.#createIdentities();
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  get self(): MemberView {
    const { id, settings } = this.#member;
    const found = this.members.find((member) => member.id === id);
    if (found !== undefined) return found;
    const zone = settings.zone === '' ? undefined : settings.zone;
    const state = this.#isOpen ? 'joining' : 'leaving';
    return { id, name: settings.name, address: this.#incarnation.address, zone, state };
  }

  get members(): readonly MemberView[] {
    const member = this.#member;
    return memberViews(member.state, (id) => member.isDoubtful(id));
  }

  get events(): Observable<GridEvent> {
    return this.#events.events;
  }

  map<K extends Key = Key, V = unknown>(name: string, options?: MapOptions): GridMap<K, V> {
    const { maps, mergePolicies } = this.#plan;
    const definition = mapDefinition(name, options, maps, mergePolicies);
    return new MapHandle<K, V>({ router: this.#router, clock: systemClock, name, definition });
  }

  queue<T = unknown>(name: string, options?: QueueOptions): GridQueue<T> {
    const definition = queueDefinition(name, options, this.#plan.queues);
    const { signal: leaving } = this.#departure;
    return new QueueHandle<T>({
      router: this.#router,
      clock: systemClock,
      name,
      definition,
      leaving,
    });
  }

  topic<M = unknown>(name: string, options?: TopicOptions): GridTopic<M> {
    const definition = topicDefinition(name, options, this.#plan.topics);
    return new TopicHandle<M>({ topics: this.#topics, name, definition });
  }

  async structures(options?: CallOptions): Promise<readonly StructureSummary[]> {
    const checkOpen = () => this.#checkOpen();
    checkOpen();
    const rows = [...this.#member.state.structures.values()];
    return summariesOf(rows, { router: this.#router, clock: systemClock, checkOpen }, options);
  }

  async safe(options?: CallOptions): Promise<void> {
    const timeoutMs = checkedTimeoutMs(options);
    const isSafe = () => {
      this.#checkOpen();
      return this.#phase === 'in' && this.#member.isReady && this.#member.isSafe;
    };
    if (await waitFor(isSafe, { clock: systemClock, timeoutMs, signal: options?.signal })) return;
    const states = this.members.map(({ name, state }) => `${name} ${state}`).join(', ');
    const message = `expected every partition to have all its copies within ${timeoutMs} ms, found that ${this.#member.unsafeReason ?? 'this member is not ready'} (members: ${states}); wait longer, or see \`shoal partitions\``;
    throw new GridError('GRID_TIMEOUT', message);
  }

  acceptLoss(options?: CallOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      const timeoutMs = checkedTimeoutMs(options);
      const signal = options?.signal;
      if (signal?.aborted === true) throw abortedError(signal, 'not-applied');
      const { aborts } = this.#router;
      const abort = () => signal !== undefined && reject(abortedError(signal, 'unknown'));
      // Where this identity ends meanwhile nobody answers.
      const timer = systemClock.setTimer(timeoutMs, () => finish(false));
      const finish = (isDone: boolean) => {
        timer.cancel();
        aborts.remove(signal, abort);
        if (isDone) resolve();
        else reject(notAgreed(timeoutMs));
      };
      aborts.add(signal, abort);
      this.#member.acceptLoss(timeoutMs, finish);
    });
  }

  goOnAlone(options?: CallOptions): Promise<void> {
    const member = () => {
      this.#checkOpen();
      if (this.#phase === 'leaving') throw cannotGoAlone('this member is leaving');
      return this.#member;
    };
    return goOnAlone(member, systemClock, options);
  }

  async leave(options?: CallOptions): Promise<void> {
    const timeoutMs = checkedTimeoutMs(options);
    const signal = options?.signal;
    if (signal?.aborted === true && this.#isOpen) throw abortedError(signal, 'not-applied');
    this.#leaving ??= this.#leave(timeoutMs, signal);
    await this.#leaving;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  get #isOpen(): boolean {
    return this.#phase === 'joining' || this.#phase === 'in';
  }

  get #incarnation(): Incarnation {
    const { current } = this.#identities;
    if (current === undefined) throw closedError();
    return current;
  }

  get #member(): Member {
    return this.#incarnation.member;
  }

  get #ownFailure(): GridError | undefined {
    return GridError.is(this.#failure) ? this.#failure : undefined;
  }

  #checkOpen(): void {
    if (this.#phase === 'closed') throw closedError(this.#failure);
  }

  // --- coming in

  async #join(): Promise<void> {
    const { timeoutMs, signal } = this.#plan;
    const endsAt = systemClock.monotonic() + timeoutMs;
    await this.#discovery.prepare(endsAt, signal);
    await this.#identities.begin(this.#discovery.addresses);
    this.#discovery.attend(() => this.#identities.current);
    const leftMs = Math.max(0, endsAt - systemClock.monotonic());
    const isIn = () => {
      if (this.#failure !== undefined) throw this.#failure;
      return isAdmitted(this.#admission());
    };
    if (!(await waitFor(isIn, { clock: systemClock, timeoutMs: leftMs, signal }))) {
      throw whyNotAdmitted(this.#admission(), timeoutMs);
    }
    this.#phase = 'in';
    this.#removeSignals = leaveOnSignals(() => this.leave({ timeout: signalLeaveMs }));
    const timer = repeat(systemClock, observeMs, () => {
      this.#observe();
      this.#observeProgress();
    });
    void this.closed.then(() => timer.cancel());
    this.#discovery.settled();
  }

  #createIdentities(): Identities {
    return new Identities({
      plan: this.#plan,
      requests: this.#requests,
      events: {
        onTable: () => this.#observe(),
        onSwim: () => this.#observe(),
        onRejected: (address, refused) => this.#refusals.set(address, refused),
        onSlowLoop: (lagMs) => this.#events.emit({ type: 'slow-loop', lagMs }),
        // The member tells this in the middle of its turn; what follows begins after it.
        onStopped: (reason, error) => systemClock.defer(() => this.#stopped(reason, error)),
        onSucceeded: (heritage) => systemClock.defer(() => this.#succeed(heritage)),
        onApart: (lineage) => this.#log.apart(this.#member.id, lineage),
      },
    });
  }

  #admission(): AdmissionView {
    const { member, address } = this.#incarnation;
    const { addresses, unresolved } = this.#discovery;
    const tried = addresses.filter((seed) => seed !== address);
    return { member, address, tried, unresolved, refusals: this.#refusals };
  }

  /** An incarnation that has ended tells nothing any more: the next one looks afresh. */
  #observe(): void {
    const member = this.#member;
    if (this.#phase !== 'in' || member.isClosed) return;
    this.#events.observe(member.state, (id) => member.isDoubtful(id), member.isSafe);
    const { lost, begunAnew } = this.#events;
    const anew = begunAnew - this.#anewTold;
    this.#anewTold = begunAnew;
    if (anew > 0) {
      const message = `LOST: all copies of ${anew} partitions were given up; they begin anew, empty`;
      this.#plan.logger.error({ self: member.id, lost: anew }, message);
    }
    if (lost > this.#lostTold) {
      const message = `LOST: all copies of ${lost} partitions are gone; calls on them are refused until grid.acceptLoss()`;
      this.#plan.logger.error({ self: member.id, lost }, message);
    }
    this.#lostTold = lost;
  }

  #observeProgress(): void {
    const { state, isClosed } = this.#member;
    if (this.#phase === 'in' && !isClosed) this.#events.observeProgress(state);
  }

  // --- being thrown out

  #stopped(reason: 'removed' | 'failed', error: unknown): void {
    if (!this.#isOpen) return;
    const { logger } = this.#plan;
    if (reason === 'removed') {
      logger.warn({ self: this.#member.id }, 'the other members removed this one; it joins again');
      this.#events.emit({ type: 'reconnecting' });
      void this.#rejoin(this.#member.unfinished);
      return;
    }
    const message =
      'expected this member to go on, found that it lost an invariant; start it again';
    this.#failure = new GridError('GRID_CLOSED', message, { cause: error });
    logger.error({ self: this.#member.id, error }, message);
    if (this.#phase === 'in') void this.#close();
  }

  /** This process goes on as another member: alone, or where its lineage was merged. */
  #succeed(inheritance: Inheritance): void {
    if (this.#phase !== 'in') return;
    this.#log.succeeds(inheritance);
    this.#events.emit({ type: 'reconnecting' });
    void this.#rejoin(inheritance);
  }

  async #rejoin(inheritance?: Inheritance): Promise<void> {
    await this.#identities.next(() => this.#isOpen, this.#discovery.addresses, inheritance);
    this.#events.reset();
    const isIn = () => !this.#isOpen || this.#member.isReady;
    while (!(await waitFor(isIn, { clock: systemClock, timeoutMs: rejoinMs })));
    if (this.#phase !== 'in') return;
    if (inheritance !== undefined) this.#topics.lineageChanged();
    if (inheritance?.kind === 'fork') this.#events.tellSplit(this.#member.state);
    this.#events.emit({ type: 'connected' });
  }

  // --- going

  async #leave(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#phase === 'closed') return;
    this.#phase = 'leaving';
    const { logger } = this.#plan;
    try {
      await endWaits(this.#member.calls, this.#departure, systemClock);
      await leaveCluster(this.#member, { clock: systemClock, timeoutMs, signal, logger });
    } finally {
      await this.#close();
    }
  }

  async #close(): Promise<void> {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#removeSignals();
    this.#discovery.close();
    this.#topics.close(this.#ownFailure);
    await this.#identities.current?.close();
    this.#events.close();
    this.#resolveClosed();
  }
}

function notAgreed(timeoutMs: number): GridError {
  const message = `expected the members to agree within ${timeoutMs} ms, and this one to hear of it, found that it has not; check that most members are up and reachable`;
  return new GridError('GRID_NO_QUORUM', message, { outcome: 'unknown' });
}

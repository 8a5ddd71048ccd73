/**
 * The one reader of a topic in this process: asks the primary for what follows its position, again and
 * again, and gives what comes to every subscriber here. It knows no promises.
 *
 * Invariants
 * 1. `#position` is the last number of the line (structure, line) that was taken from the wire; every
 *    attached subscriber was offered all up to it, or is about to be in the dispatch under way.
 * 2. At most one read is on its way, and at most one batch waits while another is dispatched.
 * 3. An answer to a question of an earlier round is ignored.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { repeat } from '../../base/clock.ts';
import type { GridError } from '../../base/errors.ts';
import type { StructureId } from '../../base/ids.ts';
import { Backoff } from './backoff.ts';
import type { Subscriber } from './subscriber.ts';
import { CatchUp } from './topic-catch-up.ts';
import { Dispatch } from './topic-dispatch.ts';
import { type Batch, type Head, noLine } from './topic-ops.ts';
import type { SourceCall, TopicSource } from './topic-source.ts';

export type From = 'now' | 'earliest' | number;

const pollTimeoutMs = 60_000;
const catchUpTimeoutMs = 10_000;
/** How often it looks whether the topic is another now. */
const lookMs = 250;
/** A definition that takes longer was lost with the member that asked for it. */
const defineMaxMs = 15_000;
/** Messages given to subscribers before other work has its turn. */
const deliveriesPerTurn = 2_000;
/** What sending again cannot mend. */
const fatalCodes: ReadonlySet<string> = new Set([
  'GRID_BAD_OPTION',
  'GRID_BAD_VALUE',
  'GRID_FORBIDDEN',
]);

export class TopicReader {
  readonly #source: TopicSource;
  readonly #clock: Clock;
  readonly #onIdle: () => void;
  /** Subscriptions whose place is being asked for. */
  #coming = 0;
  readonly #attached = new Set<Subscriber>();
  readonly #behind = new Map<Subscriber, CatchUp>();
  readonly #backoff = new Backoff();
  #structure = 0 as StructureId;
  #line = noLine;
  #position = 0;
  #round = 0;
  #isRunning = false;
  /** What was read is of another lineage; the subscribers are told with the next question. */
  #isElsewhere = false;
  #isAdvancing = false;
  #isAsked = false;
  /** What was asked is that the topic be made, not what follows. */
  #isDefining = false;
  #askedAt = 0;
  #abort: AbortController | undefined;
  #retry: Timer | undefined;
  #look: Timer | undefined;
  /** Taken from the wire and not yet dispatched. */
  #next: Batch | undefined;
  #dispatch: Dispatch | undefined;
  #budget = deliveriesPerTurn;

  /** `onIdle`: nobody subscribes here any more. */
  constructor(source: TopicSource, clock: Clock, onIdle: () => void = () => {}) {
    this.#source = source;
    this.#clock = clock;
    this.#onIdle = onIdle;
  }

  get subscribers(): number {
    return this.#attached.size + this.#behind.size;
  }

  /** The subscriber is in force when `done` is called without an error. */
  subscribe(
    subscriber: Subscriber,
    from: From,
    call: SourceCall,
    done: (error: GridError | undefined) => void,
  ): void {
    const ended = (error: GridError | undefined) => {
      this.#coming--;
      done(error);
      this.#rest();
    };
    const found = (head: Head) => ended(this.#place(subscriber, from, call.row.id, head));
    this.#coming++;
    this.#source.head(call, found, ended);
  }

  detach(subscriber: Subscriber): void {
    this.#attached.delete(subscriber);
    this.#behind.get(subscriber)?.stop();
    this.#behind.delete(subscriber);
    this.#rest();
  }

  #rest(): void {
    if (this.subscribers > 0) return;
    this.#stop();
    if (this.#coming === 0) this.#onIdle();
  }

  /** The topic was destroyed here: it need not be found out by the primary's silence. */
  recheck(): void {
    if (!this.#isRunning) return;
    this.#forget();
    this.#advance();
  }

  /** The grid goes on in another lineage, where the numbers of this one mean nothing. */
  lineageChanged(): void {
    if (!this.#isRunning) return;
    this.#isElsewhere = true;
    this.#forget();
    this.#advance();
  }

  /** Ends every subscriber. */
  close(error: GridError | undefined): void {
    for (const subscriber of [...this.#attached, ...this.#behind.keys()]) subscriber.end(error);
  }

  #place(
    subscriber: Subscriber,
    from: From,
    structure: StructureId,
    head: Head,
  ): GridError | undefined {
    if (!subscriber.isOpen) return undefined;
    if (this.#isOutdated(structure, head.line)) return this.#source.gone();
    if (!this.#isRunning) this.#start(structure, head);
    else if (structure !== this.#structure) this.#restart(structure, head.line);
    else this.#follow(head.line);
    begin(subscriber, from, head, this.#position);
    if (subscriber.cursor >= this.#position) this.#attached.add(subscriber);
    else this.#behind.set(subscriber, this.#catchUp(subscriber));
    this.#advance();
    return undefined;
  }

  /** Whether another topic or line has taken the place of the one that answered. */
  #isOutdated(structure: StructureId, line: number): boolean {
    if (structure !== this.#source.row?.id) return true;
    return this.#isRunning && structure === this.#structure && line < this.#line;
  }

  #start(structure: StructureId, { line, last }: Head): void {
    this.#isRunning = true;
    this.#structure = structure;
    this.#line = line;
    this.#position = last;
    this.#look = repeat(this.#clock, lookMs, () => this.#lookAround());
  }

  #stop(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#forget();
    this.#look?.cancel();
    this.#dispatch = undefined;
  }

  /** Whatever was asked, its answer is not wanted. */
  #forget(): void {
    this.#round++;
    this.#isAsked = false;
    this.#next = undefined;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#abort?.abort();
    this.#abort = undefined;
  }

  /** Numbers count from 1 again: every subscriber is told, and goes on with the first that is there. */
  #restart(structure: StructureId, line: number): void {
    this.#forget();
    this.#finishDispatch();
    this.#isElsewhere = false;
    this.#structure = structure;
    this.#line = line;
    this.#position = 0;
    const behind = [...this.#behind];
    this.#behind.clear();
    for (const [subscriber, catchUp] of behind) {
      catchUp.stop();
      this.#attached.add(subscriber);
    }
    for (const subscriber of [...this.#attached]) subscriber.restart();
  }

  /** The primary says which line there is now. */
  #follow(line: number): void {
    if (this.#line === noLine) this.#line = line;
    else if (this.#line !== line) this.#restart(this.#structure, line);
  }

  // --- asking

  #advance(): void {
    // A primary in this process answers before `submit` returns.
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    while (this.#isRunning) {
      if (this.#next !== undefined && this.#dispatch === undefined) this.#take(this.#next);
      else if (!this.#isAsked && this.#next === undefined && this.#retry === undefined) this.#ask();
      else break;
    }
    this.#isAdvancing = false;
  }

  #ask(): void {
    const { row } = this.#source;
    this.#askedAt = this.#clock.monotonic();
    const isOther = row?.id !== this.#structure || this.#isElsewhere;
    if (row !== undefined && isOther) this.#restart(row.id, noLine);
    this.#isAsked = true;
    this.#isDefining = row === undefined;
    const round = this.#round;
    const failed = (error: GridError) => {
      if (round === this.#round) this.#failed(error);
    };
    if (row === undefined) {
      this.#source.define((error) => {
        if (round !== this.#round) return;
        this.#isAsked = false;
        if (error === undefined) this.#advance();
        else this.#failed(error);
      });
      return;
    }
    this.#abort = new AbortController();
    const call = { row, timeoutMs: pollTimeoutMs, signal: this.#abort.signal };
    const found = (batch: Batch) => {
      if (round !== this.#round) return;
      this.#isAsked = false;
      this.#backoff.reset();
      this.#next = batch;
      this.#advance();
    };
    this.#source.read(call, this.#line, this.#position, found, failed);
  }

  #failed(error: GridError): void {
    this.#isAsked = false;
    // No room for another call that waits: that passes only where others end theirs, and who subscribes is to know.
    const hasNoRoom = error.code === 'GRID_OVERLOADED' && !this.#isDefining;
    if (fatalCodes.has(error.code) || hasNoRoom) {
      this.#finishDispatch();
      this.close(error);
      return;
    }
    this.#retry = this.#clock.setTimer(this.#backoff.next(), () => {
      this.#retry = undefined;
      this.#advance();
    });
  }

  #lookAround(): void {
    if (!this.#isAsked) return;
    const { row } = this.#source;
    const isLate = this.#clock.monotonic() - this.#askedAt > defineMaxMs;
    if (this.#isDefining ? isLate : row?.id !== this.#structure) this.recheck();
  }

  // --- giving

  #take(batch: Batch): void {
    this.#next = undefined;
    this.#follow(batch.line);
    const last = batch.first + batch.messages.length - 1;
    if (last <= this.#position) return;
    this.#position = last;
    this.#dispatch = new Dispatch(batch, [...this.#attached]);
    // The next is on its way while this one is given out.
    if (!this.#isAsked) this.#ask();
    this.#deliver();
  }

  #deliver(): void {
    const dispatch = this.#dispatch;
    if (dispatch === undefined) return;
    while (!dispatch.isOver) {
      if (this.#budget <= 0) {
        this.#clock.defer(() => {
          this.#budget = deliveriesPerTurn;
          if (this.#dispatch === dispatch) this.#deliver();
          this.#advance();
        });
        return;
      }
      this.#budget -= dispatch.next();
    }
    if (this.#dispatch === dispatch) this.#dispatch = undefined;
  }

  /** Without a pause: what follows is of another line. */
  #finishDispatch(): void {
    const dispatch = this.#dispatch;
    this.#dispatch = undefined;
    while (dispatch !== undefined && !dispatch.isOver) dispatch.next();
  }

  #catchUp(subscriber: Subscriber): CatchUp {
    return new CatchUp({
      subscriber,
      clock: this.#clock,
      read: (after, found, failed) => {
        const { row } = this.#source;
        // Where there is none, the shared reader will find the next topic and say so.
        if (row === undefined || row.id !== this.#structure || this.#isElsewhere) {
          failed(this.#source.gone());
          return;
        }
        const call = { row, timeoutMs: catchUpTimeoutMs, signal: undefined };
        this.#source.read(call, this.#line, after, found, failed);
      },
      hasMet: (cursor) => cursor >= this.#position,
      onMet: () => {
        this.#behind.delete(subscriber);
        this.#attached.add(subscriber);
      },
      isFollowed: (batch) => {
        if (batch.line === this.#line) return true;
        this.#follow(batch.line);
        this.#advance();
        return false;
      },
    });
  }
}

/** Sets the subscriber to before the first message that it wants. */
function begin(subscriber: Subscriber, from: From, { first, last }: Head, position: number): void {
  if (from === 'now') {
    subscriber.cursor = Math.max(last, position);
  } else if (from === 'earliest') {
    subscriber.cursor = first - 1;
  } else {
    subscriber.cursor = from - 1;
    if (from <= last + 1) return;
    // A number that was not reached yet belongs to an earlier topic of this name.
    subscriber.restart();
    subscriber.cursor = first - 1;
  }
}

/**
 * A queue and a topic while lineages part and merge: each lineage gives each item once, what one side pushed
 * or published since is there afterwards, once, and in order.
 */
import { defaultLimits } from '../../src/base/limits.ts';
import { bareOp, queueOps, tryPushOp } from '../../src/structures/queue/queue-ops.ts';
import { noLine, publishOp, readBatch, readOp } from '../../src/structures/topic/topic-ops.ts';
import { decodeValue, encodeValue } from '../../src/wire/value.ts';
import type { How } from './calling.ts';
import type { ForkCalls, MemberProcess } from './fork-calls.ts';
import type { Report, Round } from './fork-round.ts';

export const queueName = 'jobs';
export const topicName = 'news';
const violationsMax = 10;

/** An item or a message. */
interface Good {
  readonly text: string;
  /** Who brought it, in which life and lineage: those of one maker keep their order. */
  readonly maker: string;
  readonly lineage: string;
  readonly how: How;
  readonly begunAt: number;
  readonly endedAt: number;
}

interface Take {
  readonly text: string;
  readonly lineage: string;
  readonly begunAt: number;
}

const queueTarget = { type: 'queue', name: queueName, key: queueName, isWrite: true };
const topicTarget = { type: 'topic', name: topicName, key: topicName };

export class ForkGoods {
  readonly violations: string[] = [];
  readonly counts = { pushed: 0, taken: 0, doubly: 0, published: 0, absent: 0 };
  readonly #calls: ForkCalls;
  readonly #items = new Map<string, Good>();
  readonly #messages = new Map<string, Good>();
  readonly #takes: Take[] = [];
  /** Takes of which nobody knows whether they took something. */
  #unknownTakes = 0;
  #made = 0;

  constructor(calls: ForkCalls) {
    this.#calls = calls;
  }

  start(process: MemberProcess, pauseMs: number): void {
    const calls = this.#calls;
    calls.repeat(process, pauseMs, (next) => this.#push(process, next));
    calls.repeat(process, pauseMs * 2, (next) => this.#take(process, next));
    calls.repeat(process, pauseMs, (next) => this.#publish(process, next));
  }

  /** In the calm after a merge. */
  check(round: Round, queue: Report, topic: Report, processes: readonly MemberProcess[]): void {
    const [first] = processes;
    if (first === undefined) return;
    this.#drain(first, round);
    this.#checkItems(round, queue);
    this.#checkMessages(round, topic, first);
  }

  #push(process: MemberProcess, next: () => void): void {
    const text = this.#name(process);
    const op = () => tryPushOp(encodeValue(text, defaultLimits));
    this.#calls.call(process, queueTarget, op, (ended) => {
      this.#note(this.#items, text, process, ended);
      next();
    });
  }

  #publish(process: MemberProcess, next: () => void): void {
    const text = this.#name(process);
    const op = () => publishOp(encodeValue(text, defaultLimits));
    this.#calls.call(process, { ...topicTarget, isWrite: true }, op, (ended) => {
      this.#note(this.#messages, text, process, ended);
      next();
    });
  }

  #take(process: MemberProcess, next: () => void): void {
    this.#calls.call(process, queueTarget, takeOp, ({ how, raw, lineage, begunAt }) => {
      if (how === 'unknown') this.#unknownTakes++;
      else if (how === 'ok' && raw.length > 0) this.#took(raw, lineage, begunAt);
      next();
    });
  }

  #took(raw: Uint8Array, lineage: string, begunAt: number): string {
    const text = String(decodeValue(raw));
    this.#takes.push({ text, lineage, begunAt });
    return text;
  }

  #name({ name, starts }: MemberProcess): string {
    return `${name}.${starts} ${++this.#made}`;
  }

  #note(
    goods: Map<string, Good>,
    text: string,
    { name, starts }: MemberProcess,
    { how, lineage, begunAt, endedAt }: Omit<Good, 'text' | 'maker'>,
  ): void {
    const maker = `${name}.${starts} ${lineage}`;
    if (how !== 'failed') goods.set(text, { text, maker, how, lineage, begunAt, endedAt });
  }

  /** One taker alone: what it takes has to be in order. */
  #drain(process: MemberProcess, { winner, number }: Round): void {
    const latest = new Map<string, number>();
    for (;;) {
      const raw = this.#calls.answer(process, queueTarget, takeOp);
      if (raw === undefined) this.#violation(`a take fails in the calm of round ${number}`);
      if (raw === undefined || raw.length === 0) return;
      const text = this.#took(raw, winner, this.#calls.grid.world.now);
      this.#checkOrder(latest, this.#items.get(text), `queue: ${text} was given`);
    }
  }

  #checkOrder(latest: Map<string, number>, good: Good | undefined, what: string): void {
    if (good === undefined) return;
    const number = Number(good.text.split(' ')[1]);
    const before = latest.get(good.maker) ?? 0;
    if (number < before) this.#violation(`${what} after ${before}`);
    latest.set(good.maker, number);
  }

  #checkItems(round: Round, report: Report): void {
    const taken = new Map<string, Take[]>();
    for (const take of this.#takes) taken.set(take.text, [...(taken.get(take.text) ?? []), take]);
    for (const takes of taken.values()) this.#checkTakes(round, takes);
    this.counts.taken += this.#takes.length;
    let absent = 0;
    for (const item of this.#items.values()) {
      if (item.how !== 'ok') continue;
      this.counts.pushed++;
      if (!taken.has(item.text)) absent++;
    }
    const excused = report.discarded + this.#unknownTakes;
    if (!round.isMissing && absent > excused) {
      this.#violation(`${absent} items were never given, ${excused} may be gone`);
    }
    this.counts.absent += absent;
    this.#items.clear();
    this.#takes.length = 0;
    this.#unknownTakes = 0;
  }

  /** Each lineage gives an item once; two give it where it was there when they parted, until they meet. */
  #checkTakes(round: Round, takes: readonly Take[]): void {
    const [{ text }] = takes as [Take];
    const lineages = new Set(takes.map(({ lineage }) => lineage));
    if (lineages.size < takes.length) this.#violation(`${text} twice: ${JSON.stringify(takes)}`);
    if (takes.length === 1 || round.isNested) return;
    this.counts.doubly++;
    const item = this.#items.get(text);
    const isLate = takes.some(({ begunAt }) => begunAt > round.doneAt) && !round.isMissing;
    if (!isLate && (item === undefined || item.begunAt < round.commonUntil)) return;
    this.#violation(`${text} is given again: ${JSON.stringify({ item, takes })}`);
  }

  #checkMessages(round: Round, report: Report, process: MemberProcess): void {
    const { absent, isRead } = this.#readAll(process);
    if (!isRead) this.#violation(`a read of the topic fails in the calm of round ${round.number}`);
    if (!round.isMissing && absent.length > report.discarded) {
      this.#violation(`lost messages: ${JSON.stringify(absent.slice(0, 3))} of ${absent.length}`);
    }
    this.counts.published += this.#messages.size;
    this.counts.absent += absent.length;
    this.#messages.clear();
  }

  /** Every message of the round once, and those of one maker in order. */
  #readAll(process: MemberProcess): { absent: Good[]; isRead: boolean } {
    const latest = new Map<string, number>();
    const seen = new Set<string>();
    const op = () => readOp(noLine, 0, 10_000_000);
    const raw = this.#calls.answer(process, { ...topicTarget, isWrite: false }, op);
    for (const { value } of raw === undefined ? [] : readBatch(raw).messages) {
      const text = String(decodeValue(value));
      if (seen.has(text)) this.#violation(`message ${text} stands there twice`);
      seen.add(text);
      this.#checkOrder(latest, this.#messages.get(text), `topic: ${text} stands`);
    }
    const absent = [...this.#messages.values()].filter(
      ({ how, text }) => how === 'ok' && !seen.has(text),
    );
    return { absent, isRead: raw !== undefined };
  }

  #violation(text: string): void {
    if (this.violations.length < violationsMax) this.violations.push(`goods: ${text}`);
  }
}

const takeOp = () => bareOp(queueOps.tryTake);

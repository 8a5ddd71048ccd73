/**
 * What subscribers of a topic may see: one order for all, nothing twice, and nothing missing without a
 * gap that names it. Counts say how much there was to look at.
 */
import type { TopicGap } from '../../src/grid-topic.ts';
import type { From } from '../../src/structures/topic/topic-reader.ts';

/** One publish; `end` stays undefined where nobody is left who could hear of it. */
export interface PublishRecord {
  readonly value: string;
  /** Moments are counted up: whatever has the smaller one came first. */
  readonly begunAt: number;
  end: 'ok' | 'failed' | 'unknown' | undefined;
  number: number | undefined;
}

export type Seen =
  | { readonly kind: 'message'; readonly sequence: number; readonly value: unknown }
  | { readonly kind: 'gap'; readonly gap: TopicGap };

export interface SubscriptionRecord {
  readonly subscriber: string;
  readonly from: From;
  readonly seen: Seen[];
  inForceAt: number | undefined;
  /** Whoever it was of died, or it was closed. */
  isOver: boolean;
}

export class TopicChecker {
  readonly violations: string[] = [];
  readonly looks = { messages: 0, gaps: 0, acknowledged: 0, owed: 0 };
  /** The message of each number, as whoever saw it first says. */
  readonly #order = new Map<number, unknown>();
  readonly #numbers = new Map<unknown, number>();

  check(
    publishes: readonly PublishRecord[],
    subscriptions: readonly SubscriptionRecord[],
    all: SubscriptionRecord,
  ): void {
    for (const publish of publishes) this.#checkPublish(publish);
    for (const subscription of subscriptions) this.#checkSubscription(subscription);
    for (const { value, end } of publishes) {
      if (end === 'failed' && this.#numbers.has(value))
        this.#report(`${value} failed and was seen`);
    }
    this.#checkEnd(publishes, subscriptions, all);
  }

  #checkPublish({ value, end, number }: PublishRecord): void {
    if (end !== 'ok' || number === undefined) return;
    this.looks.acknowledged++;
    this.#place(number, value, 'its publisher');
  }

  #checkSubscription(subscription: SubscriptionRecord): void {
    const name = `${subscription.subscriber} from ${subscription.from}`;
    let next = typeof subscription.from === 'number' ? subscription.from : 0;
    for (const seen of subscription.seen) {
      const [from, to] =
        seen.kind === 'message' ? [seen.sequence, seen.sequence] : [seen.gap.from, seen.gap.to];
      if (next !== 0 && from !== next) this.#report(`${name}: ${next} expected, ${from} seen`);
      if (to === undefined) {
        this.#report(`${name}: a restart of a topic that never was destroyed`);
        return;
      }
      next = to + 1;
      if (seen.kind === 'gap') {
        this.looks.gaps++;
        continue;
      }
      this.looks.messages++;
      this.#place(seen.sequence, seen.value, name);
    }
  }

  #place(number: number, value: unknown, who: string): void {
    const other = this.#order.get(number);
    if (other !== undefined && other !== value) {
      this.#report(`number ${number} is ${value} to ${who} and ${other} to another`);
    }
    const elsewhere = this.#numbers.get(value);
    if (elsewhere !== undefined && elsewhere !== number) {
      this.#report(`${value} has the numbers ${number} and ${elsewhere}`);
    }
    this.#order.set(number, value);
    this.#numbers.set(value, number);
  }

  /** Whoever is still there has seen, or was told of, all that was published since it is in force. */
  #checkEnd(
    publishes: readonly PublishRecord[],
    subscriptions: readonly SubscriptionRecord[],
    all: SubscriptionRecord,
  ): void {
    const last = lastOf(all);
    for (const [number, value] of this.#order) {
      if (number > last)
        this.#report(`${value} was seen as ${number}, and the topic ends at ${last}`);
    }
    for (const subscription of subscriptions) {
      if (!subscription.isOver) this.#checkOwed(publishes, subscription);
    }
  }

  #checkOwed(publishes: readonly PublishRecord[], subscription: SubscriptionRecord): void {
    const name = `${subscription.subscriber} from ${subscription.from}`;
    const { inForceAt, seen } = subscription;
    if (inForceAt === undefined) {
      this.#report(`${name} never came into force`);
      return;
    }
    const first = seen[0];
    const begin = first?.kind === 'message' ? first.sequence : (first?.gap.from ?? Infinity);
    const end = lastOf(subscription);
    for (const { begunAt, number, value } of publishes) {
      if (number === undefined || begunAt < inForceAt) continue;
      this.looks.owed++;
      if (number < begin || number > end) {
        this.#report(`${name} never heard of ${value}, number ${number}`);
      }
    }
  }

  #report(violation: string): void {
    if (this.violations.length < 10) this.violations.push(violation);
  }
}

/** The last number that it has seen or was told of. */
export function lastOf({ seen }: SubscriptionRecord): number {
  const last = seen.at(-1);
  if (last === undefined) return 0;
  return last.kind === 'message' ? last.sequence : (last.gap.to ?? 0);
}

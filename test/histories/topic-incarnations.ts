/**
 * What subscribers may see of a topic that is destroyed and made anew: one incarnation after the other, never
 * back, each in one order for all, and a restart told between two of them.
 */
import {
  type PublishRecord,
  type Seen,
  type SubscriptionRecord,
  TopicChecker,
} from './topic-checker.ts';

/** What one subscriber saw of one incarnation. */
interface Part {
  readonly incarnation: number;
  readonly record: SubscriptionRecord;
}

/** Where a destroyed topic ended nobody knows. */
const endless: SubscriptionRecord = {
  subscriber: 'nobody',
  from: 'earliest',
  seen: [{ kind: 'gap', gap: { from: 1, to: Number.MAX_SAFE_INTEGER, reason: 'trimmed' } }],
  inForceAt: undefined,
  isOver: true,
};

export class TopicIncarnations {
  readonly violations: string[] = [];
  readonly looks = { messages: 0, incarnations: 0, restarts: 0 };
  readonly #of: ReadonlyMap<unknown, number>;

  /** `of`: the incarnation to which each value was published. A larger one is later. */
  constructor(of: ReadonlyMap<unknown, number>) {
    this.#of = of;
  }

  check(publishes: readonly PublishRecord[], subscriptions: readonly SubscriptionRecord[]): void {
    const parts = subscriptions.flatMap((subscription) => this.#partsOf(subscription));
    for (const incarnation of new Set(this.#of.values())) {
      const own = parts.filter((part) => part.incarnation === incarnation);
      this.#checkOne(
        publishes.filter(({ value }) => this.#of.get(value) === incarnation),
        own.map(({ record }) => record),
        incarnation,
      );
    }
  }

  #checkOne(
    publishes: readonly PublishRecord[],
    subscriptions: readonly SubscriptionRecord[],
    incarnation: number,
  ): void {
    const checker = new TopicChecker();
    // Nobody saw anything of it.
    if (subscriptions.length === 0) return;
    this.looks.incarnations++;
    checker.check(publishes, subscriptions, endless);
    this.looks.messages += checker.looks.messages;
    this.violations.push(
      ...checker.violations.map((text) => `incarnation ${incarnation}: ${text}`),
    );
  }

  /** Takes apart what was seen, where it says that the topic began anew. */
  #partsOf(subscription: SubscriptionRecord): Part[] {
    const parts: Part[] = [];
    let seen: Seen[] = [];
    let from = subscription.from;
    const end = () => {
      const incarnation = this.#incarnationOf(subscription, seen);
      if (incarnation !== undefined) {
        const last = parts.at(-1);
        if (last !== undefined && last.incarnation >= incarnation) {
          this.violations.push(
            `${subscription.subscriber}: ${incarnation} after ${last.incarnation}`,
          );
        }
        // What it is owed is looked at over all incarnations.
        parts.push({ incarnation, record: { ...subscription, from, seen, isOver: true } });
      }
      seen = [];
      from = 'earliest';
    };
    for (const item of subscription.seen) {
      if (item.kind === 'message' || item.gap.to !== undefined) seen.push(item);
      else {
        this.looks.restarts++;
        end();
      }
    }
    end();
    return parts;
  }

  #incarnationOf({ subscriber }: SubscriptionRecord, seen: readonly Seen[]): number | undefined {
    const all = new Set<number | undefined>();
    for (const item of seen) if (item.kind === 'message') all.add(this.#of.get(item.value));
    if (all.size > 1)
      this.violations.push(`${subscriber} was told of no restart between ${[...all]}`);
    return [...all][0];
  }
}

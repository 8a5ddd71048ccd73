/**
 * How messages of another history of a topic come into this one (docs/decisions/0018-merges.md): what was
 * published there since the two went apart is published here as well, in its order and with its time.
 *
 * Numbers count from the fork on in both, so which messages both have is known by numbers alone: those
 * before the line with which either side went on alone. Where two bring what they have of one history, members of
 * one lineage or of two, the second brings what the first has not: which that is the messages say themselves.
 */
import { murmur3 } from '../../base/hash.ts';
import type { Offer, RunContext, Since } from '../../partition/store.ts';
import { ByteReader, ByteWriter, sameBytes } from '../../wire/bytes.ts';
import { checkFloor, type MergeCount } from '../merging.ts';
import type { TopicLog } from './topic-log.ts';
import { topicOps } from './topic-ops.ts';

/** The other side did not go on alone: it has no line of its own. */
const noRank = 0;

/** About so many bytes of the messages that are retained, from a number on; one at least. */
export function offerMessages(log: TopicLog, from: number, bytes: number, since: Since): Offer {
  const { retained, last } = log.head;
  const writer = new ByteWriter();
  writer.byte(topicOps.merge);
  writer.varint(since.floor);
  writer.varint(since.other ?? noRank);
  let number = Math.max(from, firstOffered(log, since));
  const isAgain = since.isBroughtAgain || since.isPartlyThere;
  const counts = isAgain ? new MessageCounts(log, retained, number - 1) : undefined;
  writer.byte(isAgain ? 1 : 0);
  let count = 0;
  for (; number <= last && (count === 0 || writer.length < bytes); number++, count++) {
    const [publishedAt, value] = [log.publishedAt(number), log.value(number)];
    writer.varint(number);
    writer.varint(publishedAt);
    writer.block(value);
    if (counts !== undefined) writer.varint(counts.add(publishedAt, value));
  }
  return {
    next: number <= last ? number : undefined,
    op: count === 0 ? undefined : writer.take(),
    count,
    isRepeatable: false,
  };
}

function firstOffered(log: TopicLog, { own, other }: Since): number {
  const { retained } = log.head;
  // Where the other side went on alone, it knows which numbers both have.
  const isKnownThere = other !== undefined || own === undefined;
  return isKnownThere ? retained : Math.max(retained, log.beginningOf(own + 1));
}

export function mergeMessages(
  log: TopicLog,
  writer: ByteWriter,
  op: Uint8Array,
  line: number,
  context: RunContext,
): MergeCount {
  const reader = new ByteReader(op, 1);
  checkFloor(reader.varint(), context);
  const rank = reader.varint();
  const own = rank === noRank ? 0 : log.beginningOf(rank + 1);
  const { retained, last } = log.head;
  const counts = reader.byte() === 1 ? new MessageCounts(log, retained, last) : undefined;
  const now = Math.floor(context.gridTime);
  let kept = 0;
  while (!reader.isAtEnd) {
    const number = reader.varint();
    const publishedAt = Math.min(now, reader.varint());
    const value = reader.block();
    // The third of those that are alike is there where three are.
    const isThere = counts !== undefined && reader.varint() <= counts.of(publishedAt, value);
    if (isThere || (number < own && hasBoth(log, number, value))) continue;
    counts?.add(publishedAt, value);
    log.append(writer, value, publishedAt, line);
    kept++;
  }
  return { kept, discarded: 0 };
}

/** How often each of some messages is there, by its time and by what its bytes hash to. */
class MessageCounts {
  readonly #counts = new Map<string, number>();

  constructor(log: TopicLog, from: number, to: number) {
    for (let number = from; number <= to; number++) {
      this.add(log.publishedAt(number), log.value(number));
    }
  }

  of(publishedAt: number, value: Uint8Array): number {
    return this.#counts.get(nameOf(publishedAt, value)) ?? 0;
  }

  /** One more; the how many-th it is. */
  add(publishedAt: number, value: Uint8Array): number {
    const name = nameOf(publishedAt, value);
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count;
  }
}

function nameOf(publishedAt: number, value: Uint8Array): string {
  return `${publishedAt} ${value.length} ${murmur3(value)} ${murmur3(value, 1)}`;
}

/**
 * A message from before one of the two went on alone. Of the last of them, which nobody had acknowledged
 * when the two lost each other, each may have another at the same number.
 */
function hasBoth(log: TopicLog, number: number, value: Uint8Array): boolean {
  const { kept, last } = log.head;
  return number < kept || (number <= last && sameBytes(log.value(number), value));
}

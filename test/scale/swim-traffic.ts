/** What members send until all that start at once know each other, and what each sends while nothing happens. */
import { pushPullScale } from '../../src/membership/healing.ts';
import { minuteMs, type ScaleTable, SwimWorld, settled } from './swim-world.ts';

export interface TrafficFigures {
  /** Sent by a member in a period. */
  readonly messages: number;
  readonly bytes: number;
  readonly tableBytes: number;
}

export interface FormingFigures {
  readonly tookMs: number;
  /** Sent by whoever sends most, which is a seed, and by a member on average. */
  readonly mostBytes: number;
  readonly meanBytes: number;
}

export function measureForming(members: number): FormingFigures {
  const world = new SwimWorld({ seed: 1, size: members });
  if (!world.runUntil(() => world.isOfOneView(), 10 * minuteMs)) {
    throw new Error(`${members} members do not come together`);
  }
  return {
    tookMs: world.nowMs,
    mostBytes: Math.max(...world.residents.map(({ sentBytes }) => sentBytes)),
    meanBytes: world.bytes / members,
  };
}

export function measureTraffic(members: number): TrafficFigures {
  const world = settled(members, 1);
  const { pushPullMs, probeIntervalMs } = world.timings;
  // All compare tables within the first half minute: whole rounds, or too many of them or none are seen.
  const forMs = Math.max(minuteMs, pushPullMs * pushPullScale(members));
  world.run(forMs);
  const share = (forMs / probeIntervalMs) * members;
  return {
    messages: world.messages / share,
    bytes: world.bytes / share,
    tableBytes: world.largest.table,
  };
}

export const trafficTable: ScaleTable = {
  titles: [
    'members',
    'messages a period',
    'bytes a period',
    'a whole table, KB',
    'all start at once: of one view after, s',
    'sent until then by a seed, KB',
    'by a member on average, KB',
  ],
  row(members) {
    const { messages, bytes, tableBytes } = measureTraffic(members);
    const forming = measureForming(members);
    return [
      `${members}`,
      messages.toFixed(2),
      `${Math.round(bytes)}`,
      (tableBytes / 1_000).toFixed(1),
      (forming.tookMs / 1_000).toFixed(1),
      (forming.mostBytes / 1_000).toFixed(0),
      (forming.meanBytes / 1_000).toFixed(0),
    ];
  },
};

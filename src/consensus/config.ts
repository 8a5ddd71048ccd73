/**
 * Who belongs to the group. A config counts from the moment its entry stands in the log, committed or
 * not, and stops counting when the entry is cut off again. Changes go one voter at a time, so the
 * majorities of neighbouring configs overlap; but for the step from one voter to three, which its leader alone
 * may take: from the moment that it has written that down it decides nothing alone any more, nobody else could
 * ever decide by the config before, and nobody leads by the new one who does not have it, and so all before it.
 */
import { assert } from '../base/assert.ts';
import type { MemberId } from '../base/ids.ts';
import type { RaftConfig } from '../wire/consensus-messages.ts';
import { groupMembersMax } from './raft-options.ts';

export type ConfigChange =
  | {
      readonly kind: 'add-learner' | 'promote' | 'demote' | 'remove';
      readonly member: MemberId;
    }
  /** Two learners get votes at once, beside a leader that is the only voter. */
  | { readonly kind: 'promote-pair'; readonly member: MemberId; readonly other: MemberId };

export const emptyConfig: RaftConfig = { voters: [], learners: [] };

export function majorityOf(config: RaftConfig): number {
  return Math.floor(config.voters.length / 2) + 1;
}

export function isVoter(config: RaftConfig, member: MemberId): boolean {
  return config.voters.includes(member);
}

export function isMember(config: RaftConfig, member: MemberId): boolean {
  return isVoter(config, member) || config.learners.includes(member);
}

/** The largest number that a majority of the voters reaches. */
export function reachedByMajority(
  config: RaftConfig,
  reached: (voter: MemberId) => number,
): number | undefined {
  const numbers = config.voters.map(reached).sort((a, b) => b - a);
  return numbers[majorityOf(config) - 1];
}

/** The config after a change, or undefined where the change does not fit. */
export function changed(config: RaftConfig, change: ConfigChange): RaftConfig | undefined {
  if (change.kind === 'promote-pair') return withPair(config, change.member, change.other);
  const { member } = change;
  const voters = config.voters.filter((voter) => voter !== member);
  const learners = config.learners.filter((learner) => learner !== member);
  if (!fits(config, change.kind, member)) return undefined;
  if (change.kind === 'promote') return { voters: [...voters, member], learners };
  // Without a voter nobody could ever decide anything again.
  if (voters.length === 0) return undefined;
  if (change.kind === 'remove') return { voters, learners };
  return { voters, learners: [...learners, member] };
}

function withPair(config: RaftConfig, one: MemberId, other: MemberId): RaftConfig | undefined {
  const { voters, learners } = config;
  const areLearners = learners.includes(one) && learners.includes(other);
  if (voters.length !== 1 || one === other || !areLearners) return undefined;
  return {
    voters: [...voters, one, other],
    learners: learners.filter((id) => id !== one && id !== other),
  };
}

type SingleChange = Exclude<ConfigChange['kind'], 'promote-pair'>;

function fits(config: RaftConfig, kind: SingleChange, member: MemberId): boolean {
  switch (kind) {
    case 'add-learner':
      return (
        !isMember(config, member) && config.voters.length + config.learners.length < groupMembersMax
      );
    case 'promote':
      return config.learners.includes(member);
    case 'demote':
      return isVoter(config, member);
    case 'remove':
      return isMember(config, member);
  }
}

export function encodeConfig(config: RaftConfig): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([config.voters, config.learners]));
}

export function decodeConfig(body: Uint8Array): RaftConfig {
  const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
  assert(Array.isArray(parsed) && parsed.length === 2, 'a config entry has two lists');
  const [voters, learners] = parsed as [MemberId[], MemberId[]];
  return { voters, learners };
}

interface ConfigAt {
  readonly index: number;
  readonly config: RaftConfig;
}

/** The configs of the log, from the one in force at its base to the newest. */
export class ConfigHistory {
  #configs: ConfigAt[] = [{ index: 0, config: emptyConfig }];

  get latest(): RaftConfig {
    return this.#last.config;
  }

  get latestIndex(): number {
    return this.#last.index;
  }

  /** The config in force at an index that the log still holds. */
  at(index: number): RaftConfig {
    return this.#atOrBefore(index).config;
  }

  /**
   * Whether a member may have to lead. A voter that its own newest entry removes still stands for
   * election until that entry is committed: it may be the only one that can commit it.
   */
  mayStand(member: MemberId, commit: number): boolean {
    const inForce = this.#atOrBefore(commit).index;
    return this.#configs.some(({ index, config }) => index >= inForce && isVoter(config, member));
  }

  append(index: number, config: RaftConfig): void {
    this.#configs.push({ index, config });
  }

  truncateFrom(index: number): void {
    this.#configs = this.#configs.filter((held) => held.index < index);
  }

  compactTo(index: number): void {
    const kept = this.#atOrBefore(index);
    this.#configs = this.#configs.filter((held) => held.index >= kept.index);
  }

  reset(index: number, config: RaftConfig): void {
    this.#configs = [{ index, config }];
  }

  get #last(): ConfigAt {
    return this.#configs[this.#configs.length - 1] as ConfigAt;
  }

  #atOrBefore(index: number): ConfigAt {
    const found = this.#configs.findLast((held) => held.index <= index);
    assert(found !== undefined, `no config is known at ${index}`);
    return found;
  }
}

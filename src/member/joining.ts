/** How a process comes into a cluster: looks for one that takes it in, or for others with whom to form one. */
import type { Clock } from '../base/clock.ts';
import type { Address, MemberId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { ClusterSettings, Command, NewMember } from '../partition/meta-state.ts';
import type { ProposalResult } from '../partition/proposals.ts';
import { Formation } from './formation.ts';
import { clusterSettingsOf, type MemberSettings } from './member-settings.ts';

/** What it needs of the member around it. */
export interface JoiningParts {
  readonly self: NewMember;
  readonly settings: MemberSettings;
  readonly clock: Clock;
  readonly random: Random;
  /** Data members that can be reached, as membership sees it. */
  others(): readonly MemberId[];
  /** Whether any other process has shown that it is in a cluster. */
  hasSeenCluster(): boolean;
  form(clusterId: string, settings: ClusterSettings): void;
  /** From now on the leader of a cluster may take this process in. */
  follow(): void;
  pledgeTo(candidate: MemberId): void;
  commit(
    command: Command,
    timeoutMs: number,
    done: (result: ProposalResult | undefined) => void,
  ): void;
}

export class Joining {
  readonly #parts: JoiningParts;
  readonly #formation: Formation;
  #isAsking = false;
  #refusal = '';

  constructor(parts: JoiningParts) {
    this.#parts = parts;
    const { expect, mayFormAlone, seeds, timings, data: isData } = parts.settings;
    const { id: self } = parts.self;
    const hasOtherSeeds = this.#hasOthers(seeds);
    const patienceMs = timings.electionMaxMs * 2;
    const needsPermit = parts.settings.needsPermit ?? false;
    const options = { self, isData, expect, hasOtherSeeds, mayFormAlone, patienceMs, needsPermit };
    this.#formation = new Formation(options, parts.clock.monotonic());
  }

  /** The seeds are others than before. */
  seedsChanged(seeds: readonly Address[], mayFormAlone: boolean): void {
    this.#formation.seedsChanged({ hasOtherSeeds: this.#hasOthers(seeds), mayFormAlone });
  }

  turnedAway(): void {
    this.#formation.turnedAway();
  }

  permitForming(untilMs: number | undefined): void {
    this.#formation.permit(untilMs);
  }

  /** Whether this process begins a cluster; the table follows. */
  get isForming(): boolean {
    return this.#formation.isOver;
  }

  /** Why the cluster does not take this process in; empty where nothing is known. */
  get refusal(): string {
    return this.#refusal;
  }

  pledgedBy(from: MemberId): void {
    this.#formation.pledgedBy(from, this.#parts.clock.monotonic());
  }

  tick(): void {
    const { clock, random, settings } = this.#parts;
    const others = this.#parts.others();
    const step = this.#formation.next(others, this.#parts.hasSeenCluster(), clock.monotonic());
    if (step.kind === 'form') {
      this.#parts.form(random.id(), clusterSettingsOf(settings));
    } else if (step.kind !== 'wait') {
      if (step.kind === 'pledge') this.#parts.pledgeTo(step.candidate);
      this.#ask();
    }
  }

  /** Where there may be others they are waited for, as if they were there. */
  #hasOthers(seeds: readonly Address[]): boolean {
    const { self, settings } = this.#parts;
    return settings.seedsMayChange === true || seeds.some((seed) => seed !== self.address);
  }

  #ask(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#parts.follow();
    const { self: member, settings } = this.#parts;
    const command = { type: 'join', member, settings: clusterSettingsOf(settings) } as const;
    this.#parts.commit(command, settings.timings.electionMaxMs * 4, (result) => {
      this.#isAsking = false;
      this.#refusal = result?.refusal ?? '';
    });
  }
}

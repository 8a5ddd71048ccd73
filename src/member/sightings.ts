/** What membership knows of others, as those ask who decide about forks and merges. */
import type { MemberId } from '../base/ids.ts';
import type { Swim } from '../membership/swim.ts';
import type { Sightings } from '../partition/fork-watch.ts';

export class MemberSightings implements Sightings {
  readonly #self: MemberId;
  /** It is made before membership is. */
  readonly #swim: () => Swim;

  constructor(self: MemberId, swim: () => Swim) {
    this.#self = self;
    this.#swim = swim;
  }

  isSeen(id: MemberId): boolean {
    return this.#swim().isSeen(id);
  }

  isGoneForGood(id: MemberId): boolean {
    return this.#swim().isGoneForGood(id);
  }

  strangers(): readonly MemberId[] {
    return this.#alive(false);
  }

  /** Data members that can be reached. */
  others(): readonly MemberId[] {
    return this.#alive(true);
  }

  #alive(isData: boolean): MemberId[] {
    const alive: MemberId[] = [];
    for (const member of this.#swim().members) {
      if (member.id === this.#self || member.state !== 'alive') continue;
      if (member.isData || !isData) alive.push(member.id);
    }
    return alive;
  }
}

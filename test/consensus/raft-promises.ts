/**
 * What Raft promises, checked as it happens: one leader a term, one vote a term and member, log matching,
 * leader completeness, state-machine safety, and neighbouring configs that differ by one voter, or by two beside
 * a single one.
 */
import type { MemberId } from '../../src/base/ids.ts';
import { decodeConfig } from '../../src/consensus/config.ts';
import type { RaftCore } from '../../src/consensus/raft-core.ts';
import type { RaftConfig, RaftEntry, RaftMessage } from '../../src/wire/consensus-messages.ts';

/** An entry that somebody has committed, so that nobody may ever commit another at its index. */
export interface Agreed {
  readonly entry: RaftEntry;
  /** The term of the leader that committed it first. */
  readonly inTerm: number;
  /** Of all entries up to this one. */
  readonly hash: number;
  readonly config: RaftConfig;
}

export class RaftPromises {
  configs = 0;
  /** Steps from one voter to three. */
  pairs = 0;
  readonly #leaders = new Map<number, MemberId>();
  readonly #votes = new Map<string, MemberId>();
  /** Every entry that was ever sent, by index and term, with the term of the one before. */
  readonly #sent = new Map<string, { readonly entry: RaftEntry; readonly before: number }>();
  /** By index; the first stands for the empty log. */
  readonly #agreed: Agreed[] = [
    {
      entry: { index: 0, term: 0, kind: 'noop', body: new Uint8Array(0) },
      inTerm: 0,
      hash: 17,
      config: { voters: [], learners: [] },
    },
  ];

  get newest(): Agreed {
    return this.#agreed.at(-1)!;
  }

  agreedAt(index: number): Agreed {
    const agreed = this.#agreed[index];
    check(agreed !== undefined, `nobody has committed ${index}`);
    return agreed;
  }

  /** Configs that were sent and may still come to count. */
  openConfigs(): RaftConfig[] {
    return [...this.#sent.values()]
      .filter(({ entry }) => entry.kind === 'config' && entry.index > this.newest.entry.index)
      .map(({ entry }) => decodeConfig(entry.body));
  }

  sent(from: MemberId, to: MemberId, message: RaftMessage): void {
    if (message.kind === 'raft.vote' && !message.pre) this.#voted(from, message.term, from);
    if (message.kind === 'raft.vote-reply' && !message.pre && message.granted) {
      this.#voted(from, message.term, to);
    }
    if (message.kind !== 'raft.append') return;
    let before = message.previousTerm;
    for (const entry of message.entries) {
      this.#register(entry, before);
      before = entry.term;
    }
  }

  /** Returns what the state machine has to be after the entry. */
  applied(core: RaftCore, entry: RaftEntry): Agreed {
    if (entry.index === this.#agreed.length) this.#agree(core, entry);
    const agreed = this.agreedAt(entry.index);
    check(agreed.entry === entry, `${entry.index} of term ${entry.term} is not the agreed entry`);
    return agreed;
  }

  leads(id: MemberId, core: RaftCore): void {
    const { term } = core;
    const earlier = this.#leaders.get(term) ?? id;
    check(earlier === id, `${earlier} and ${id} lead in ${term}`);
    this.#leaders.set(term, id);
    const { entry } = this.#agreed.findLast(({ inTerm }) => inTerm < term)!;
    const has = entry.index <= core.commit || core.termAt(entry.index) === entry.term;
    check(has, `${id} leads in ${term} without the committed entry ${entry.index}`);
  }

  log(id: MemberId, core: RaftCore): void {
    for (let index = core.lastIndex; index > 0; index--) {
      const term = core.termAt(index);
      const before = core.termAt(index - 1);
      if (term === undefined || before === undefined) return;
      const known = this.#sent.get(`${index} ${term}`);
      const matches = known === undefined || known.before === before;
      check(matches, `the log of ${id} differs before ${index} of ${term}`);
    }
  }

  #voted(voter: MemberId, term: number, candidate: MemberId): void {
    const key = `${voter} ${term}`;
    const earlier = this.#votes.get(key) ?? candidate;
    check(earlier === candidate, `${voter} votes for ${earlier} and ${candidate} in ${term}`);
    this.#votes.set(key, candidate);
  }

  #register(entry: RaftEntry, before: number): void {
    const key = `${entry.index} ${entry.term}`;
    const known = this.#sent.get(key);
    if (known === undefined) this.#sent.set(key, { entry, before });
    const isSame = known === undefined || (known.entry === entry && known.before === before);
    check(isSame, `two entries at index and term ${key}`);
  }

  #agree(core: RaftCore, entry: RaftEntry): void {
    const before = this.newest;
    const isConfig = entry.kind === 'config';
    const config = isConfig ? decodeConfig(entry.body) : before.config;
    let hash = Math.imul(before.hash, 31) + entry.term;
    for (const byte of entry.body) hash = (Math.imul(hash, 31) + byte) | 0;
    this.#agreed.push({ entry, inTerm: core.term, hash, config });
    if (!isConfig) return;
    this.configs++;
    const changes = symmetricDifference(before.config.voters, config.voters);
    // The only voter may take two others in at once.
    const isFirstGrowth = before.config.voters.length === 1 && config.voters.length === 3;
    if (isFirstGrowth) this.pairs++;
    check(changes <= 1 || isFirstGrowth, `config ${entry.index} changes ${changes} voters at once`);
  }
}

export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

function symmetricDifference(some: readonly MemberId[], others: readonly MemberId[]): number {
  const gone = some.filter((member) => !others.includes(member)).length;
  return gone + others.filter((member) => !some.includes(member)).length;
}

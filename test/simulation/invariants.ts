/** What must hold at every moment of a run (PROTOCOL.md 6.4, those that apply), and at its end. */
import type { MemberId, PartitionId, Sequence } from '../../src/base/ids.ts';
import type { Member } from '../../src/member/member.ts';
import {
  copiesWanted,
  type MetaState,
  type PartitionRow,
  rowOf,
} from '../../src/partition/meta-state.ts';
import type { Replica } from '../../src/partition/replica.ts';
import { BufferBounds } from './buffer-bounds.ts';
import { CommittedEntries, nameOf } from './committed-entries.ts';
import type { GridWorld } from './grid-world.ts';
import { LeaseInvariants } from './lease-invariants.ts';
import { Rises } from './rises.ts';

/** A partition, in one lineage where there may be several: each is a grid in itself. */
type Place = string;

/** Looks at all records take longer than the rest. */
const checksPerCopies = 4;
const checksPerTables = 40;
/** Of each log, the last so many. */
const entriesCompared = 16;

export class Invariants {
  readonly violations: string[] = [];
  /** How often each was looked at where there was something to see: a check of nothing proves nothing. */
  readonly looks = {
    serving: 0,
    promotions: 0,
    ackSets: 0,
    digests: 0,
    copies: 0,
    logs: 0,
    replicas: 0,
    moves: 0,
    handovers: 0,
    prefixes: 0,
    leaders: 0,
    tables: 0,
  };
  readonly leases: LeaseInvariants;
  readonly bounds: BufferBounds;
  readonly entries: CommittedEntries;
  readonly #grid: GridWorld;
  readonly #hasForks: boolean;
  readonly #rises: Rises;
  /** I1: who served a partition in a term. */
  readonly #served = new Map<string, MemberId>();

  /** I4: the last that was committed, and the highest term in which that was seen. */
  readonly #latest = new Map<Place, { sequence: number; term: number }>();
  /** What was on its way in each row when that was last looked at, and when it was. */
  readonly #moving = new Map<string, Pick<PartitionRow, 'retiring' | 'transferTo'>>();
  #countedAt = 0;
  /** I7: where each primary was when it was last looked at. */
  readonly #primaries = new WeakMap<
    object,
    { readonly version: number; readonly commit: number }
  >();
  /** I14: who led the meta group in a term. */
  readonly #leaders = new Map<string, MemberId>();
  #checks = 0;

  /** With `hasForks` each lineage is looked at for itself; otherwise there is one, and no second. */
  constructor(grid: GridWorld, hasForks = false) {
    this.#grid = grid;
    this.#hasForks = hasForks;
    const report = (violation: string) => this.#report(violation);
    this.leases = new LeaseInvariants(grid, report);
    this.bounds = new BufferBounds(grid.shape.limits, report);
    this.entries = new CommittedEntries(report);
    this.#rises = new Rises(report);
  }

  check(): void {
    this.#countMoves();
    const holders = new Map<Place, MemberId>();
    for (const process of this.#grid.processes) {
      if (!process.isUp) continue;
      const { member } = process.program;
      for (const { partition, replica } of member.host.replicas()) {
        const place = this.#placeOf(partition, member);
        this.bounds.checkLog(place, replica.state.log);
        this.#rises.checkCopy(member.id, place, replica.state);
        this.#checkPrimary(member.id, place, replica);
        this.entries.check(member.id, () => this.#placeOf(partition, member), replica);
        this.#checkLatest(member.id, place, replica);
        const isServing = replica.primary?.isServing && member.isReady && !process.isPaused;
        if (isServing) this.#checkAlone(holders, member.id, place);
      }
    }
    this.#checkLeaders();
    this.leases.check();
    if (this.#checks++ % checksPerCopies !== 0) return;
    this.#checkCopies();
    this.#checkLogs();
    this.#checkBounds();
    if (this.#checks % checksPerTables === 1) this.#checkTables();
  }

  /** I11: nothing that waits grows past its bound. */
  #checkBounds(): void {
    const { programs, clients } = this.#grid;
    for (const { member, transport } of programs) {
      const { id, host, calls, meta } = member;
      this.bounds.checkResults(id, host.dedupe);
      this.bounds.checkCopies(id, copiesGiven(host));
      this.bounds.checkCalls(id, calls);
      if (meta.isLeader && meta.raft !== undefined) this.bounds.checkProposals(id, meta.raft);
      for (const link of transport.waiting) this.bounds.checkWaiting(id, link, transport.limits);
    }
    for (const client of clients) {
      if (client.isUp) this.bounds.checkCalls(client.name, client.program.session.calls);
    }
  }

  /** I5: the logs of those in sync are prefixes of the longest of them. */
  #checkLogs(): void {
    const longest = new Map<PartitionId, Replica>();
    const inSync = this.#inSync();
    for (const { partition, replica } of inSync) {
      const most = longest.get(partition)?.state.log.last ?? -1;
      if (replica.state.log.last > most) longest.set(partition, replica);
    }
    for (const { id, partition, replica } of inSync) {
      const most = longest.get(partition);
      if (most !== undefined && most !== replica) this.#checkPrefix(id, partition, replica, most);
    }
  }

  /** The copies that are whole, of this generation and in sync by the newest table. */
  #inSync(): readonly { id: MemberId; partition: PartitionId; replica: Replica }[] {
    const { members, newest } = this.#grid;
    if (newest === undefined) return [];
    const ofLineage = members.filter(({ state }) => state.lineage.id === newest.state.lineage.id);
    const all = ofLineage.flatMap(({ id, host }) =>
      [...host.replicas()].map(({ partition, replica }) => ({ id, partition, replica })),
    );
    return all.filter(({ id, partition, replica }) => {
      const row = rowOf(newest.state, partition);
      const { isWhole, generation } = replica.state;
      return row?.inSync.includes(id) === true && isWhole && generation === row.generation;
    });
  }

  #checkPrefix(id: MemberId, partition: PartitionId, replica: Replica, longest: Replica): void {
    const { log } = replica.state;
    for (let sequence = log.last; sequence > log.last - entriesCompared; sequence--) {
      const own = log.at(sequence as Sequence);
      const other = longest.state.log.at(sequence as Sequence);
      if (own === undefined || other === undefined) return;
      this.looks.prefixes++;
      if (nameOf(own) === nameOf(other)) continue;
      this.#report(`I5: ${sequence} of ${partition} at ${id} is ${nameOf(own)}: ${nameOf(other)}`);
    }
  }

  /** I14: one leader a term in each lineage; I2: no table goes back. */
  #checkLeaders(): void {
    for (const { id, meta, state } of this.#grid.members) {
      this.#rises.checkTable(id, state);
      if (!meta.isLeader || meta.raft === undefined) continue;
      this.looks.leaders++;
      const key = `${JSON.stringify(state.lineage)} ${meta.raft.term}`;
      const other = this.#leaders.get(key) ?? id;
      if (other !== id) this.#report(`I14: ${other} and ${id} lead in term ${key}`);
      this.#leaders.set(key, id);
    }
  }

  /** I14: whoever has applied as much of the log of the meta group has the same table. */
  #checkTables(): void {
    const tables = new Map<string, string>();
    for (const { id, state } of this.#grid.members) {
      const key = `${JSON.stringify(state.lineage)} ${state.applied}`;
      const table = JSON.stringify([state.groups, [...state.members], [...state.structures]]);
      this.looks.tables++;
      if ((tables.get(key) ?? table) !== table) this.#report(`I14: tables differ at ${key}: ${id}`);
      tables.set(key, table);
    }
  }

  /** I7: nothing is committed while fewer are in sync than a write needs. */
  #checkEnough(place: Place, primary: object, state: Replica['state']): void {
    const { row, commit } = state;
    if (row === undefined) return;
    const before = this.#primaries.get(primary);
    this.#primaries.set(primary, { version: row.version, commit });
    const hadFew = before?.version === row.version && row.inSync.length < state.options.minInSync;
    if (hadFew && commit > before.commit) {
      this.#report(`I7: ${place} commits with ${row.inSync} in sync`);
    }
  }

  #placeOf(partition: PartitionId, { state }: Member): Place {
    return this.#hasForks ? `${partition} of ${state.lineage.id}` : `${partition}`;
  }

  /**
   * I12: copies in sync that have the same entries hold the same, at any time and not only in the end. Who was
   * struck off keeps what nobody else has, until it begins anew.
   */
  #checkCopies(): void {
    const { members, newest } = this.#grid;
    if (newest === undefined) return;
    const living = newest.state.structures;
    const byPlace = new Map<string, { readonly id: MemberId; readonly held: string }>();
    for (const { id, host } of members) {
      for (const { partition, replica } of host.replicas()) {
        const { isWhole, generation, term, log, options } = replica.state;
        const isInSync = rowOf(newest.state, partition)?.inSync.includes(id) === true;
        if (!isInSync || !isWhole || replica.role === 'promotion') continue;
        const stores = [...options.content.stores].filter(([structure]) => living.has(structure));
        const held = stores
          .filter(([, { entries }]) => entries > 0)
          .map(([structure, store]) => `${structure}:${store.digest()}`);
        const place = `${partition} ${generation} ${term} ${log.last}`;
        const other = byPlace.get(place);
        const now = { id, held: held.sort().join() };
        if (other === undefined) byPlace.set(place, now);
        else this.#compare(place, other, now);
      }
    }
  }

  #compare(
    place: string,
    one: { readonly id: MemberId; readonly held: string },
    other: { readonly id: MemberId; readonly held: string },
  ): void {
    this.looks.copies++;
    if (one.held === other.held) return;
    this.#report(`I12: at ${place} ${one.id} holds ${one.held}, and ${other.id} ${other.held}`);
  }

  /** How many copies took the place of others, and how many primaries were handed over. */
  #countMoves(): void {
    const { newest } = this.#grid;
    if (newest === undefined || newest.state.applied === this.#countedAt) return;
    this.#countedAt = newest.state.applied;
    newest.state.groups.forEach((rows, backups) => {
      rows?.forEach(({ retiring, transferTo }, index) => {
        const key = `${backups} ${index}`;
        const before = this.#moving.get(key);
        this.#moving.set(key, { retiring, transferTo });
        if (retiring !== undefined && before?.retiring !== retiring) this.looks.moves++;
        if (transferTo !== undefined && before?.transferTo !== transferTo) this.looks.handovers++;
      });
    });
  }

  /** I9: after quiescence the copies of a partition are equal, and there are as many as wanted. */
  checkQuiescent(): void {
    const newest = this.#grid.newest;
    if (newest === undefined) return;
    this.#checkDropped();
    const { partitions, backups } = this.#grid.shape;
    this.#checkOrphans(newest.state);
    for (let index = 0; index < partitions; index++) {
      const partition = (backups * partitions + index) as PartitionId;
      const row = rowOf(newest.state, partition);
      if (row === undefined) continue;
      const copies = copiesWanted(newest.state, backups);
      if (row.inSync.length !== copies) this.#report(`I9: ${row.inSync.length} copies of ${index}`);
      const digests = row.inSync.map((id) => this.#digest(id, partition));
      this.looks.digests++;
      if (new Set(digests).size !== 1) this.#report(`I9: digests of ${index} differ: ${digests}`);
    }
  }

  /** Nothing is kept of structures that were destroyed. */
  #checkDropped(): void {
    for (const { id, host, state } of this.#grid.members) {
      for (const { partition, replica } of host.replicas()) {
        for (const structure of replica.state.options.content.stores.keys()) {
          if (state.structures.has(structure)) continue;
          this.#report(
            `${id} keeps the records of ${structure} in ${partition}, which is destroyed`,
          );
        }
      }
    }
  }

  /** A copy that no row names is an orphan: it was to be dropped. */
  #checkOrphans(state: MetaState): void {
    for (const member of this.#grid.members) {
      for (const { partition } of member.host.replicas()) {
        const row = rowOf(state, partition);
        this.looks.replicas++;
        if (row?.inSync.includes(member.id) || row?.learner === member.id) continue;
        this.#report(`I9: ${member.id} has an orphan of ${partition}`);
      }
    }
  }

  #digest(id: MemberId, partition: PartitionId): string {
    const member = this.#grid.members.find((candidate) => candidate.id === id);
    const replica = member?.host.find(partition)?.replica;
    if (replica === undefined) return 'absent';
    const { log, options, isWhole } = replica.state;
    return `${isWhole} ${log.last} ${options.content.digest(log.last)}`;
  }

  #checkPrimary(member: MemberId, place: Place, { primary, state }: Replica): void {
    if (primary === undefined) return;
    this.#checkServing(place, state.term, member);
    this.bounds.checkUnconfirmed(place, state.log, state.commit);
    this.bounds.checkUnconfirmedBytes(place, state.log, state.commit);
    this.#checkEnough(place, primary, state);
    const inSync = state.row?.inSync ?? [];
    this.looks.ackSets++;
    const missing = inSync.filter((id) => id !== member && !primary.ackSet.has(id));
    if (missing.length > 0) this.#report(`I6: ${member} of ${place} lacks ${missing}`);
  }

  /** I4: what was committed in earlier terms is in the log of every later primary that serves. */
  #checkLatest(member: MemberId, place: Place, replica: Replica): void {
    const { commit, term } = replica.state;
    const latest = this.#latest.get(place) ?? { sequence: 0, term: 0 };
    this.#latest.set(place, latest);
    if (replica.primary?.isServing && term >= latest.term) {
      this.looks.logs++;
      if (replica.state.log.last < latest.sequence) {
        this.#report(`I4: ${member} serves ${place} without what was committed`);
      }
    }
    if (commit >= latest.sequence) latest.sequence = commit;
    latest.term = Math.max(latest.term, term);
  }

  /** I1: two that hold a lease never serve one partition. */
  #checkAlone(holders: Map<Place, MemberId>, member: MemberId, place: Place): void {
    const other = holders.get(place);
    if (other !== undefined) this.#report(`I1: ${other} and ${member} serve ${place}`);
    holders.set(place, member);
  }

  #checkServing(place: Place, term: number, member: MemberId): void {
    this.looks.serving++;
    const key = `${place} ${term}`;
    const other = this.#served.get(key);
    // Of the first term of each partition there was nothing to take over.
    if (other === undefined && term > 1) this.looks.promotions++;
    if (other !== undefined && other !== member) {
      this.#report(`I1: ${other} and ${member} are primaries of ${place} in term ${term}`);
    }
    this.#served.set(key, member);
  }

  #report(violation: string): void {
    if (this.violations.length < 10) {
      this.violations.push(`${this.#grid.world.now.toFixed(1)} ms: ${violation}`);
    }
  }
}

/** Those of which something has been read, and not all. */
function copiesGiven(host: Member['host']): number {
  let given = 0;
  for (const { replica } of host.replicas()) {
    const copied = replica.primary?.copied ?? 0;
    if (copied > 0 && copied < 1) given++;
  }
  return given;
}

/** Rules of leases, of the meta group and of membership taken out (PROTOCOL.md 1, 2.2, 2.3, 4). */
import { inGrid, inTest, type Mutant } from './mutant.ts';

const controller = 'src/partition/controller.ts';
const lease = 'src/partition/lease.ts';
const primary = 'src/partition/primary.ts';
const replicas = 'partition/replica';
const aimed = 'mutants/aimed';
const leases = 'partition/lease';
const controllers = 'partition/controller';

export const leaseMutants: readonly Mutant[] = [
  {
    name: 'clients are let in before the member is in a grid',
    edits: [
      {
        file: 'src/member/gateway.ts',
        from: "if (this.#member.state.lineage.id === '') return false;",
        to: '',
      },
    ],
    checks: [inTest('member/gateway', 'lets nobody in before its member is in a grid')],
  },
  {
    name: 'who was suspended and says that it leaves serves by the table that it knows',
    edits: [
      {
        file: 'src/partition/meta-machine.ts',
        from: 'const begins = isServing(changed) && !isServing(member);',
        to: "const begins = status === 'up' && !isServing(member);",
      },
    ],
    checks: [inTest('partition/meta-machine', 'that was suspended and says that it leaves')],
  },
  {
    name: 'a member is suspended before its lease ends',
    edits: [
      {
        file: controller,
        from: 'const isOver = lapsedMs > this.#timings.leaseMarginMs;',
        to: 'const isOver = lapsedMs > 500 - this.#timings.leaseMs;',
      },
      {
        file: controller,
        from: 'lapsedMs > this.#timings.suspendAfterMs)',
        to: 'lapsedMs > 500 - this.#timings.leaseMs)',
      },
    ],
    checks: [inGrid(2), inTest(controllers, 'waits for the end of the lease')],
  },
  {
    name: 'no lease is asked for where an op is admitted',
    edits: [
      {
        file: primary,
        from: "if (this.#sync.isDraining || !surroundings.isLeaseValid(nowMs)) return 'not-ready';",
        to: "if (this.#sync.isDraining) return 'not-ready';",
      },
    ],
    checks: [inGrid(2), inTest(replicas, 'takes nothing without a lease')],
  },
  {
    name: 'no lease is asked for where a write is acknowledged',
    edits: [
      {
        file: primary,
        from: 'if (options.surroundings.isLeaseValid(nowMs)) this.#pending.settle(this.#state.commit, out);',
        to: 'this.#pending.settle(this.#state.commit, out);',
      },
    ],
    checks: [inGrid(1), inTest(replicas, 'keeps answers back until it has one again')],
  },
  {
    name: 'no lease is asked for where a wait ends in vain',
    edits: [
      {
        file: 'src/partition/polls.ts',
        from: 'if (mayAnswer) out.push',
        to: 'if (mayAnswer || true) out.push',
      },
    ],
    checks: [inGrid(1), inTest(replicas, 'sends a read away that waited in vain')],
  },
  {
    name: 'no lease is asked for at all',
    edits: [
      {
        file: lease,
        from: 'return nowMs < this.#until && this.#clock.wall() < this.#wallUntil;',
        to: 'return true;',
      },
    ],
    checks: [inGrid(21), inTest(leases, 'is not there before a heartbeat was acknowledged')],
  },
  {
    name: 'a lease counts from when its acknowledgement came',
    edits: [
      {
        file: lease,
        from: 'if (sentAt + lengthMs > this.#until) {',
        to: 'if (nowMs + lengthMs > this.#until) {',
      },
      {
        file: lease,
        from: 'this.#until = sentAt + lengthMs;',
        to: 'this.#until = nowMs + lengthMs;',
      },
      {
        file: lease,
        from: 'this.#wallUntil = wall + lengthMs;',
        to: 'this.#wallUntil = this.#clock.wall() + lengthMs;',
      },
    ],
    checks: [inTest(leases, 'counts from the sending of the heartbeat'), inGrid(1)],
  },
  {
    name: 'a leader grants leases that it does not note',
    edits: [
      {
        file: controller,
        from: 'this.#grants.set(member.id, nowMs + this.#timings.leaseMs);\n    return true;',
        to: 'return true;',
      },
    ],
    checks: [inTest(controllers, 'spares a member that beats'), inGrid(2)],
  },
  {
    name: 'a new leader does not wait for leases that the last one granted',
    edits: [
      {
        file: controller,
        from: 'this.#leaseFloor = nowMs + this.#timings.leaseMs;\n    this.#grants.clear();',
        to: 'this.#leaseFloor = nowMs;\n    this.#grants.clear();',
      },
    ],
    checks: [inTest(controllers, 'waits under a new leader for a whole lease'), inGrid(2)],
  },
  {
    name: 'a member gets a lease that does not know the table',
    edits: [
      {
        file: controller,
        from: '|| applied < member.servingSince) return false;',
        to: ') return false;',
      },
    ],
    checks: [
      inTest(aimed, 'serves nothing by an old table'),
      inTest(controllers, 'waits until a member knows the table'),
    ],
  },
  {
    name: 'a member gets a lease while its suspension is on its way',
    edits: [
      { file: controller, from: 'if (this.#suspending.has(member.id)) return false;', to: '' },
    ],
    checks: [
      inTest(aimed, 'serves nothing while its suspension'),
      inTest(controllers, 'ends with the proposal of a suspension'),
    ],
  },
  {
    name: 'a leader grants leases that no majority has heard of',
    edits: [
      {
        file: controller,
        from: 'if (contactAt === undefined || nowMs - contactAt >= this.#timings.electionMinMs) return false;',
        to: '',
      },
    ],
    checks: [inTest(controllers, 'needs contact with a majority'), inGrid(1)],
  },
  {
    name: 'a voter votes twice in a term',
    edits: [
      {
        file: 'src/consensus/raft-core.ts',
        from: 'const isFree = this.#state.votedFor === undefined || this.#state.votedFor === from;',
        to: 'const isFree = true;',
      },
    ],
    checks: [inTest('consensus/raft-core', 'give one vote a term'), inTest('consensus/raft.sim')],
  },
  {
    name: 'the meta group changes without a majority',
    edits: [
      {
        file: 'src/consensus/leadership.ts',
        from: 'const index = reachedByMajority(configs.latest, (voter) => this.#matchOfVoter(voter));',
        to: 'const index = configs.latest.voters.length > 0 ? log.lastIndex : undefined;',
      },
    ],
    checks: [inTest('consensus/raft.sim'), inGrid(1)],
  },
  {
    name: 'entries of an older term are committed by counting',
    edits: [
      {
        file: 'src/consensus/leadership.ts',
        from: '|| log.termAt(index) !== term) return;',
        to: ') return;',
      },
    ],
    checks: [
      inTest('consensus/raft-core', 'commits no entry of an older term by counting'),
      inTest('consensus/raft.sim'),
    ],
  },
  {
    name: 'membership ignores incarnations: an old word of life overrides',
    edits: [
      {
        file: 'src/membership/member-table.ts',
        from: "case 'alive':\n      return update.incarnation > known.incarnation;",
        to: "case 'alive':\n      return known.state !== 'alive';",
      },
    ],
    checks: [inTest('membership/tables', 'counts against')],
  },
  {
    name: 'a mailbox has no bound',
    edits: [
      {
        file: 'src/actors/mailbox.ts',
        from: 'return this.count < bounds.countMax && this.#bytes + bytes <= bounds.bytesMax;',
        to: 'return bounds.countMax > 0;',
      },
    ],
    checks: [inTest('actors/mailbox', 'rejects at its bound of messages'), inGrid(1)],
  },
];

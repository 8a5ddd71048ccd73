import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { presets, type Timings } from '../../src/base/timings.ts';
import { Controller } from '../../src/partition/controller.ts';
import type { Assignment, Command } from '../../src/partition/meta-state.ts';
import type { RaftConfig } from '../../src/wire/consensus-messages.ts';
import { follow } from './placements.ts';
import { ann, bob, cid, dan, newMember, Table } from './table.ts';

const {
  leaseMs,
  leaseMarginMs,
  suspendAfterMs,
  removeAfterMs,
  healMs,
  electionMinMs,
  writeStallMaxMs,
} = presets.lan;

/** `suspended bob#2, assign`: what a test wants to see of commands. */
function brief(commands: readonly Command[]): string {
  return commands
    .map((command) => {
      if (command.type === 'status') return `${command.status} ${command.id}`;
      if (command.type === 'remove') return `remove ${command.id}`;
      return command.type;
    })
    .join(', ');
}

/** Ann has led since time 0, and hears from those that beat. */
class Office {
  readonly table: Table;
  readonly doubtful = new Set<MemberId>();
  readonly controller: Controller;
  readonly config: RaftConfig;
  nowMs = 0;

  constructor(table = new Table(), timings: Timings = presets.lan) {
    this.table = table;
    const suspicions = { isDoubtful: (id: MemberId) => this.doubtful.has(id) };
    const options = { timings, suspicions, limits: defaultLimits };
    this.controller = new Controller(options);
    this.config = { voters: [ann], learners: [] };
    this.controller.lead(0);
  }

  beat(id: MemberId, applied = this.table.log.length, contactAt = this.nowMs): boolean {
    const member = this.table.machine.members.get(id);
    if (member === undefined) throw new Error(`no member ${id}`);
    return this.controller.heartbeat(member, applied, contactAt, this.nowMs);
  }

  revival(id: MemberId, applied = this.table.log.length): Command | undefined {
    const member = this.table.machine.members.get(id);
    if (member === undefined) throw new Error(`no member ${id}`);
    return this.controller.revival(member, applied, this.nowMs, 7_000);
  }

  /** What is assigned now, and is so from now on. */
  assignments(): (readonly Assignment[])[] {
    const commands = this.controller.commands(this.table.machine, this.config, this.nowMs);
    return commands.flatMap((command) => {
      if (command.type !== 'assign') return [];
      this.table.apply(command);
      return [command.changes];
    });
  }

  /** What is judged now, without the assignments. */
  judged(): string {
    const commands = this.controller.commands(this.table.machine, this.config, this.nowMs);
    return brief(commands.filter(({ type }) => type !== 'assign'));
  }

  /** Lets time pass while some beat, and does what is judged. */
  pass(ms: number, ...beating: readonly MemberId[]): string {
    const said: string[] = [];
    for (const end = this.nowMs + ms; this.nowMs < end; ) {
      this.nowMs += 50;
      for (const id of beating) this.beat(id);
      for (const command of this.controller.commands(this.table.machine, this.config, this.nowMs)) {
        if (command.type === 'assign') continue;
        this.table.apply(command);
        said.push(brief([command]));
      }
    }
    return said.join(', ');
  }

  /** What of a proposal is committed: the in-sync set, or nothing. */
  alter(inSync: readonly MemberId[], from = ann): readonly MemberId[] | undefined {
    const { term, version } = this.table.row();
    const change = { partition: this.table.id(0), term, version, inSync };
    this.controller.alter(this.table.machine, from, change, this.nowMs);
    const command = this.controller.takeAlterations();
    return command?.type === 'alter' ? command.changes[0]?.inSync : undefined;
  }
}

describe('the granting of leases', () => {
  it('needs contact with a majority that is younger than the shortest election', () => {
    const office = new Office();
    office.nowMs = 10_000;
    expect(office.beat(bob, undefined, 10_000 - electionMinMs + 1)).to.equal(true);
    expect(office.beat(bob, undefined, 10_000 - electionMinMs)).to.equal(false);
    const member = office.table.machine.members.get(bob);
    if (member === undefined) throw new Error('bob is a member');
    expect(office.controller.heartbeat(member, 99, undefined, 10_000)).to.equal(false);
  });

  it('waits until a member knows the table as it was when it began to serve', () => {
    const office = new Office();
    office.table.status(bob, 'suspended');
    expect(office.beat(bob), 'suspended').to.equal(false);
    expect(brief([office.revival(bob) as Command])).to.equal(`up ${bob}`);
    office.table.status(bob, 'up');
    expect(office.beat(bob, office.table.log.length - 1)).to.equal(false);
    expect(office.beat(bob)).to.equal(true);
  });

  it('ends with the proposal of a suspension, before that is committed', () => {
    const office = new Office();
    office.pass(suspendAfterMs, ann, cid);
    office.nowMs = leaseMs + suspendAfterMs + 1;
    for (const id of [ann, cid]) office.beat(id);
    expect(office.judged()).to.equal(`suspended ${bob}`);
    expect(office.beat(bob)).to.equal(false);
    office.table.status(bob, 'suspended');
    office.judged();
    office.table.status(bob, 'up');
    expect(office.beat(bob)).to.equal(true);
  });

  it('makes a joiner a member that serves once it has the table', () => {
    const office = new Office();
    const member = newMember(dan);
    office.table.apply({ type: 'join', member, settings: office.table.settings });
    const joinedAt = office.table.log.length;
    expect(office.revival(dan, joinedAt - 1)).to.equal(undefined);
    const revival = office.revival(dan, joinedAt) as Command;
    expect(brief([revival])).to.equal(`up ${dan}`);
    expect(revival).to.include({ gridTime: 7_000 });
    expect(office.revival(bob)).to.equal(undefined);
  });
});

describe('suspending and removing', () => {
  it('spares a member that beats', () => {
    expect(new Office().pass(10_000, ann, bob, cid)).to.equal('');
  });

  it('waits under a new leader for a whole lease that the last one may have granted', () => {
    const office = new Office();
    office.doubtful.add(bob);
    expect(office.pass(leaseMs + leaseMarginMs, ann, cid)).to.equal('');
    expect(office.pass(100, ann, cid)).to.equal(`suspended ${bob}`);
  });

  it('waits for the end of the lease, and for suspicion or two seconds more', () => {
    const office = new Office();
    office.pass(4_000, ann, bob, cid);
    expect(office.pass(leaseMs + suspendAfterMs - 50, ann, cid)).to.equal('');
    expect(office.pass(150, ann, cid)).to.equal(`suspended ${bob}`);

    const hasty = new Office();
    hasty.pass(4_000, ann, bob, cid);
    hasty.doubtful.add(bob);
    expect(hasty.pass(leaseMs + leaseMarginMs - 50, ann, cid)).to.equal('');
    expect(hasty.pass(150, ann, cid)).to.equal(`suspended ${bob}`);
  });

  it('excuses everybody for what a leader that stood still did not hear', () => {
    const office = new Office();
    office.pass(4_000, ann, bob, cid);
    office.nowMs += 10_000;
    office.controller.excuse(office.nowMs);
    expect(office.judged()).to.equal('');
  });

  it('removes after a minute, where another serving copy is in sync', () => {
    const office = new Office();
    expect(office.pass(8_000, ann, cid)).to.equal(`suspended ${bob}`);
    expect(office.pass(removeAfterMs - 8_000, ann, cid)).to.equal('');
    expect(office.pass(5_000, ann, cid)).to.equal(`remove ${bob}`);
  });

  it('never removes by time alone the last copy in sync', () => {
    const office = new Office();
    office.table.alter([ann]);
    expect(office.pass(3 * removeAfterMs, bob, cid)).to.equal(`suspended ${ann}`);
    expect(office.table.machine.members.has(ann)).to.equal(true);
  });

  it('waits for more to come back where one does that was long away', () => {
    const office = new Office();
    expect(office.table.row(1).inSync, 'what only those two have').to.deep.equal([bob, cid]);
    office.pass(3 * removeAfterMs, ann);
    expect(office.table.machine.members.size).to.equal(3);
    office.table.apply(office.revival(bob) as Command);
    expect(office.pass(healMs - 50, ann, bob)).to.equal('');
    expect(office.pass(100, ann, bob)).to.equal(`remove ${cid}`);
  });

  it('judges a newcomer from when it came, however long the leader has led', () => {
    const office = new Office();
    office.pass(2 * removeAfterMs, ann, bob, cid);
    const member = newMember(dan);
    office.table.apply({ type: 'join', member, settings: office.table.settings });
    expect(office.pass(5_000, ann, bob, cid)).to.equal('');
    expect(office.table.machine.members.get(dan)?.status).to.equal('joining');
    expect(office.pass(removeAfterMs, ann, bob, cid), 'one that never came').to.equal(
      `remove ${dan}`,
    );
  });

  it('lets one that leaves go when it holds nothing and votes no more', () => {
    const office = new Office(new Table({ members: [ann, bob, cid, dan] }));
    office.table.status(dan, 'leaving');
    const rows = office.table.rows.filter(({ inSync }) => inSync.includes(dan));
    expect(rows.length).to.be.greaterThan(0);
    expect(office.judged()).to.equal('');
    for (const [index, row] of office.table.rows.entries()) {
      if (row.primary === dan)
        office.table.handover(row.inSync.find((id) => id !== dan) ?? ann, index);
      if (row.inSync.includes(dan)) {
        office.table.alter(
          row.inSync.filter((id) => id !== dan),
          index,
        );
      }
    }
    expect(office.judged()).to.equal(`remove ${dan}`);
  });
});

describe('handovers that level primaries', () => {
  /** When they begin, of so many partitions that all have their primary at one of two. */
  function beginnings(partitions: number): readonly number[] {
    const office = new Office(new Table({ members: [ann, bob], partitions }));
    const { table } = office;
    for (let index = 0; index < partitions; index++) table.handover(ann, index);
    const begunAt: number[] = [];
    for (; office.nowMs < 40_000; office.nowMs += 5) {
      for (const changes of office.assignments()) {
        begunAt.push(...changes.map(() => office.nowMs));
        follow(table);
      }
    }
    expect(begunAt, 'half of them').to.have.length(partitions / 2);
    return begunAt;
  }

  const leastGap = (begunAt: readonly number[]) =>
    Math.min(...begunAt.slice(1).map((ms, at) => ms - (begunAt[at] ?? 0)));

  it('begin one at a time and at a distance, so that the calls of the one are answered before the next', () => {
    expect(leastGap(beginnings(12))).to.equal(250);
  });

  it('are spread over some twenty seconds where there are many', function () {
    this.timeout(30_000);
    const many = beginnings(400);
    expect(leastGap(many)).to.equal(100);
    expect((many.at(-1) ?? 0) - (many[0] ?? 0)).to.be.within(19_000, 21_000);
  });
});

describe('a new meta leader', () => {
  it('has to hear a majority of the voters, in each of its reigns, before it grants a lease', () => {
    const { controller } = new Office();
    const config = { voters: [ann, bob, cid], learners: [dan] };
    for (const [id, isEnough] of [
      [ann, false],
      [dan, false],
      [ann, false],
      [cid, true],
    ] as const) {
      controller.heard(id);
      expect(controller.hasHeardMajority(config), id).to.equal(isEnough);
    }
    controller.lead(10_000);
    expect(controller.hasHeardMajority(config)).to.equal(false);
  });
});

describe('the second opinion', () => {
  it('is not asked while two copies stay', () => {
    const office = new Office(new Table({ backups: 2 }));
    expect(office.alter([ann, bob])).to.deep.equal([ann, bob]);
  });

  it('agrees to one copy at once where the other is suspected or suspended', () => {
    const office = new Office();
    office.doubtful.add(bob);
    expect(office.alter([ann])).to.deep.equal([ann]);
    const other = new Office();
    other.table.status(bob, 'suspended');
    expect(other.alter([ann])).to.deep.equal([ann]);
  });

  it('asks for another copy first where the backup is alive, and gives in after two seconds', () => {
    const office = new Office();
    expect(office.alter([ann])).to.equal(undefined);
    const commands = office.controller.commands(office.table.machine, office.config, office.nowMs);
    const assign = commands.find(({ type }) => type === 'assign');
    expect(assign?.type === 'assign' && assign.changes).to.deep.include({
      partition: office.table.id(0),
      version: 1,
      learner: cid,
      retiring: undefined,
      transferTo: undefined,
    });
    for (let ms = 0; ms <= writeStallMaxMs; ms += 200) {
      office.nowMs = ms;
      expect(office.alter([ann]), `${ms}`).to.equal(undefined);
    }
    office.nowMs = writeStallMaxMs + 1;
    expect(office.alter([ann])).to.deep.equal([ann]);
  });

  it('forgets a slow backup that its primary no longer complains of', () => {
    const office = new Office();
    office.alter([ann]);
    office.nowMs = 5_000;
    for (const id of [ann, bob, cid]) office.beat(id);
    office.judged();
    expect(office.controller.commands(office.table.machine, office.config, 5_000)).to.deep.equal(
      [],
    );
    office.nowMs = 9_000;
    expect(office.alter([ann]), 'counts anew').to.equal(undefined);
  });

  it('is not asked of a learner that is given up, and another is named for a while', () => {
    // For longer than others that wait for their turn take to be given up in the same way.
    const timings = { ...presets.lan, rebalanceDelayMs: 1_000 };
    const office = new Office(new Table({ members: [ann, bob, cid, dan] }), timings);
    const learners = () => {
      const commands = office.controller.commands(
        office.table.machine,
        office.config,
        office.nowMs,
      );
      const assign = commands.find(({ type }) => type === 'assign');
      const changes = assign?.type === 'assign' ? assign.changes : [];
      const ofFirst = changes.filter(({ partition }) => partition === office.table.id(0));
      return ofFirst.map(({ learner }) => learner);
    };
    office.alter([ann]);
    office.table.alter([ann]);
    const [first] = learners();
    office.table.assign(first);
    expect(office.alter([ann])).to.deep.equal([ann]);
    office.table.alter([ann]);
    const [second] = learners();
    expect([first, second].sort()).to.deep.equal([...new Set([first, second])].sort());
    office.nowMs += 2 * timings.copyStallMaxMs;
    expect(learners()).to.deep.equal([second]);
    office.nowMs += timings.copyStallMaxMs;
    expect(learners(), 'all is forgotten in time').to.deep.equal([first]);
  });

  it('is not given on an outdated row', () => {
    const office = new Office();
    const { term, version } = office.table.row();
    office.table.assign(cid);
    const change = { partition: office.table.id(0), term, version, inSync: [ann, bob, cid] };
    office.controller.alter(office.table.machine, ann, change, 0);
    expect(office.controller.takeAlterations()).to.equal(undefined);
  });
});

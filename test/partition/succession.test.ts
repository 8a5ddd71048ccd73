import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { seededRandom } from '../../src/base/random.ts';
import { presets } from '../../src/base/timings.ts';
import type { RaftCore } from '../../src/consensus/raft-core.ts';
import type { Command } from '../../src/partition/meta-state.ts';
import { Succession } from '../../src/partition/succession.ts';
import { ann, bob, cid, Table } from './table.ts';

const { leaseMs, forkAfterMs, raftHeartbeatMs } = presets.lan;

/** Ann's part in what becomes of her lineage. */
class Scene {
  readonly table: Table;
  readonly said: string[] = [];
  readonly proposed: Command[] = [];
  readonly seen = new Set<MemberId>();
  voidSince: number | undefined;
  role: 'leader' | 'follower' = 'leader';
  voters: readonly MemberId[] = [ann];
  matched = 0;
  nowMs = 100_000;
  readonly #succession: Succession;

  constructor(members: readonly MemberId[]) {
    this.table = new Table({ members });
    this.#succession = new Succession({
      self: ann,
      timings: presets.lan,
      random: seededRandom(1),
      state: this.table.machine,
      sightings: {
        isSeen: (id) => this.seen.has(id),
        isGoneForGood: () => false,
        strangers: () => [...this.seen],
      },
      voidSince: () => this.voidSince,
    });
  }

  /** Ticks for so long; when something was first said, or undefined. */
  runFor(ms: number): number | undefined {
    const from = this.nowMs;
    while (this.nowMs < from + ms) {
      this.nowMs += 25;
      this.#succession.tick(this.#raft, this.nowMs, 0, {
        send: (to, { kind }) => void this.said.push(`${kind} to ${to}`),
        propose: (command) => void this.proposed.push(command),
        fork: () => void this.said.push('fork'),
        yield: ({ to }) => void this.said.push(`yield to ${to}`),
        apart: (lineage) => void this.said.push(`apart from ${lineage}`),
      });
      if (this.said.length > 0) return this.nowMs - from;
    }
    return undefined;
  }

  get #raft(): RaftCore {
    const { role, voters, matched } = this;
    const leader = role === 'leader' ? ann : undefined;
    const config = { voters, learners: [] };
    const raft = { role, config, leader, leaderReadable: () => true, matchOf: () => matched };
    return raft as unknown as RaftCore;
  }
}

describe('the end of a lineage for a member of it', () => {
  it('comes for the leader when the others know of it, and heartbeats have told that it holds', () => {
    const scene = new Scene([ann, bob]);
    scene.table.apply({ type: 'yield', to: 'c2', addresses: [] });
    expect(scene.runFor(leaseMs), 'bob does not know').to.equal(undefined);
    scene.matched = scene.table.machine.applied;
    expect(scene.runFor(100)).to.equal(25);
    expect(scene.said).to.deep.equal(['yield to c2']);
  });

  it('comes for the leader alone after some heartbeats', () => {
    const scene = new Scene([ann]);
    scene.table.apply({ type: 'yield', to: 'c2', addresses: [] });
    expect(scene.runFor(leaseMs)).to.be.within(2 * raftHeartbeatMs, 2 * raftHeartbeatMs + 50);
  });

  it('comes for the leader after two leases where others do not hear of it', () => {
    const scene = new Scene([ann, bob]);
    scene.table.apply({ type: 'yield', to: 'c2', addresses: [] });
    expect(scene.runFor(3 * leaseMs)).to.be.within(2 * leaseMs, 2 * leaseMs + 50);
  });

  it('comes at once for everybody else', () => {
    const scene = new Scene([ann, bob]);
    scene.role = 'follower';
    scene.table.apply({ type: 'yield', to: 'c2', addresses: [] });
    expect(scene.runFor(100)).to.equal(25);
  });

  it('is a fork where those who decide were missed for long', () => {
    const scene = new Scene([bob, ann]);
    scene.role = 'follower';
    scene.voters = [bob];
    scene.voidSince = scene.nowMs;
    scene.runFor(25);
    scene.said.length = 0;
    expect(scene.runFor(2 * forkAfterMs)).to.be.within(forkAfterMs - 50, forkAfterMs + 100);
    expect(scene.said).to.deep.equal(['fork']);
  });

  it('is no fork any more once the lineage has ended', () => {
    const scene = new Scene([bob, ann]);
    scene.role = 'follower';
    scene.voters = [bob];
    scene.voidSince = scene.nowMs - 2 * forkAfterMs;
    scene.table.apply({ type: 'yield', to: 'c2', addresses: [] });
    scene.runFor(100);
    expect(scene.said).to.deep.equal(['yield to c2']);
  });

  it('is looked for among strangers only: those of the own table are told nothing', () => {
    const scene = new Scene([ann, bob]);
    scene.seen.add(bob);
    expect(scene.runFor(5_000)).to.equal(undefined);
    scene.seen.add(cid);
    scene.runFor(5_000);
    expect(scene.said).to.deep.equal([`meta.standing to ${cid}`]);
  });
});

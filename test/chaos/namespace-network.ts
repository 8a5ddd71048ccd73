/** The network of a run that is inside a namespace: packets are dropped, rejected and lost by iptables. */
import { spawn } from 'node:child_process';
import type { Namespaces } from './namespaces.ts';
import type { End, Network, Place } from './network.ts';
import { pause } from './waiting.ts';

const port = 7_400;
/** How long connections are answered with a RST: all of them have something to say within this time. */
const resetMs = 400;

export class NamespaceNetwork implements Network {
  readonly name = 'network namespaces';
  readonly canLose = true;
  readonly places: readonly Place[];
  readonly #namespaces: Namespaces;
  /** Rules of the packet filter, by the member in whose namespace they stand. */
  readonly #rules = new Map<number, string[]>();

  constructor(namespaces: Namespaces) {
    this.#namespaces = namespaces;
    this.places = namespaces.members.map(({ name, address }) => ({
      listen: { host: address, port },
      advertise: `${address}:${port}`,
      dialFrom: address,
      prefix: enter(name),
    }));
  }

  async drop(pairs: readonly (readonly [from: End, to: End])[]): Promise<void> {
    for (const [from, to] of pairs) {
      if (to === 'clients') this.#add(from, `-A OUTPUT -d ${this.#addressOf(to)} -j DROP`);
      else this.#add(to, `-A INPUT -s ${this.#addressOf(from)} -j DROP`);
    }
    await this.#apply();
  }

  async reset(member: number, others: readonly End[]): Promise<void> {
    const before = [...(this.#rules.get(member) ?? [])];
    const reject = '-j REJECT --reject-with tcp-reset';
    for (const other of others) {
      const address = this.#addressOf(other);
      this.#add(member, `-A INPUT -p tcp -s ${address} ${reject}`);
      this.#add(member, `-A OUTPUT -p tcp -d ${address} ${reject}`);
    }
    await this.#apply();
    await pause(resetMs);
    this.#rules.set(member, before);
    await this.#apply();
  }

  async lose(share: number): Promise<void> {
    const lossy = `-m statistic --mode random --probability ${share} -j DROP`;
    this.places.forEach((_, member) => {
      this.#add(member, `-A INPUT ${lossy}`);
      this.#add(member, `-A OUTPUT -d ${this.#namespaces.hubAddress} ${lossy}`);
    });
    await this.#apply();
  }

  async heal(): Promise<void> {
    for (const member of this.#rules.keys()) this.#rules.set(member, []);
    await this.#apply();
  }

  /** The namespaces are taken away by who made them. */
  async close(): Promise<void> {
    await this.heal();
  }

  #add(member: End, rule: string): void {
    if (member === 'clients')
      throw new Error('rules stand at members, and two clients are one end');
    const rules = this.#rules.get(member) ?? [];
    rules.push(rule);
    this.#rules.set(member, rules);
  }

  async #apply(): Promise<void> {
    await Promise.all(
      [...this.#rules].map(([member, rules]) =>
        restore(this.#namespaces.members[member]?.name ?? '', rules),
      ),
    );
  }

  #addressOf(end: End): string {
    const { hubAddress, members } = this.#namespaces;
    return end === 'clients' ? hubAddress : (members[end]?.address ?? '');
  }
}

function enter(namespace: string): string[] {
  return ['nsenter', `--net=/run/netns/${namespace}`];
}

/** Replaces all rules at once. */
function restore(namespace: string, rules: readonly string[]): Promise<void> {
  const table = [
    '*filter',
    ':INPUT ACCEPT',
    ':FORWARD ACCEPT',
    ':OUTPUT ACCEPT',
    ...rules,
    'COMMIT',
  ];
  const [command = '', ...args] = [...enter(namespace), 'iptables-restore', '-w'];
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(`${table.join('\n')}\n`);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => {
      if (status === 0) resolve();
      else reject(new Error(`iptables-restore in ${namespace} ended with ${status}: ${table}`));
    });
  });
}

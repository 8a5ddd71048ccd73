/**
 * Where a process looks for its cluster: at the seeds that it was given, or, where it was told nothing at
 * all, among the processes of its machine. Looks on while the process is on its way in, and, for seeds
 * that may change, for as long as it is a member.
 */
import { type Clock, systemClock, type Timer } from '../base/clock.ts';
import { portOf } from '../base/host-port.ts';
import type { Address } from '../base/ids.ts';
import { waitFor } from '../base/waiting.ts';
import { unreachable } from './admission.ts';
import { askingContext, askPort } from './ask-port.ts';
import type { Incarnation } from './incarnation.ts';
import type { JoinPlan } from './options.ts';
import { Seeds } from './seeds.ts';
import { type Ports, type Round, Siblings } from './siblings.ts';

export interface Discovery {
  /** Where a member is, or should be. */
  readonly addresses: readonly Address[];
  /** Where nothing was found, for people. */
  readonly unresolved: readonly string[];
  /** Resolves when there is something to begin with. */
  prepare(endsAt: number, signal: AbortSignal | undefined): Promise<void>;
  /** The process has its address. `current` gives the identity that it has at present. */
  attend(current: () => Incarnation | undefined): void;
  /** The process is in. */
  settled(): void;
  close(): void;
}

export function discoveryOf(plan: JoinPlan): Discovery {
  const { ports } = plan;
  return ports === undefined ? new SeedDiscovery(plan) : new SiblingDiscovery(plan, ports);
}

const lookEveryMs = 1_000;
/** For as long as it is a member. */
const lookAgainMs = 30_000;

class SeedDiscovery implements Discovery {
  readonly #plan: JoinPlan;
  readonly #clock: Clock = systemClock;
  readonly #seeds: Seeds;
  #current: () => Incarnation | undefined = () => undefined;
  #everyMs = lookEveryMs;
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  /** The addresses that the process was told last. */
  #passed: string | undefined;
  #isClosed = false;

  constructor(plan: JoinPlan) {
    this.#plan = plan;
    this.#seeds = new Seeds(plan.seeds, { clock: this.#clock, logger: plan.logger });
  }

  get addresses(): readonly Address[] {
    return this.#seeds.addresses;
  }

  get unresolved(): readonly string[] {
    return this.#seeds.unresolved;
  }

  /** At least one seed has an address, where any were given. */
  async prepare(endsAt: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#look(endsAt, signal);
    while (this.addresses.length === 0 && this.unresolved.length > 0) {
      const leftMs = endsAt - this.#clock.monotonic();
      if (leftMs <= 0) {
        throw unreachable(this.unresolved, 'in time, and not even their addresses');
      }
      const timeoutMs = Math.min(lookEveryMs, leftMs);
      await waitFor(() => false, { clock: this.#clock, timeoutMs, signal });
      await this.#look(endsAt, signal);
    }
  }

  /** One that takes its time holds up neither those that have answered nor the end of the waiting. */
  async #look(endsAt: number, signal: AbortSignal | undefined): Promise<void> {
    let isDone = false;
    this.#looking ??= this.#seeds.look().finally(() => {
      this.#looking = undefined;
    });
    const looked = this.#looking.then(() => {
      isDone = true;
    });
    const timeoutMs = Math.max(0, Math.min(lookEveryMs, endsAt - this.#clock.monotonic()));
    const waited = waitFor(() => isDone, { clock: this.#clock, timeoutMs, signal });
    await Promise.race([looked, waited]);
  }

  attend(current: () => Incarnation | undefined): void {
    this.#current = current;
    this.#tell();
    if (this.#seeds.mayChange) this.#lookLater();
  }

  settled(): void {
    this.#everyMs = lookAgainMs;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #lookLater(): void {
    this.#timer = this.#clock.setTimer(this.#everyMs, () => {
      // It never rejects: what fails is warned of.
      void this.#seeds.look().then(() => {
        if (this.#isClosed) return;
        const incarnation = this.#current();
        if (incarnation !== undefined) this.#pass(incarnation);
        this.#lookLater();
      });
    });
  }

  /** Only what is new: who comes back knows where the others were, too, and is not to forget it. */
  #pass({ member, address }: Incarnation): void {
    const { addresses } = this;
    const text = addresses.join(' ');
    if (text === this.#passed) return;
    this.#passed = text;
    member.swim.setSeeds(addresses);
    member.joining.seedsChanged(addresses, addresses.includes(address));
  }

  /** The one line that says what was chosen, and why. */
  #tell(): void {
    const { logger, settings } = this.#plan;
    const address = this.#current()?.address;
    const { addresses } = this;
    const fields = { address, seeds: addresses, cluster: settings.cluster };
    if (addresses.length === 0) {
      logger.info(fields, `listens at ${address} and was given no seeds: begins its own cluster`);
      return;
    }
    const isOne = address !== undefined && addresses.includes(address);
    const role = isOne
      ? 'is one of them itself, so it may begin the cluster where nobody else answers'
      : 'is none of them itself, so it only ever joins';
    logger.info(
      fields,
      `listens at ${address} and looks for members at ${this.#seeds.origins}; it ${role}`,
    );
  }
}

class SiblingDiscovery implements Discovery {
  readonly #plan: JoinPlan;
  readonly #ports: Ports;
  #siblings: Siblings | undefined;
  #round: Round | undefined;

  constructor(plan: JoinPlan, ports: Ports) {
    this.#plan = plan;
    this.#ports = ports;
  }

  get addresses(): readonly Address[] {
    return this.#round?.siblings ?? [];
  }

  get unresolved(): readonly string[] {
    return this.#round?.silent ?? [];
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  attend(current: () => Incarnation | undefined): void {
    const address = current()?.address ?? ('' as Address);
    const { settings, tls } = this.#plan;
    const context = tls && askingContext(tls);
    this.#siblings = new Siblings({
      clock: systemClock,
      ports: this.#ports,
      own: portOf(address),
      ask: (port) => askPort(port, settings.cluster, context),
      onRound: (round) => {
        if (this.#round === undefined) this.#tell(address, round);
        this.#round = round;
        const member = current()?.member;
        member?.swim.setSeeds(round.siblings);
        member?.joining.permitForming(round.permittedUntil);
      },
    });
    this.#siblings.start();
  }

  /** Whoever comes later finds this process. */
  settled(): void {
    this.close();
  }

  close(): void {
    this.#siblings?.stop();
  }

  /** The one line that says what was chosen, and why. */
  #tell(address: string, { siblings, silent, strangers, isFirst }: Round): void {
    const { logger, settings } = this.#plan;
    const { first, count } = this.#ports;
    const found =
      siblings.length === 0
        ? `finds nobody of its cluster at the ports ${first} to ${first + count - 1}`
        : `finds others of its cluster at ${siblings.join(', ')}`;
    const role = isFirst ? 'is the one to begin it' : 'asks to be taken in';
    const { cluster } = settings;
    logger.info(
      { address, siblings, silent, strangers, cluster },
      `was given neither listen nor seeds: listens at ${address}, the first port that was free, ${found}, and ${role}`,
    );
  }
}

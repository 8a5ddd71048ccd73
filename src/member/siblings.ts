/**
 * Processes of one machine that find each other without being told where: each takes the first free one
 * of some ports on loopback, and asks at all the others who is there.
 *
 * Rules
 * 1. Of those that have no cluster yet only the one with the lowest port may form it. A port has one
 *    holder, so there are not two of these.
 * 2. It forms it only on a round of answers that is complete, that began when it had its port, and that
 *    is `freshMs` old at most; where others wait beside it, on one that began `patienceMs` after its first.
 *    So who found a lower port free has formed, and says so, before the new holder of that port may: to
 *    see it free it had a port of its own, which the new holder asks. Rounds in between need not be clear:
 *    it is the time that ends what others may act on. A round that nobody holds up is fresh at its end,
 *    however slow the machine, since a port has less time to answer.
 * 3. A port that is open and does not answer may be one of the cluster: nobody forms while there is one.
 * 4. Other clusters and other programs are asked who they are while this process looks for its own, and
 *    are not spoken to otherwise.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { addressOf } from '../base/host-port.ts';
import type { Address } from '../base/ids.ts';

export interface Ports {
  readonly first: number;
  readonly count: number;
}

/** What is found at a port. */
export type PortAnswer =
  /** Nobody listens. */
  | { readonly kind: 'free' }
  /** Another cluster, or another program. */
  | { readonly kind: 'stranger' }
  /** It is open, and says nothing that can be understood in time. */
  | { readonly kind: 'silent' }
  /** A process of this cluster. */
  | { readonly kind: 'sibling'; readonly mayForm: boolean; readonly hasCluster: boolean };

export interface SiblingsParts {
  readonly clock: Clock;
  readonly ports: Ports;
  readonly own: number;
  /** It never rejects. */
  readonly ask: (port: number) => Promise<PortAnswer>;
  readonly onRound: (round: Round) => void;
}

/** What one round of questions came to. */
export interface Round {
  readonly siblings: readonly Address[];
  readonly silent: readonly Address[];
  readonly strangers: readonly Address[];
  /** Whether nobody stands in the way of this process, should it turn out that there is no cluster yet. */
  readonly isFirst: boolean;
  /** Until when this process may form the cluster; undefined where it may not, or not yet. */
  readonly permittedUntil: number | undefined;
}

const host = '127.0.0.1';
const everyMs = 250;
/** A little more than a port has to answer (ask-port.ts). */
const freshMs = 1_100;
/** More than `freshMs`. */
const patienceMs = 1_250;

export class Siblings {
  readonly #parts: SiblingsParts;
  #timer: Timer | undefined;
  #isOver = false;
  /** When the first round began. */
  #startedAt: number | undefined;

  constructor(parts: SiblingsParts) {
    this.#parts = parts;
  }

  /** Asks at once, and again until `stop`. */
  start(): void {
    // It never rejects, as none of the questions does.
    void this.#ask();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  async #ask(): Promise<void> {
    const { clock, ports, own, ask, onRound } = this.#parts;
    const beganAt = clock.monotonic();
    const others = Array.from({ length: ports.count }, (_, at) => ports.first + at).filter(
      (port) => port !== own,
    );
    const answers = await Promise.all(
      others.map(async (port) => ({ port, answer: await ask(port) })),
    );
    if (this.#isOver) return;
    onRound(this.#judged(answers, beganAt));
    this.#timer = clock.setTimer(everyMs, () => void this.#ask());
  }

  #judged(
    answers: readonly { readonly port: number; readonly answer: PortAnswer }[],
    beganAt: number,
  ): Round {
    const at = (kind: PortAnswer['kind']) =>
      answers.filter(({ answer }) => answer.kind === kind).map(({ port }) => addressOf(host, port));
    const siblings = at('sibling');
    const isClear = !answers.some(({ port, answer }) => this.#isInTheWay(port, answer));
    this.#startedAt ??= beganAt;
    const isTime = siblings.length === 0 || beganAt - this.#startedAt >= patienceMs;
    return {
      siblings,
      silent: at('silent'),
      strangers: at('stranger'),
      isFirst: isClear,
      permittedUntil: isClear && isTime ? beganAt + freshMs : undefined,
    };
  }

  #isInTheWay(port: number, answer: PortAnswer): boolean {
    if (answer.kind === 'silent') return true;
    if (answer.kind !== 'sibling') return false;
    return answer.hasCluster || (answer.mayForm && port < this.#parts.own);
  }
}

/**
 * The client's connections: one to each member that is a primary, or one alone (`gateway`); dialled,
 * lost and dialled again.
 *
 * Invariants
 * 1. There is one link to a member at most; a newer one replaces the older.
 * 2. The gateway is an open link wherever one is open, and changes only when it ends.
 * 3. While no link is open, the given URLs and those of all known members are tried, for ever.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { MemberId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import { Backoff } from '../transport/backoff.ts';
import { type ClientWelcome, clientPath } from '../wire/client-messages.ts';
import type { Refused } from '../wire/handshake.ts';
import type { Message } from '../wire/messages.ts';
import type { KnownTable } from './known-table.ts';
import { Link, type LinkParts } from './link.ts';

export interface LinksEvents {
  objection(welcome: ClientWelcome): string;
  onMessage(link: Link, message: Message): void;
  onDown(member: MemberId): void;
  /** Another link has become the gateway; undefined where none is open. */
  onGateway(link: Link | undefined): void;
}

export interface LinksOptions extends LinkParts {
  readonly urls: readonly string[];
  readonly routing: 'direct' | 'gateway';
  readonly random: Random;
  readonly table: KnownTable;
}

/** One URL and how it went there. */
interface Dial {
  readonly url: string;
  readonly backoff: Backoff;
  link: Link | undefined;
  notBefore: number;
  failures: number;
  detail: string;
  refused: Refused | undefined;
}

const backoffOptions = { firstMs: 50, longestMs: 2_000 } as const;
/** URLs that are tried at the same time while no link is open. */
const triesMax = 3;
/** A link that lived so long was well. */
const wellMs = 1_000;

export class Links {
  readonly #options: LinksOptions;
  readonly #events: LinksEvents;
  readonly #clock: Clock;
  readonly #urls: readonly string[];
  readonly #open = new Map<MemberId, Link>();
  readonly #dials = new Map<string, Dial>();
  #gateway: Link | undefined;
  #scheme = 'ws';
  #heardAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: LinksOptions, events: LinksEvents) {
    this.#options = options;
    this.#events = events;
    this.#clock = options.clock;
    // Many clients of one list do not all begin at its head.
    this.#urls = options.random.shuffle(options.urls);
  }

  get gateway(): Link | undefined {
    return this.#gateway;
  }

  to(member: MemberId): Link | undefined {
    return this.#open.get(member);
  }

  /** When any member that this client was let in by last said anything. */
  get heardAt(): number {
    let heardAt = this.#heardAt;
    for (const link of this.#open.values()) heardAt = Math.max(heardAt, link.heardAt);
    return heardAt;
  }

  /** Whether every link that is wanted is open, or was tried in vain. */
  get isSettled(): boolean {
    if (this.#open.size === 0) return false;
    return this.#missing().every((url) => (this.#dials.get(url)?.failures ?? 0) > 0);
  }

  /** What every given URL has answered, where all of them have refused. */
  get refusal(): Refused | undefined {
    const refusals = this.#urls.map((url) => this.#dials.get(url)?.refused);
    if (this.#open.size > 0 || refusals.some((refused) => refused === undefined)) return undefined;
    return refusals.find((refused) => refused?.code === 'GRID_REFUSED') ?? refusals[0];
  }

  /** What was found at each URL that was tried, for an error. */
  get findings(): string {
    const tried = [...this.#dials.values()].filter(({ failures }) => failures > 0);
    if (tried.length === 0) return `no answer yet at ${this.#urls.join(', ')}`;
    return tried.map(({ url, detail }) => `${url}: ${detail}`).join('; ');
  }

  /** Dials what is wanted and not there; also called when the table has changed. */
  reconcile(): void {
    if (this.#isClosed) return;
    const now = this.#clock.monotonic();
    const wanted = this.#missing();
    const most = this.#open.size === 0 ? triesMax : Number.POSITIVE_INFINITY;
    let busy = wanted.filter((url) => this.#dialOf(url).link !== undefined).length;
    let next = Number.POSITIVE_INFINITY;
    for (const url of wanted) {
      const dial = this.#dialOf(url);
      if (dial.link !== undefined || busy >= most) continue;
      if (dial.notBefore > now) {
        next = Math.min(next, dial.notBefore);
        continue;
      }
      busy++;
      this.#dial(dial);
    }
    this.#timer?.cancel();
    if (next < Number.POSITIVE_INFINITY) {
      this.#timer = this.#clock.setTimer(next - now, () => this.reconcile());
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const { link } of this.#dials.values()) link?.close();
    for (const link of this.#open.values()) link.close();
    this.#open.clear();
    this.#gateway = undefined;
  }

  /** Ends the links to members of a lineage that this client leaves. */
  abandon(): void {
    for (const link of [...this.#open.values()]) this.#replace(link);
    this.#open.clear();
    this.#gateway = undefined;
  }

  /** The URLs that ought to be open and are not. */
  #missing(): string[] {
    const { table, routing } = this.#options;
    if (this.#open.size === 0) {
      const known = (table.latest?.members ?? []).map(({ address }) => this.#urlOf(address));
      return [...new Set([...this.#urls, ...known])];
    }
    if (routing === 'gateway') return [];
    return table
      .primaries()
      .filter(({ id }) => !this.#open.has(id))
      .map(({ address }) => this.#urlOf(address));
  }

  #urlOf(address: string): string {
    return `${this.#scheme}://${address}${clientPath}`;
  }

  #dialOf(url: string): Dial {
    const known = this.#dials.get(url);
    if (known !== undefined) return known;
    const dial: Dial = {
      url,
      backoff: new Backoff(this.#options.random, backoffOptions),
      link: undefined,
      notBefore: Number.NEGATIVE_INFINITY,
      failures: 0,
      detail: '',
      refused: undefined,
    };
    this.#dials.set(url, dial);
    return dial;
  }

  #dial(dial: Dial): void {
    dial.link = new Link(dial.url, this.#options, {
      objection: (welcome) => this.#events.objection(welcome),
      onUp: (link) => this.#rise(dial, link),
      onMessage: (link, message) => this.#events.onMessage(link, message),
      onEnd: (link, detail, refused) => this.#fall(dial, link, detail, refused),
    });
  }

  #rise(dial: Dial, link: Link): void {
    dial.failures = 0;
    dial.refused = undefined;
    this.#scheme = dial.url.startsWith('wss:') ? 'wss' : 'ws';
    if (this.#options.routing === 'gateway' && this.#gateway !== undefined) {
      dial.link = undefined;
      link.close();
      return;
    }
    const older = this.#open.get(link.member);
    this.#open.set(link.member, link);
    if (older !== undefined) this.#replace(older);
    if (this.#gateway === undefined || this.#gateway === older) this.#changeGateway(link);
  }

  /** Two URLs lead to the same member: it keeps the newer connection only. */
  #replace(older: Link): void {
    for (const dial of this.#dials.values()) if (dial.link === older) dial.link = undefined;
    older.close();
    this.#events.onDown(older.member);
  }

  #fall(dial: Dial, link: Link, detail: string, refused: Refused | undefined): void {
    dial.link = undefined;
    dial.failures++;
    dial.detail = detail;
    dial.refused = refused;
    if (link.upMs >= wellMs) dial.backoff.reset();
    dial.notBefore = this.#clock.monotonic() + dial.backoff.nextMs();
    if (this.#open.get(link.member) === link) {
      this.#heardAt = Math.max(this.#heardAt, link.heardAt);
      this.#open.delete(link.member);
      if (this.#gateway === link) this.#changeGateway(this.#anyOpen());
      this.#events.onDown(link.member);
    }
    this.#forgetStrangers();
    this.reconcile();
  }

  #anyOpen(): Link | undefined {
    for (const link of this.#open.values()) return link;
    return undefined;
  }

  #changeGateway(link: Link | undefined): void {
    this.#gateway = link;
    this.#events.onGateway(link);
  }

  /** Of members that are gone nothing is kept. */
  #forgetStrangers(): void {
    const members = this.#options.table.latest?.members ?? [];
    const known = new Set([...this.#urls, ...members.map(({ address }) => this.#urlOf(address))]);
    for (const [url, dial] of this.#dials) {
      if (dial.link === undefined && !known.has(url)) this.#dials.delete(url);
    }
  }
}

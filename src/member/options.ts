/**
 * What a user gives to `Grid.join`, checked once and turned into plain settings with the defaults filled
 * in. A wrong option is named, with what was given and what is allowed; nothing is ignored in silence.
 */
import { hostname, networkInterfaces } from 'node:os';
import { pino } from 'pino';
import * as v from 'valibot';
import { checkedTimeoutMs, defaultTimeoutMs } from '../base/call-options.ts';
import { type Duration, durationMs } from '../base/duration.ts';
import { GridError } from '../base/errors.ts';
import { type HostPort, parseHostPort } from '../base/host-port.ts';
import { defaultLimits } from '../base/limits.ts';
import { isLogger, type Logger } from '../base/logger.ts';
import { shown } from '../base/shown.ts';
import { presets, type Timings } from '../base/timings.ts';
import type { JoinOptions, MapOptions, QueueOptions } from '../grid.ts';
import type { MergePolicy } from '../grid-merge.ts';
import type { TopicOptions } from '../grid-topic.ts';
import type { BeforeStep } from '../partition/move-steps.ts';
import { SharedSecret } from '../security/shared-secret.ts';
import { Users } from '../security/users.ts';
import { mergePolicies } from '../structures/map/map-merge.ts';
import type { TlsOptions } from '../transport/settings.ts';
import { nearest } from './did-you-mean.ts';
import type { MemberSettings } from './member-settings.ts';
import { type SeedSource, seedSource } from './seed-sources.ts';
import type { Ports } from './siblings.ts';

/** Everything that `Grid.join` needs to know. */
export interface JoinPlan {
  /** Seeds and what follows from them are known only when names were resolved and a port is bound. */
  readonly settings: Omit<MemberSettings, 'seeds' | 'mayFormAlone'>;
  readonly listen: HostPort;
  readonly advertise: string | undefined;
  /** Where it was told nothing at all: it takes the first free one of these, and looks at the others. */
  readonly ports: Ports | undefined;
  readonly seeds: readonly SeedSource[];
  readonly secret: string | undefined;
  readonly tls: TlsOptions | undefined;
  readonly insecure: boolean;
  /** Undefined where clients need no credentials. */
  readonly users: Users | undefined;
  readonly origins: readonly string[];
  readonly maps: Readonly<Record<string, MapOptions>>;
  readonly mergePolicies: Readonly<Record<string, MergePolicy>>;
  readonly queues: Readonly<Record<string, QueueOptions>>;
  readonly topics: Readonly<Record<string, TopicOptions>>;
  readonly logger: Logger;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** For harnesses that kill somebody at a step of a move; see partition/move-steps.ts. */
  readonly beforeStep?: BeforeStep | undefined;
}

interface Rule {
  readonly schema: v.GenericSchema;
  /** For the message: what may be given. */
  readonly allowed: string;
}

const partitionsMax = 65_536;
const nameLengthMax = 200;
const seedsMax = 256;
const portMax = 65_535;
/** The first is the default of `listen`. */
const loopbackPorts: Ports = { first: 7_400, count: 64 };
const weightMin = 0.01;
const weightMax = 100;
const retainMax = 10_000_000;
const retainBytesMax = 2 ** 34;

const whole = (min: number, max: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const text = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(nameLengthMax),
  // Half of a surrogate pair would be another text wherever it was sent.
  v.check((given) => given.isWellFormed()),
);
const address = v.pipe(
  v.string(),
  v.check((given) => parseHostPort(given) !== undefined),
);
const seed = v.pipe(
  v.string(),
  v.check((given) => seedSource(given) !== undefined),
);
const mapOptions = v.strictObject({
  backups: v.optional(whole(0, 3)),
  // Refused below by name: it is in the contract of the API, and not there yet.
  minInSync: v.optional(v.unknown()),
  ttl: v.optional(v.custom<Duration>(isTtl)),
  jitter: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  merge: v.optional(text),
});
const capacityMax = 2 ** 32;
const queueOptions = v.strictObject({
  capacity: v.optional(whole(1, capacityMax)),
  backups: v.optional(whole(0, 3)),
});
const topicOptions = v.strictObject({
  backups: v.optional(whole(0, 3)),
  retain: v.optional(whole(0, retainMax)),
  retainBytes: v.optional(whole(0, retainBytesMax)),
});
const mapOptionsAllowed =
  "{ backups, ttl, jitter, merge } with backups 0 to 3, a ttl over 0 such as '30s', a jitter from 0 to 1 and the name of a merge policy";
const credential = v.pipe(v.string(), v.minLength(16), v.maxLength(2_048));
const userOptions = v.union([
  v.strictObject({ token: credential }),
  v.strictObject({ password: credential }),
]);
const pem = v.union([v.string(), v.instance(Uint8Array)]);
const loggerSchema = v.custom<Logger>(isLogger);

const nameAllowed = `a text of 1 to ${nameLengthMax} characters, without half of a surrogate pair`;
const rules: Readonly<Record<keyof JoinOptions, Rule>> = {
  cluster: { schema: text, allowed: nameAllowed },
  name: { schema: text, allowed: nameAllowed },
  listen: {
    schema: v.strictObject({ host: v.optional(text), port: v.optional(whole(0, portMax)) }),
    allowed: `{ host, port } with a host name or address of this machine and a port from 0 to ${portMax}`,
  },
  advertise: { schema: address, allowed: "a text such as '10.0.0.1:7400'" },
  seeds: {
    schema: v.pipe(v.array(seed), v.maxLength(seedsMax)),
    allowed: `at most ${seedsMax} texts such as '10.0.0.1:7400', 'grid.internal:7400', 'file:/etc/shoal/seeds' or 'kubernetes:service'`,
  },
  expect: { schema: whole(1, 1_000), allowed: 'a whole number from 1 to 1000' },
  backups: { schema: whole(0, 3), allowed: 'a whole number from 0 to 3' },
  minInSync: { schema: whole(1, 4), allowed: 'a whole number from 1 to 4' },
  partitions: {
    schema: whole(1, partitionsMax),
    allowed: `a whole number from 1 to ${partitionsMax}`,
  },
  onPartitionLost: { schema: v.picklist(['fail', 'recreate']), allowed: "'fail' or 'recreate'" },
  splitBrain: {
    schema: v.picklist(['auto', 'consistency', 'availability']),
    allowed: "'auto', 'consistency' or 'availability'",
  },
  data: { schema: v.boolean(), allowed: 'true or false' },
  zone: { schema: text, allowed: nameAllowed },
  weight: {
    schema: v.pipe(v.number(), v.minValue(weightMin), v.maxValue(weightMax)),
    allowed: `a number from ${weightMin} to ${weightMax}`,
  },
  rebalanceDelay: { schema: v.custom<Duration>(isDuration), allowed: "a duration such as '30s'" },
  preset: { schema: v.picklist(['local', 'lan', 'wan']), allowed: "'local', 'lan' or 'wan'" },
  secret: { schema: v.string(), allowed: 'a text of at least 32 random bytes' },
  tls: {
    schema: v.strictObject({
      key: pem,
      cert: pem,
      ca: v.optional(pem),
      requireClientCert: v.optional(v.boolean()),
    }),
    allowed: '{ key, cert, ca?, requireClientCert? } with PEM texts',
  },
  insecure: { schema: v.boolean(), allowed: 'true or false' },
  users: {
    schema: v.record(text, userOptions),
    allowed: '{ name: { token } } or { name: { password } } with 16 to 2048 characters each',
  },
  origins: {
    schema: v.pipe(v.array(text), v.maxLength(seedsMax)),
    allowed: `at most ${seedsMax} texts such as 'https://app.example'`,
  },
  maps: {
    schema: v.record(text, mapOptions),
    allowed: `options by name or pattern, such as { "sessions*": { backups: 2 } }, each ${mapOptionsAllowed}`,
  },
  mergePolicies: {
    schema: v.record(text, v.function()),
    allowed: '{ name: (existing, incoming) => value }',
  },
  queues: {
    schema: v.record(text, queueOptions),
    allowed:
      'options by name or pattern, such as { "jobs*": { capacity: 1000 } } with capacity from 1 and backups 0 to 3',
  },
  topics: {
    schema: v.record(text, topicOptions),
    allowed:
      'options by name or pattern, such as { "news*": { retain: 100 } } with backups 0 to 3, retain and retainBytes',
  },
  logger: { schema: loggerSchema, allowed: 'an object with the methods debug, info, warn, error' },
  timeout: { schema: v.unknown(), allowed: 'a duration' },
  signal: { schema: v.instance(AbortSignal), allowed: 'an AbortSignal' },
};

/** In the contract, and not built yet: refused rather than ignored. */
const notYet: readonly string[] = ['processors'];

/** The plan of a join, or a `GRID_BAD_OPTION`. */
export function checkJoinOptions(options: JoinOptions = {}): JoinPlan {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw bad('options', options, 'an object, such as { cluster, listen, seeds }');
  }
  for (const [name, given] of Object.entries(options)) checkOption(name, given);
  checkAvailable(options);
  if (options.secret !== undefined) new SharedSecret(options.secret);
  return {
    settings: settingsOf(options),
    ...placeOf(options),
    secret: options.secret,
    tls: options.tls,
    insecure: options.insecure ?? false,
    ...accessOf(options),
    ...structuresOf(options),
    logger: options.logger ?? pino({ level: 'warn', name: 'shoal' }),
    timeoutMs: checkedTimeoutMs({ timeout: options.timeout ?? defaultTimeoutMs }),
    signal: options.signal,
  };
}

/** The options of one map, or a `GRID_BAD_OPTION` that says whose they are. */
export function checkMapOptions(
  whose: string,
  options: MapOptions,
  policies: JoinPlan['mergePolicies'],
): MapOptions {
  if (!v.is(mapOptions, options)) throw bad(whose, options, mapOptionsAllowed);
  checkMerge(whose, options.merge, policies);
  checkBuilt(`${whose}: minInSync`, options);
  return options;
}

/** Of a map, which shares its partitions, and with them their log, with others. */
function checkBuilt(name: string, options: MapOptions & { readonly minInSync?: unknown }): void {
  if (options.minInSync !== undefined) throw unavailable(name, options.minInSync);
}

function checkMerge(
  whose: string,
  merge: string | undefined,
  policies: JoinPlan['mergePolicies'],
): void {
  const known = [...mergePolicies, ...Object.keys(policies)];
  if (merge === undefined || known.includes(merge)) return;
  throw bad(`${whose}: merge`, merge, `one of ${known.join(', ')}`);
}

/** The options of one queue, or a `GRID_BAD_OPTION` that says whose they are. */
export function checkQueueOptions(whose: string, options: QueueOptions): QueueOptions {
  if (v.is(queueOptions, options)) return options;
  throw bad(whose, options, '{ capacity, backups } with a capacity from 1 on and 0 to 3 backups');
}

/** The options of one topic, or a `GRID_BAD_OPTION` that says whose they are. */
export function checkTopicOptions(whose: string, options: TopicOptions): TopicOptions {
  if (v.is(topicOptions, options)) return options;
  const allowed = `{ backups, retain, retainBytes } with 0 to 3 backups, up to ${retainMax} messages and ${retainBytesMax} bytes`;
  throw bad(whose, options, allowed);
}

function settingsOf(options: JoinOptions): JoinPlan['settings'] {
  return {
    cluster: options.cluster ?? 'shoal',
    name: options.name ?? `${hostname()}-${process.pid}`,
    zone: options.zone ?? '',
    data: options.data ?? true,
    weight: options.weight ?? 1,
    expect: options.expect ?? 1,
    backups: options.backups ?? 1,
    minInSync: options.minInSync ?? 1,
    partitions: options.partitions ?? 271,
    onPartitionLost: options.onPartitionLost ?? 'fail',
    splitBrain: options.splitBrain ?? 'auto',
    timings: timingsOf(options),
    limits: defaultLimits,
  };
}

function timingsOf({ preset = 'lan', rebalanceDelay }: JoinOptions): Timings {
  const timings = presets[preset];
  if (rebalanceDelay === undefined) return timings;
  return { ...timings, rebalanceDelayMs: durationMs(rebalanceDelay, 'rebalanceDelay') };
}

function checkOption(name: string, given: unknown): void {
  if (notYet.includes(name)) {
    if (given !== undefined) throw unavailable(name, given);
    return;
  }
  const rule = Object.hasOwn(rules, name) ? rules[name as keyof JoinOptions] : undefined;
  if (rule === undefined) {
    const known = Object.keys(rules);
    const guess = nearest(name, known);
    const hint = guess === undefined ? `allowed are ${known.join(', ')}` : `did you mean ${guess}?`;
    throw new GridError('GRID_BAD_OPTION', `${name}: no such option; ${hint}`);
  }
  if (given === undefined || v.is(rule.schema, given)) return;
  throw bad(name, given, rule.allowed);
}

/** What is allowed one by one and makes no sense together, or is not built yet. */
function checkAvailable(options: JoinOptions): void {
  const { backups = 1, minInSync = 1, maps = {} } = options;
  if (minInSync > backups + 1) {
    const most = `at most ${backups + 1}, as many copies as there are with backups ${backups}`;
    throw bad('minInSync', minInSync, most);
  }
  for (const [pattern, ofMap] of Object.entries(maps)) {
    checkMerge(`maps['${pattern}']`, ofMap.merge, options.mergePolicies ?? {});
    checkBuilt(`maps['${pattern}'].minInSync`, ofMap);
  }
}

function isTtl(given: unknown): boolean {
  return isDuration(given) && durationMs(given, 'ttl') > 0;
}

function isDuration(given: unknown): boolean {
  try {
    durationMs(given, 'duration');
    return true;
  } catch {
    return false;
  }
}

function structuresOf({
  maps = {},
  mergePolicies: policies = {},
  queues = {},
  topics = {},
}: JoinOptions) {
  return { maps, mergePolicies: policies, queues, topics };
}

/** Where members have to prove themselves clients have to, too, even if no user is known. */
function accessOf({ users, secret, origins = [] }: JoinOptions) {
  const isOpen = users === undefined && secret === undefined;
  return { users: isOpen ? undefined : new Users(users ?? {}), origins };
}

function listenOf({ listen = {} }: JoinOptions): HostPort {
  return { host: listen.host ?? '127.0.0.1', port: listen.port ?? loopbackPorts.first };
}

/** Nobody can dial a wildcard: where one is bound, the first address that others can reach is told. */
function advertisedAddress({ host, port }: HostPort): string | undefined {
  if (host !== '0.0.0.0' && host !== '::') return undefined;
  const reachable = Object.values(networkInterfaces())
    .flat()
    .find((face) => face !== undefined && !face.internal && face.family === 'IPv4');
  if (port !== 0 && reachable !== undefined) return `${reachable.address}:${port}`;
  throw new GridError(
    'GRID_BAD_OPTION',
    `advertise: expected the host:port under which others reach this member, since it listens on ${host}:${port}; found none`,
  );
}

/** Told neither where to listen nor where others are, processes of one machine find each other. */
function placeOf(options: JoinOptions): Pick<JoinPlan, 'listen' | 'advertise' | 'ports' | 'seeds'> {
  const listen = listenOf(options);
  const { advertise = advertisedAddress(listen), seeds = [] } = options;
  const told = [options.listen, options.seeds, options.advertise];
  const ports = told.every((given) => given === undefined) ? loopbackPorts : undefined;
  return { listen, advertise, ports, seeds: seeds.map(sourceOf) };
}

function sourceOf(given: string): SeedSource {
  const source = seedSource(given);
  if (source === undefined) throw bad('seeds', given, 'a seed');
  return source;
}

function bad(name: string, given: unknown, allowed: string): GridError {
  return new GridError(
    'GRID_BAD_OPTION',
    `${name}: expected ${allowed}, found ${found(given, name)}`,
  );
}

function unavailable(name: string, given: unknown): GridError {
  const message = `${name}: not available yet in this version, found ${found(given, name)}; leave it out`;
  return new GridError('GRID_BAD_OPTION', message);
}

/** What was given, short, and never a secret. */
function found(given: unknown, name: string): string {
  if (name === 'secret' || name === 'tls' || name === 'users') return `a ${typeof given}`;
  return shown(given);
}

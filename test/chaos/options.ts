/** The command line of `npm run chaos`. */
import { parseArgs } from 'node:util';

export interface ChaosOptions {
  readonly mode: 'full' | 'rolling-restart' | 'clients-only' | 'crash-points' | 'check';
  readonly seed: number;
  readonly ms: number;
  readonly faults: number | undefined;
  readonly kinds: readonly string[] | undefined;
  readonly kills: number;
  readonly cuts: number;
  readonly points: number;
  readonly operations: number;
  readonly preset: 'lan' | 'local';
  readonly network: 'namespaces' | 'proxies' | undefined;
  readonly out: string;
  readonly check: string;
}

const known = {
  'clients-only': { type: 'boolean', default: false },
  'rolling-restart': { type: 'boolean', default: false },
  'crash-points': { type: 'string' },
  minutes: { type: 'string' },
  seconds: { type: 'string' },
  /** Ends it earlier. */
  faults: { type: 'string' },
  /** Kinds of faults, with commas between them. */
  only: { type: 'string' },
  kills: { type: 'string', default: '10' },
  cuts: { type: 'string', default: '10' },
  /** Chooses the faults. */
  seed: { type: 'string' },
  /** Answers between two faults. */
  operations: { type: 'string', default: '1000' },
  preset: { type: 'string', default: 'lan' },
  network: { type: 'string' },
  /** Where histories, reports and logs go. */
  out: { type: 'string', default: 'chaos-results' },
  check: { type: 'string' },
} as const;

const minutesAtFirst = 10;
const networks = ['namespaces', 'proxies'] as const;

export function readOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({ args: [...args], options: known });
  const whole = (
    name: Exclude<
      keyof typeof values,
      'only' | 'preset' | 'network' | 'out' | 'check' | 'clients-only' | 'rolling-restart'
    >,
  ) => (values[name] === undefined ? undefined : wholeOf(name, values[name]));
  const minutes = whole('minutes') ?? minutesAtFirst;
  return {
    mode: modeOf(values),
    seed: whole('seed') ?? Date.now() % 1_000_000,
    ms: (whole('seconds') ?? minutes * 60) * 1_000,
    faults: whole('faults'),
    kinds: values.only?.split(',').map((kind) => kind.trim()),
    kills: whole('kills') ?? 0,
    cuts: whole('cuts') ?? 0,
    points: whole('crash-points') ?? 0,
    operations: whole('operations') ?? 0,
    preset: oneOf('preset', values.preset, ['lan', 'local']),
    network: networkOf(values.network),
    out: values.out,
    check: values.check ?? '',
  };
}

function modeOf(values: {
  readonly check?: string;
  readonly 'clients-only': boolean;
  readonly 'crash-points'?: string;
  readonly 'rolling-restart': boolean;
}): ChaosOptions['mode'] {
  if (values.check !== undefined) return 'check';
  if (values['clients-only']) return 'clients-only';
  if (values['crash-points'] !== undefined) return 'crash-points';
  return values['rolling-restart'] ? 'rolling-restart' : 'full';
}

function wholeOf(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name}: expected a whole number, found ${text}`);
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found !== undefined) return found;
  throw new Error(`--${name}: expected one of ${allowed.join(', ')}, found ${text}`);
}

function networkOf(text: string | undefined): ChaosOptions['network'] {
  return text === undefined ? undefined : oneOf('network', text, networks);
}

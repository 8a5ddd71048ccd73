/**
 * What a seed may be: an address, a name that stands for several, a file, a service of Kubernetes. All but
 * an address may give others tomorrow than today.
 */
import { lookup } from 'node:dns/promises';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isIP } from 'node:net';
import { addressOf, type HostPort, parseHostPort } from '../base/host-port.ts';
import type { Address } from '../base/ids.ts';
import { KubernetesApi, parseKubernetes } from './kubernetes.ts';

/** Every address of a name; rejects where there is none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** One seed as it was given. */
export interface SeedSource {
  readonly text: string;
  /** Whether it may stand for other addresses later. */
  readonly mayChange: boolean;
  /** Rejects with an error that says why nothing was found. */
  find(): Promise<readonly Address[]>;
}

const filePrefix = 'file:';
const fileBytesMax = 65_536;
/** Lines of a file that are read; further ones are left out. */
const linesMax = 1_024;

/** Undefined where the text is no seed. */
export function seedSource(text: string, resolve: Resolve = systemResolve): SeedSource | undefined {
  if (text.startsWith(filePrefix)) return fileSource(text, resolve);
  const service = parseKubernetes(text);
  if (service !== undefined) {
    const api = new KubernetesApi();
    return { text, mayChange: true, find: () => api.addressesOf(service) };
  }
  const parsed = parseHostPort(text);
  if (parsed === undefined) return undefined;
  const mayChange = isIP(parsed.host) === 0;
  return { text, mayChange, find: () => everyAddress(parsed, resolve) };
}

async function everyAddress({ host, port }: HostPort, resolve: Resolve): Promise<Address[]> {
  const found = isIP(host) === 0 ? await resolve(host) : [host];
  return found.map((ip) => addressOf(ip, port));
}

/** A line for each seed: `host:port`. Empty lines and what follows a # are left out. */
function fileSource(text: string, resolve: Resolve): SeedSource | undefined {
  const path = text.slice(filePrefix.length);
  if (path === '') return undefined;
  return { text, mayChange: true, find: () => everyLine(path, resolve) };
}

async function everyLine(path: string, resolve: Resolve): Promise<Address[]> {
  const content = await contentOf(path);
  const lines = content.split('\n', linesMax).map((line) => line.replace(/#.*/, '').trim());
  const found: Address[] = [];
  for (const [at, line] of lines.entries()) {
    if (line === '') continue;
    const parsed = parseHostPort(line);
    if (parsed === undefined) {
      throw new Error(
        `expected host:port in line ${at + 1} of ${path}, found '${line.slice(0, 80)}'`,
      );
    }
    found.push(...(await everyAddress(parsed, resolve)));
  }
  // Whoever writes it may be about to: to take it for the word that there is nobody would begin a cluster.
  if (found.length === 0) throw new Error(`expected host:port in a line of ${path}, found none`);
  return found;
}

/** No more of it than it may have; where it is a pipe nobody who writes to it is waited for. */
async function contentOf(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const content = Buffer.alloc(fileBytesMax + 1);
    let length = 0;
    while (length < content.length) {
      const { bytesRead } = await handle.read(content, length, content.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length <= fileBytesMax) return content.toString('utf8', 0, length);
    throw new Error(`expected at most ${fileBytesMax} bytes in ${path}, found more`);
  } finally {
    await handle.close();
  }
}

async function systemResolve(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

/**
 * The members behind a service of Kubernetes, asked of its API from within a pod, by the account that the
 * pod was given. Who is not ready yet is among them: when a cluster begins nobody is ready.
 */
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { addressOf } from '../base/host-port.ts';
import type { Address } from '../base/ids.ts';

export interface KubernetesService {
  /** Undefined: that of this pod. */
  readonly namespace: string | undefined;
  readonly service: string;
  /** Undefined: the one that the service has; the first where it has several. */
  readonly port: number | undefined;
}

export interface KubernetesPlace {
  /** Where the files of the pod's account are. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const pattern = /^kubernetes:(?:([a-z0-9-]{1,63})\/)?([a-z0-9-]{1,63})(?::(\d{1,5}))?$/;
const podPlace: KubernetesPlace = {
  folder: '/var/run/secrets/kubernetes.io/serviceaccount',
  env: process.env,
};
const answerMaxMs = 5_000;
const answerBytesMax = 4_194_304;
const addressesMax = 256;

/** `kubernetes:service`, `kubernetes:namespace/service`, either with `:port`; undefined where it is neither. */
export function parseKubernetes(text: string): KubernetesService | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const port = match[3] === undefined ? undefined : Number(match[3]);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return { namespace: match[1], service: match[2] as string, port };
}

export class KubernetesApi {
  readonly #place: KubernetesPlace;
  /** For the whole of an answer. */
  readonly #answerMs: number;

  constructor(place: KubernetesPlace = podPlace, answerMs = answerMaxMs) {
    this.#place = place;
    this.#answerMs = answerMs;
  }

  /** Rejects with an error that says what stood in the way. */
  async addressesOf(wanted: KubernetesService): Promise<readonly Address[]> {
    // The token is renewed while the pod runs, so it is read each time.
    const [token, ca, ownNamespace] = await Promise.all(
      ['token', 'ca.crt', 'namespace'].map((name) =>
        readFile(join(this.#place.folder, name), 'utf8'),
      ),
    );
    const namespace = wanted.namespace ?? (ownNamespace as string).trim();
    const query = `labelSelector=kubernetes.io%2Fservice-name%3D${wanted.service}&limit=${addressesMax}`;
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${query}`;
    const text = await this.#get(path, (token as string).trim(), ca as string);
    const found = addressesIn(text, wanted.port);
    if (found.length > 0) return found;
    throw new Error(`expected endpoints of the service ${namespace}/${wanted.service}, found none`);
  }

  #get(path: string, token: string, ca: string): Promise<string> {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = this.#place.env;
    if (host === undefined) throw new Error('expected to run in a pod of Kubernetes, found none');
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    const options = { host, port: port ?? 443, path, ca, headers, agent: false };
    return new Promise((resolve, reject) => {
      const asked = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > answerBytesMax) asked.destroy(new Error('the answer is too long'));
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(refusal(response.statusCode, path));
        });
      });
      // Set here and not as the request's own: that one begins anew with every byte.
      const timer = setTimeout(() => {
        asked.destroy(new Error(`no whole answer within ${this.#answerMs} ms`));
      }, this.#answerMs);
      asked.on('close', () => clearTimeout(timer));
      asked.on('error', reject);
      asked.end();
    });
  }
}

function refusal(status: number | undefined, path: string): Error {
  const advice =
    status === 401 || status === 403
      ? '; let the account of the pod list endpointslices (docs/operating.md)'
      : '';
  return new Error(
    `expected status 200 from the API of Kubernetes, found ${status} for ${path}${advice}`,
  );
}

interface Slice {
  readonly ports?: readonly { readonly port?: number }[] | null;
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[] | null;
}

/** What another program wrote is taken for what it should be only as far as it is. */
function addressesIn(text: string, wantedPort: number | undefined): readonly Address[] {
  const { items } = JSON.parse(text) as { readonly items?: readonly Slice[] };
  const found = new Set<Address>();
  for (const { ports, endpoints } of items ?? []) {
    const port = wantedPort ?? ports?.[0]?.port;
    if (typeof port !== 'number') continue;
    for (const ip of (endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])) {
      if (typeof ip === 'string' && found.size < addressesMax) found.add(addressOf(ip, port));
    }
  }
  return [...found];
}

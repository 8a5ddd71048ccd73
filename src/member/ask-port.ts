/** Who is at a port of this machine, asked over HTTP: a process of this cluster, another one, or nobody. */
import { type ClientRequestArgs, type IncomingMessage, request } from 'node:http';
import { request as requestTls } from 'node:https';
import type { TlsOptions } from '../transport/settings.ts';
import type { PortAnswer } from './siblings.ts';

/** What a member tells of itself at this path, in a cluster or not yet. */
export const selfPath = '/v1/self';

export interface SelfAnswer {
  readonly id: string;
  readonly cluster: string;
  /** Whether it may begin a cluster where there is none. */
  readonly mayForm: boolean;
  readonly hasCluster: boolean;
}

const answerMs = 1_000;
const answerBytesMax = 4_096;

/** It never rejects. */
export function askPort(
  port: number,
  cluster: string,
  tls: TlsOptions | undefined,
): Promise<PortAnswer> {
  return new Promise((resolve) => {
    const asked = send(port, tls, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length <= answerBytesMax) return;
        resolve({ kind: 'stranger' });
        asked.destroy();
      });
      response.on('end', () => resolve(answerOf(text, cluster)));
      response.on('error', () => resolve({ kind: 'stranger' }));
    });
    // Set here and not as the request's own: that one begins anew with every byte.
    const timer = setTimeout(() => {
      resolve({ kind: 'silent' });
      asked.destroy();
    }, answerMs);
    asked.on('close', () => clearTimeout(timer));
    asked.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ kind: error.code === 'ECONNREFUSED' ? 'free' : 'stranger' });
    });
    asked.end();
  });
}

function send(
  port: number,
  tls: TlsOptions | undefined,
  onResponse: (response: IncomingMessage) => void,
) {
  const target: ClientRequestArgs = { host: '127.0.0.1', port, path: selfPath, agent: false };
  if (tls === undefined) return request(target, onResponse);
  // Whether it is who it says the link of members finds out; here it is only asked who it says it is.
  const [key, cert] = [Buffer.from(tls.key), Buffer.from(tls.cert)];
  return requestTls({ ...target, key, cert, rejectUnauthorized: false }, onResponse);
}

function answerOf(text: string, cluster: string): PortAnswer {
  try {
    const self = JSON.parse(text) as Partial<SelfAnswer> | null;
    if (self?.cluster !== cluster) return { kind: 'stranger' };
    return {
      kind: 'sibling',
      mayForm: self.mayForm !== false,
      hasCluster: self.hasCluster === true,
    };
  } catch {
    return { kind: 'stranger' };
  }
}

/** Who is at a port of this machine, asked over HTTP: a process of this cluster, another one, or nobody. */
import { type ClientRequestArgs, type IncomingMessage, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { TlsOptions } from '../transport/settings.ts';
import type { PortAnswer } from './siblings.ts';

/** What a member tells of itself at this path, in a cluster or not yet. */
export const selfPath = '/v1/self';

export interface SelfAnswer {
  readonly id: string;
  readonly cluster: string;
  /** Whether it may begin a cluster where there is none. */
  readonly mayForm: boolean;
  /** From the turn on in which it begins one. */
  readonly hasCluster: boolean;
}

const answerMs = 1_000;
const answerBytesMax = 4_096;

/** How this process shows itself to those that it asks. Made once: it takes a millisecond. */
export function askingContext({ key, cert }: TlsOptions): SecureContext {
  return createSecureContext({ key: Buffer.from(key), cert: Buffer.from(cert) });
}

/** It never rejects. `context`: where the members of the cluster use TLS. */
export function askPort(
  port: number,
  cluster: string,
  context: SecureContext | undefined,
): Promise<PortAnswer> {
  return new Promise((resolve) => {
    let isOpen = false;
    const asked = send(port, context, (response) => {
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
    asked.on('socket', (socket) => {
      socket.once('connect', () => {
        isOpen = true;
      });
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      // What kept this process from asking (it has too many files open, say) tells nothing of the port.
      const kind = isOpen ? 'stranger' : 'silent';
      resolve({ kind: error.code === 'ECONNREFUSED' ? 'free' : kind });
    });
    asked.end();
  });
}

function send(
  port: number,
  secureContext: SecureContext | undefined,
  onResponse: (response: IncomingMessage) => void,
) {
  const target: ClientRequestArgs = { host: '127.0.0.1', port, path: selfPath, agent: false };
  if (secureContext === undefined) return request(target, onResponse);
  // Whether it is who it says the link of members finds out; here it is only asked who it says it is.
  const secure = { ...target, secureContext, rejectUnauthorized: false };
  return requestTls(secure, onResponse);
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

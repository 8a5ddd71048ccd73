/** A host and a port as one text, and back. */
import type { Address } from './ids.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const hostPort = /^(?:\[([0-9a-fA-F:]+)\]|([^\s:/[\]]+)):(\d{1,5})$/;

/** `host:port`, `[::1]:port`; undefined where the text is neither. */
export function parseHostPort(given: string): HostPort | undefined {
  const match = hostPort.exec(given);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

export function addressOf(host: string, port: number): Address {
  return (
    host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
  ) as Address;
}

export function portOf(address: Address): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

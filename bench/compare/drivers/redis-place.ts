/** Where a client of Redis dials: the port on loopback, or the unix socket of the same server. */
import type { Addresses } from './driver.ts';

/** A driver of Redis over TCP, or the same over the unix socket. */
export type OverEither<Name extends string> = Name | `${Name}-unix`;

type RedisPlace = { readonly host: string; readonly port: number } | { readonly path: string };

export function redisPlace(driver: string, { redisPort, redisSocket }: Addresses): RedisPlace {
  if (!driver.endsWith('-unix')) return { host: '127.0.0.1', port: redisPort };
  if (redisSocket === undefined) throw new Error(`expected a unix socket of Redis for ${driver}`);
  return { path: redisSocket };
}

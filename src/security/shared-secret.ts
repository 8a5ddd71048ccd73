/**
 * A secret that every member of a cluster knows: how two of them prove it to each other without saying
 * it, and the keys that a link between them gets from it.
 *
 * A proof is an HMAC over both greetings as they stood on the wire, so it covers versions, cluster,
 * identities, addresses, lane and both nonces, and fits no other connection. Each side signs under a
 * label of its own, so that a proof cannot be sent back to who made it.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { GridError } from '../base/errors.ts';

export type Side = 'dialler' | 'acceptor';

export interface Greetings {
  readonly dialler: Uint8Array;
  readonly acceptor: Uint8Array;
}

export interface LinkKeys {
  readonly fromDialler: Uint8Array;
  readonly fromAcceptor: Uint8Array;
}

export const secretBytesMin = 32;
/** A text or key with fewer different bytes was not drawn at random. */
const differentBytesMin = 8;
const keyBytes = 32;
export const nonceBytes = 32;

export class SharedSecret {
  readonly #secret: Uint8Array;

  /** Text or bytes, at least 32 bytes, best drawn at random: `openssl rand -base64 32`. */
  constructor(secret: string | Uint8Array) {
    const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret.slice();
    if (bytes.length < secretBytesMin || new Set(bytes).size < differentBytesMin) {
      throw new GridError(
        'GRID_BAD_OPTION',
        `secret: expected at least ${secretBytesMin} random bytes, found ${bytes.length} bytes ` +
          `with ${new Set(bytes).size} different ones. Make one with: openssl rand -base64 32`,
      );
    }
    this.#secret = bytes;
  }

  proofOf(side: Side, greetings: Greetings): Uint8Array {
    const hmac = createHmac('sha256', this.#secret).update(`shoal proof of the ${side}`);
    for (const greeting of [greetings.dialler, greetings.acceptor]) {
      hmac.update(lengthOf(greeting)).update(greeting);
    }
    return new Uint8Array(hmac.digest());
  }

  accepts(proof: Uint8Array, side: Side, greetings: Greetings): boolean {
    const expected = this.proofOf(side, greetings);
    return proof.length === expected.length && timingSafeEqual(proof, expected);
  }

  /** For this connection only: both nonces are in the greetings. */
  keysOf(greetings: Greetings): LinkKeys {
    const salt = this.proofOf('dialler', greetings);
    const keyOf = (side: Side) =>
      new Uint8Array(
        hkdfSync('sha256', this.#secret, salt, `shoal frames of the ${side}`, keyBytes),
      );
    return { fromDialler: keyOf('dialler'), fromAcceptor: keyOf('acceptor') };
  }
}

/** Before each part, so that no two pairs of parts read the same. */
function lengthOf(part: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, part.length);
  return length;
}

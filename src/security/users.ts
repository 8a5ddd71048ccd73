/**
 * Who may connect as a client. Tokens and passwords are kept as digests only, and compared in a time
 * that does not depend on where they differ.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { UserOptions } from '../grid.ts';

/** Who is at the other end of a client's connection. */
export interface User {
  /** Empty where nobody has to say who they are. */
  readonly name: string;
}

export interface Credentials {
  /** Empty where a token says who it is. */
  readonly user: string;
  /** A token or a password. */
  readonly credential: string;
}

interface Entry {
  readonly user: User;
  readonly isToken: boolean;
  readonly digest: Uint8Array;
}

/** What those get who need no credentials. */
export const anybody: User = { name: '' };

export class Users {
  readonly #entries: readonly Entry[];

  constructor(users: Readonly<Record<string, UserOptions>>) {
    this.#entries = Object.entries(users).map(([name, options]) => {
      const isToken = 'token' in options;
      return {
        user: { name },
        isToken,
        digest: digestOf(isToken ? options.token : options.password),
      };
    });
  }

  /** The user of these credentials; looks at every entry, whatever is found. */
  find({ user, credential }: Credentials): User | undefined {
    const digest = digestOf(credential);
    let found: User | undefined;
    for (const entry of this.#entries) {
      const isSame = timingSafeEqual(entry.digest, digest);
      const isNamed = entry.user.name === user || (entry.isToken && user === '');
      if (isSame && isNamed) found = entry.user;
    }
    return found;
  }
}

function digestOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

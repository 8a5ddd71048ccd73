/** Assertions stay on in production: a broken invariant must not spread to the backups. */

/** Thrown when only a bug of ours can have made a condition false. */
export class AssertionError extends Error {
  constructor(message: string) {
    super(`broken invariant: ${message}`);
    this.name = 'AssertionError';
  }
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Fails to compile where a union has a member that was not handled. */
export function unreachable(value: never): never {
  throw new AssertionError(`no such case: ${JSON.stringify(value)}`);
}

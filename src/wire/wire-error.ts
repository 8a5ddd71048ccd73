/**
 * Bytes that are not what they should be.
 *
 * The message never holds anything that the other side sent, so that it may be logged as it stands.
 */

export class WireError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WireError';
  }
}

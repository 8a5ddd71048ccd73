/**
 * Protects the frames of one direction of one link with AES-256-GCM, where TLS does not.
 *
 * The nonce is a count of frames that both sides keep and never send, so a frame that is changed,
 * repeated, left out or out of order does not open.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';

const algorithm = 'aes-256-gcm';
export const tagBytes = 16;

class Counter {
  readonly #nonce = new Uint8Array(12);
  readonly #view = new DataView(this.#nonce.buffer);
  #count = 0n;

  next(): Uint8Array {
    this.#view.setBigUint64(4, this.#count++);
    return this.#nonce;
  }
}

export class FrameSealer {
  readonly #key: Uint8Array;
  readonly #nonces = new Counter();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Writes the encrypted content and its tag into `target` from `offset`. */
  seal(content: Uint8Array, target: Uint8Array, offset: number): void {
    const cipher = createCipheriv(algorithm, this.#key, this.#nonces.next());
    target.set(cipher.update(content), offset);
    cipher.final();
    target.set(cipher.getAuthTag(), offset + content.length);
  }
}

export class FrameOpener {
  readonly #key: Uint8Array;
  readonly #nonces = new Counter();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Undefined where the bytes are not the next that the other side sealed. */
  open(sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < tagBytes) return undefined;
    const decipher = createDecipheriv(algorithm, this.#key, this.#nonces.next(), {
      authTagLength: tagBytes,
    });
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    const content = decipher.update(sealed.subarray(0, -tagBytes));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return content;
  }
}

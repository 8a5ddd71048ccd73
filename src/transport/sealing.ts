/** Sealed frames: batches as they travel on a link that has keys and no TLS. */

import { FrameOpener, FrameSealer, tagBytes } from '../security/frame-cipher.ts';
import { headerBytes, readHeader, writeHeader } from '../wire/frame.ts';
import { WireError } from '../wire/wire-error.ts';

export class Sealing {
  readonly #sealer: FrameSealer;

  constructor(key: Uint8Array) {
    this.#sealer = new FrameSealer(key);
  }

  seal(frame: Uint8Array): Uint8Array {
    const sealed = new Uint8Array(headerBytes + frame.length + tagBytes);
    this.#sealer.seal(frame, sealed, headerBytes);
    writeHeader(sealed, 'sealed');
    return sealed;
  }
}

export class Opening {
  readonly #opener: FrameOpener;
  readonly #frameBytesMax: number;

  constructor(key: Uint8Array, frameBytesMax: number) {
    this.#opener = new FrameOpener(key);
    this.#frameBytesMax = frameBytesMax;
  }

  /** Throws a `WireError` for anything but the next frame that the peer sealed. */
  open(frame: Uint8Array): Uint8Array {
    if (readHeader(frame, this.#frameBytesMax + headerBytes + tagBytes) !== 'sealed') {
      throw new WireError('expected a sealed frame, found an open one');
    }
    const content = this.#opener.open(frame.subarray(headerBytes));
    if (content === undefined) {
      throw new WireError('expected the next frame of the peer, found one it did not seal');
    }
    return content;
  }
}

/**
 * Which member a light client relies on, seen at its sockets. It is the one that was up first of those that are
 * up (src/client/links.ts): the only one of a client that goes through one member, and the one that tells the
 * table to a client that goes straight to primaries.
 */
import type { OpenSocket } from '../../src/client/socket.ts';

export class GatewaySpotter {
  /** By socket the address of the member at its other end, in the order in which they came up. */
  readonly #up = new Map<object, string>();
  readonly #onChange: (address: string) => void;
  #address = '';

  constructor(onChange: (address: string) => void) {
    this.#onChange = onChange;
  }

  /** Empty where it is connected to none. */
  get address(): string {
    return this.#address;
  }

  /** Dials as before, and looks on. */
  watch(open: OpenSocket): OpenSocket {
    return (url, protocol, limits, events) => {
      const key = {};
      const { host } = new URL(url);
      let isOver = false;
      const end = () => {
        isOver = true;
        this.#up.delete(key);
        this.#look();
      };
      const socket = open(url, protocol, limits, {
        onOpen: () => events.onOpen(),
        onFrame: (frame) => {
          if (!isOver) this.#up.set(key, host);
          this.#look();
          events.onFrame(frame);
        },
        onClose: () => {
          end();
          events.onClose();
        },
      });
      return {
        get bufferedBytes() {
          return socket.bufferedBytes;
        },
        send: (frame) => socket.send(frame),
        close: () => {
          // What is down for the client may take long to close.
          end();
          socket.close();
        },
      };
    };
  }

  #look(): void {
    const [first = ''] = this.#up.values();
    if (first === this.#address) return;
    this.#address = first;
    this.#onChange(first);
  }
}

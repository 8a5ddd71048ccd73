/** A piece of wire before a member, which a test can cut, or hold what flows on it. */
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Wire } from './wire.ts';

export class TcpProxy {
  readonly #server: Server;
  readonly #wires = new Set<Wire>();
  #isRefusing = false;
  #losesAnswers = false;
  port = 0;
  /** Told of every connection as soon as it is known what it is for. */
  onWire: (wire: Wire) => void = () => {};

  static async to(address: string, port = 0): Promise<TcpProxy> {
    const proxy = new TcpProxy(address);
    await new Promise<void>((resolve) => proxy.#server.listen(port, '127.0.0.1', resolve));
    proxy.port = (proxy.#server.address() as AddressInfo).port;
    return proxy;
  }

  private constructor(address: string) {
    this.#server = createServer((near) => {
      if (this.#isRefusing) {
        near.destroy();
        return;
      }
      const wire = new Wire(near, address, {
        onPath: () => this.onWire(wire),
        onClose: () => this.#wires.delete(wire),
      });
      this.#wires.add(wire);
      if (this.#losesAnswers) wire.lose('out');
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  get wires(): readonly Wire[] {
    return [...this.#wires];
  }

  get connections(): number {
    return this.#wires.size;
  }

  /** What members answer is lost from now on; requests still reach them. */
  loseAnswers(isLosing: boolean): void {
    this.#losesAnswers = isLosing;
    for (const wire of this.wires) {
      if (isLosing) wire.lose('out');
      else wire.release('out');
    }
  }

  cut(): void {
    for (const wire of this.wires) wire.close();
  }

  refuse(isRefusing: boolean): void {
    this.#isRefusing = isRefusing;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** A port that nobody has at present. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

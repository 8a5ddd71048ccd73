import { expect } from 'chai';
import { systemClock } from '../../src/base/clock.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { ClientConnection } from '../../src/member/client-connection.ts';
import type { Gateway } from '../../src/member/gateway.ts';
import type { FrameSocket } from '../../src/transport/connection.ts';

/** A socket whose kernel takes nothing until a test says so. */
class FullSocket implements FrameSocket {
  readonly OPEN = 1;
  readonly readyState = 1;
  readonly bufferedAmount = 0;
  readonly sent: { readonly frame: Uint8Array; readonly as: Uint8Array; written(): void }[] = [];

  on(): void {}

  once(): void {}

  send(frame: Uint8Array, written: () => void): void {
    this.sent.push({ frame, as: frame.slice(), written });
  }

  ping(): void {}

  close(): void {}

  terminate(): void {}
}

describe('the connection of a client', () => {
  it('uses the memory of a frame again when the frame has left, and not before', async () => {
    const socket = new FullSocket();
    const raw = { on: () => {}, off: () => {} };
    const settings = {
      cluster: 'test',
      users: undefined,
      clock: systemClock,
      limits: defaultLimits,
      logger: silentLogger,
    };
    const gateway = {} as Gateway;
    const connection = new ClientConnection(socket, raw, settings, gateway, () => {});
    const send = async (request: number) => {
      connection.send({ kind: 'op.reply', request, result: new Uint8Array(20_000).fill(request) });
      await new Promise((resolve) => setImmediate(resolve));
    };
    for (let request = 0; request < 200; request++) await send(request);
    expect(socket.sent).to.have.lengthOf(200);
    for (const { frame, as } of socket.sent) expect(frame).to.deep.equal(as);
    socket.sent[7]?.written();
    await send(200);
    expect(socket.sent.at(-1)?.frame.buffer).to.equal(socket.sent[7]?.frame.buffer);
    connection.close();
  });
});

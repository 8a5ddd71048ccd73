import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { until } from '../transport/until.ts';
import { TcpProxy } from './tcp-proxy.ts';
import type { Wire } from './wire.ts';

/** A server that repeats what it hears, a proxy before it, and somebody who dialled. */
interface Line {
  readonly server: Server;
  readonly proxy: TcpProxy;
  readonly wire: Wire;
  readonly near: Socket;
  readonly far: Socket;
  readonly heard: { near: string; far: string; nearError: string; farError: string };
}

const lines: Line[] = [];

async function dial(): Promise<Line> {
  const heard = { near: '', far: '', nearError: '', farError: '' };
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    accepted.push(socket);
    socket.on('data', (chunk) => {
      heard.far += chunk.toString();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      heard.farError = error.code ?? '';
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = await TcpProxy.to(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  const near = connect(proxy.port, '127.0.0.1');
  near.on('data', (chunk) => {
    heard.near += chunk.toString();
  });
  near.on('error', (error: NodeJS.ErrnoException) => {
    heard.nearError = error.code ?? '';
  });
  near.write('GET /client HTTP/1.1\r\n');
  await until(() => heard.far !== '', 'the first line');
  heard.far = '';
  const line = { server, proxy, wire: proxy.wires[0]!, near, far: accepted[0]!, heard };
  lines.push(line);
  return line;
}

describe('a wire', () => {
  afterEach(async () => {
    for (const { near, proxy, server } of lines.splice(0)) {
      near.destroy();
      await proxy.close();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('knows what it is for and from where it was dialled', async () => {
    const { wire } = await dial();
    expect(wire.path).to.equal('/client');
    expect(wire.from).to.equal('127.0.0.1');
  });

  it('holds one direction, and lets what was held arrive in order', async () => {
    const { wire, near, far, heard } = await dial();
    wire.hold('in');
    near.write('one ');
    near.write('two ');
    far.write('answer');
    await until(() => heard.near === 'answer', 'the way back');
    expect(heard.far).to.equal('');
    wire.release('in');
    near.write('three');
    await until(() => heard.far === 'one two three', 'what was held');
  });

  it('tells the other end of a close only when it no longer holds', async () => {
    const { wire, near, far, heard } = await dial();
    wire.hold('in');
    near.end('goodbye');
    far.write('still there?');
    await until(() => heard.near === 'still there?', 'the way back');
    expect(far.destroyed).to.equal(false);
    wire.release('in');
    await until(() => far.destroyed, 'the end');
    expect(heard.far).to.equal('goodbye');
  });

  it('never delivers what it lost, and ends where it is released', async () => {
    const { wire, near, far, heard } = await dial();
    wire.lose('in');
    near.write('lost');
    far.write('answer');
    await until(() => heard.near === 'answer', 'the way back');
    wire.release('in');
    await until(() => near.destroyed && far.destroyed, 'the end');
    expect(heard.far).to.equal('');
  });

  it('resets both ends', async () => {
    const { wire, near, far, heard } = await dial();
    wire.reset();
    await until(() => near.destroyed && far.destroyed, 'the end');
    expect(heard).to.include({ nearError: 'ECONNRESET', farError: 'ECONNRESET' });
  });
});

import { spawnSync } from 'node:child_process';
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { askingContext, askPort, selfPath } from '../../src/member/ask-port.ts';
import { closeAll, joinGrid } from '../support/grids.ts';
import { testCertificate, testKey } from '../transport/test-certificate.ts';

const tls = { key: testKey, cert: testCertificate };
const stranger = { kind: 'stranger' };

describe('a port that is asked', () => {
  const opened: Server[] = [];
  const sockets = new Set<Socket>();
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(
      opened.splice(0).map((server) => new Promise((resolve) => server.close(resolve))),
    );
    await closeAll();
  });

  async function portOf(server: Server): Promise<number> {
    opened.push(server);
    server.on('connection', (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }
  const answering = (body: string, status = 200): HttpServer =>
    createHttp((_, response) => response.writeHead(status).end(body));

  it('is free where nobody listens', async () => {
    const server = createServer();
    const port = await portOf(server);
    await new Promise((resolve) => opened.pop()?.close(resolve));
    expect(await askPort(port, 'shop', undefined)).to.deep.equal({ kind: 'free' });
  });

  it('is a sibling where a member of the cluster is, which tells whether it is in', async () => {
    const grid = await joinGrid({ cluster: 'shop' });
    const port = Number(grid.self.address.split(':')[1]);
    const sibling = { kind: 'sibling', mayForm: true, hasCluster: true };
    expect(await askPort(port, 'shop', undefined)).to.deep.equal(sibling);
    expect(await askPort(port, 'bank', undefined)).to.deep.equal(stranger);
    const { id } = grid.self;
    const answer = await fetch(`http://${grid.self.address}${selfPath}`);
    const told = { id, cluster: 'shop', mayForm: true, hasCluster: true };
    expect(await answer.json()).to.deep.equal(told);
  });

  it('is a sibling behind TLS too, for who has it as well', async () => {
    const body = '{"cluster":"shop","mayForm":false,"hasCluster":false}';
    const server = createHttps(tls, (_, response) => response.end(body));
    const port = await portOf(server);
    const sibling = { kind: 'sibling', mayForm: false, hasCluster: false };
    const context = askingContext(tls);
    expect(await askPort(port, 'shop', context)).to.deep.equal(sibling);
    expect(await askPort(port, 'shop', undefined)).to.deep.equal(stranger);
    expect(await askPort(await portOf(answering(body)), 'shop', context)).to.deep.equal(stranger);
  });

  const others: readonly (readonly [what: string, body: string, status?: number])[] = [
    ['a page', '<html></html>'],
    ['an error', 'no such page', 404],
    ['other JSON', '{"clusters":["shop"]}'],
    ['JSON that is no object', 'null'],
    ['more than can be', `{"cluster":"shop","filling":"${'x'.repeat(100_000)}"}`],
    ['nothing', '', 503],
  ];
  for (const [what, body, status] of others) {
    it(`is a stranger where ${what} is answered`, async () => {
      const port = await portOf(answering(body, status));
      expect(await askPort(port, 'shop', undefined)).to.deep.equal(stranger);
    });
  }

  it('is a stranger where something else than HTTP is spoken, or nobody wants to speak', async () => {
    const greeting = createServer((socket) => socket.write('220 mail.example ready\r\n'));
    expect(await askPort(await portOf(greeting), 'shop', undefined)).to.deep.equal(stranger);
    const closing = createServer((socket) => socket.destroy());
    expect(await askPort(await portOf(closing), 'shop', undefined)).to.deep.equal(stranger);
  });

  it('is silent where this process has too many files open to ask', async () => {
    const ask = new URL('../../src/member/ask-port.ts', import.meta.url);
    const program = `
      import { openSync } from 'node:fs';
      import { askPort } from '${ask}';
      const fill = () => {
        try {
          for (;;) openSync('/dev/null');
        } catch ({ code }) {
          return code;
        }
      };
      fill();
      // What loaded this program closes a file of its own only now.
      await new Promise(setImmediate);
      const code = fill();
      const { kind } = await askPort(7_399, 'shop', undefined);
      process.stdout.write(code + ' ' + kind);`;
    const node = `exec ${process.execPath} --import tsx --input-type=module -e "$0"`;
    const { stdout } = spawnSync('sh', ['-c', `ulimit -n 200; ${node}`, program]);
    expect(stdout.toString()).to.equal('EMFILE silent');
  });

  it('is silent where it is open and nothing comes, or not all of it', async () => {
    const mute = createServer();
    const slow = createHttp((_, response) => response.write('{"cluster":'));
    const ports = await Promise.all([portOf(mute), portOf(slow)]);
    const answers = await Promise.all(ports.map((port) => askPort(port, 'shop', undefined)));
    expect(answers).to.deep.equal([{ kind: 'silent' }, { kind: 'silent' }]);
  });
});

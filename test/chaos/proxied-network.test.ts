import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { until } from '../transport/until.ts';
import { between, type End } from './network.ts';
import { ProxiedNetwork } from './proxied-network.ts';

/** Members that say back what they hear, and callers that dial them from where members and clients do. */
class Town {
  readonly network: ProxiedNetwork;
  readonly #servers: Server[] = [];
  readonly #sockets: Socket[] = [];

  constructor(network: ProxiedNetwork) {
    this.network = network;
  }

  async open(): Promise<void> {
    for (const { listen } of this.network.places) {
      const server = createServer((socket) => {
        this.#sockets.push(socket);
        socket.on('error', () => {});
        socket.on('data', (chunk) => socket.write(chunk));
      });
      await new Promise<void>((resolve) => server.listen(listen.port, listen.host, resolve));
      this.#servers.push(server);
    }
  }

  dial(from: End, to: number): Call {
    const port = Number(this.network.places[to]!.advertise.split(':')[1]);
    const localAddress = from === 'clients' ? '127.0.0.1' : this.network.places[from]!.dialFrom;
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    this.#sockets.push(socket);
    return new Call(socket, from === 'clients' ? '/client' : '/member');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.network.close();
    for (const server of this.#servers) await new Promise((resolve) => server.close(resolve));
  }
}

class Call {
  readonly socket: Socket;
  heard = '';

  constructor(socket: Socket, path: string) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.heard += chunk.toString();
    });
    socket.write(`GET ${path} HTTP/1.1\r\n`);
  }

  async answered(): Promise<void> {
    await until(() => this.heard !== '', 'an answer');
    this.heard = '';
  }
}

describe('a network of proxies', () => {
  let town: Town;

  beforeEach(async () => {
    town = new Town(await ProxiedNetwork.of(3));
    await town.open();
  });
  afterEach(() => town.close());

  it('drops what one of two ends says to the other, whoever dialled, and lets it arrive when healed', async () => {
    const [one, other, third] = [town.dial(0, 1), town.dial(1, 0), town.dial(2, 1)];
    await Promise.all([one, other, third].map((call) => call.answered()));
    await town.network.drop([[0, 1]]);
    one.socket.write('from 0 to 1');
    other.socket.write('from 1 to 0');
    third.socket.write('from 2 to 1');
    await third.answered();
    // The second was heard, and its answer is from 0 to 1.
    expect([one.heard, other.heard]).to.deep.equal(['', '']);
    await town.network.heal();
    await until(() => one.heard === 'from 0 to 1', 'what was held');
    await until(() => other.heard === 'from 1 to 0', 'what was held of the answer');
  });

  it('lets no connection come to be between those who are cut off', async () => {
    await town.network.drop([[1, 0]]);
    const [cut, free] = [town.dial(0, 1), town.dial('clients', 1)];
    await free.answered();
    expect(cut.heard).to.equal('');
    await town.network.heal();
    await cut.answered();
  });

  it('cuts clients from a member, and nobody else', async () => {
    const [client, member] = [town.dial('clients', 0), town.dial(1, 0)];
    await Promise.all([client.answered(), member.answered()]);
    await town.network.drop(between(['clients'], [0]));
    client.socket.write('hello');
    member.socket.write('hello');
    await member.answered();
    expect(client.heard).to.equal('');
    expect(town.network.clientWires(0)).to.have.length(1);
    expect(town.network.memberWires(0)).to.have.length(1);
  });

  it('resets the connections between a member and some others', async () => {
    const calls = [town.dial(0, 1), town.dial(1, 0), town.dial(0, 2), town.dial('clients', 0)];
    await Promise.all(calls.map((call) => call.answered()));
    await town.network.reset(0, [1, 'clients']);
    const [first, second, untouched, ofClient] = calls as [Call, Call, Call, Call];
    await until(
      () => [first, second, ofClient].every(({ socket }) => socket.destroyed),
      'the ends of connections',
    );
    untouched.socket.write('still here');
    await untouched.answered();
  });
});

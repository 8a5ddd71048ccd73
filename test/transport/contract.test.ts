import { systemClock } from '../../src/base/clock.ts';
import type { Address } from '../../src/base/ids.ts';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import { defaultTransportTimings } from '../../src/transport/settings.ts';
import { WebSocketTransport } from '../../src/transport/websocket.ts';
import { transportContract } from './contract.ts';

const timings = { ...defaultTransportTimings, backoffFirstMs: 5, backoffLongestMs: 20 };
const portOf = (address: Address | undefined) => Number(address?.split(':')[1] ?? 0);

describe('a transport in memory', () => {
  let network: MemoryNetwork;
  let addresses = 0;

  beforeEach(() => {
    network = new MemoryNetwork(systemClock);
  });

  transportContract(async (id, address) =>
    network.join(address ?? (`memory:${++addresses}` as Address), id),
  );
});

describe('a transport over WebSockets', () => {
  transportContract((id, address) =>
    WebSocketTransport.open({ id, cluster: 'test', port: portOf(address), timings }),
  );
});

describe('a transport over WebSockets with a secret', () => {
  const secret = 'a secret of the tests, 0123456789';

  transportContract((id, address) =>
    WebSocketTransport.open({ id, cluster: 'test', port: portOf(address), timings, secret }),
  );
});

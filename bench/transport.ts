/**
 * Messages between two members of two processes: one asks, the other answers, many at a time.
 *
 *   node --import tsx bench/transport.ts [requests in flight] [bytes of an op] [--secret]
 */
import { fork } from 'node:child_process';
import type {
  Address,
  CallerId,
  MemberId,
  OpSequence,
  PartitionId,
  StructureId,
} from '../src/base/ids.ts';
import type { TransportEvents } from '../src/transport/transport.ts';
import { WebSocketTransport } from '../src/transport/websocket.ts';
import type { Message } from '../src/wire/messages.ts';

const secondsOfARound = 2;
const rounds = 3;
const flags = process.argv.slice(2);
const numbers = flags.filter((flag) => !flag.startsWith('--')).map(Number);
const [inFlight = 512, bytes = 60] = numbers;
const secret = flags.includes('--secret') ? 'a secret of the bench, 0123456789' : undefined;

const ignored = { onUp: () => {}, onDown: () => {} };

function open(id: string): Promise<WebSocketTransport> {
  const options = { id: id as MemberId, cluster: 'bench' };
  return WebSocketTransport.open(secret === undefined ? options : { ...options, secret });
}

async function answer(): Promise<void> {
  const transport = await open('answerer#1');
  const result = new Uint8Array(bytes);
  const events: TransportEvents = {
    ...ignored,
    onMessage(from, message) {
      if (message.kind !== 'op.request') return;
      transport.send(from.address, from.id, 'data', {
        kind: 'op.reply',
        request: message.request,
        result,
      });
    },
  };
  transport.listen(events);
  process.send?.(transport.address);
}

function request(number: number, op: Uint8Array): Message {
  return {
    kind: 'op.request',
    request: number,
    caller: 'asker#0123456789abcdef' as CallerId,
    partition: (number % 271) as PartitionId,
    structure: 3 as StructureId,
    opSequence: number as OpSequence,
    firstIncomplete: Math.max(1, number - inFlight) as OpSequence,
    op,
  };
}

async function ask(address: Address): Promise<void> {
  const transport = await open('asker#1');
  const op = new Uint8Array(bytes);
  let answers = 0;
  const next = () => transport.send(address, undefined, 'data', request(answers, op));
  transport.listen({
    ...ignored,
    onMessage() {
      answers++;
      next();
    },
  });
  for (let count = 0; count < inFlight; count++) next();
  for (let round = 0; round <= rounds; round++) {
    const [from, start, framesBefore] = [answers, performance.now(), transport.stats.framesSent];
    await new Promise((resolve) => setTimeout(resolve, secondsOfARound * 1_000));
    const seconds = (performance.now() - start) / 1_000;
    const perSecond = Math.round((answers - from) / seconds);
    const perFrame = ((answers - from) / (transport.stats.framesSent - framesBefore)).toFixed(1);
    const what = round === 0 ? 'warm-up' : `round ${round}`;
    console.log(`${what}: ${perSecond} requests and replies a second, ${perFrame} in a frame`);
  }
}

if (process.env.BENCH_ROLE === 'answerer') await answer();
else {
  const env = { ...process.env, BENCH_ROLE: 'answerer' };
  const child = fork(import.meta.filename, flags, { env });
  child.once('message', (address) => {
    void ask(address as Address).finally(() => {
      child.kill();
      process.exit(0);
    });
  });
}

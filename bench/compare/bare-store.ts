/**
 * One of two processes that keep each other's sets, with the least that Node can do it with: ws, msgpackr and a `Map`.
 * Nothing is checked, retried, fenced, placed or bounded, and who dies is lost. So it shows what the machine gives,
 * and what guarantees cost.
 */
import { WebSocket, WebSocketServer } from 'ws';
import { bareFrames, type SendBare } from './bare-frames.ts';

const store = new Map<string, string>();
/** Sets that the other has not yet, by the number under which it was sent them. */
const open = new Map<number, { readonly id: number; readonly reply: SendBare }>();
let sent = 0;
let toOther: SendBare | undefined;

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => {
  bareFrames(socket, (message, reply) => {
    const [kind, id] = message;
    if (kind === 'get') reply(['done', id, store.get(message[2])]);
    if (kind !== 'set' && kind !== 'copy') return;
    const [, , key, text] = message;
    store.set(key, text);
    if (kind === 'copy') reply(['done', id]);
    else {
      open.set(++sent, { id, reply });
      toOther?.(['copy', sent, key, text]);
    }
  });
});
server.on('listening', () => process.send?.(server.address()));
process.on('message', ({ port }: { readonly port: number }) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  socket.on('open', () => process.send?.({ port }));
  toOther = bareFrames(socket, ([, copy]) => {
    const set = open.get(copy);
    open.delete(copy);
    set?.reply(['done', set.id]);
  });
});
process.on('disconnect', () => process.exit(0));

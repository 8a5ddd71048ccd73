/**
 * A store, or one of two that keep each other's sets, with the least that Node can do it with: ws, msgpackr and a `Map`.
 * Nothing is checked, retried, fenced, placed or bounded, and who dies is lost. So it shows what the machine gives,
 * and what guarantees cost.
 */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { bareFrames, dialBare, type SendBare } from './bare-frames.ts';

const store = new Map<string, string>();
/** Undefined where there is no other. */
let toOther: SendBare | undefined;
/** Sets that the other has not yet, by the number under which it was sent them. */
const open = new Map<number, { readonly id: number; readonly reply: SendBare }>();
let sent = 0;

/** Without a file: it is gone with the process. */
const path = `\0shoal-bare-${process.pid}`;
const listener = createServer();
const server = new WebSocketServer({ server: listener, perMessageDeflate: false });
server.on('connection', (socket) => {
  bareFrames(socket, (message, reply) => {
    const [kind, id] = message;
    if (kind === 'get') reply(['done', id, store.get(message[2])]);
    if (kind !== 'set' && kind !== 'copy') return;
    const [, , key, text] = message;
    store.set(key, text);
    if (kind === 'copy' || toOther === undefined) reply(['done', id]);
    else {
      open.set(++sent, { id, reply });
      toOther(['copy', sent, key, text]);
    }
  });
});
listener.listen(path, () => process.send?.({ path }));
process.on('message', (other: { readonly path: string }) => {
  const socket = dialBare(other.path);
  socket.on('open', () => process.send?.({ path }));
  toOther = bareFrames(socket, ([, copy]) => {
    const set = open.get(copy);
    open.delete(copy);
    set?.reply(['done', set.id]);
  });
});
process.on('disconnect', () => process.exit(0));

/** What bare processes send each other: all that a turn of the event loop brings for a peer, in one frame of msgpack. */
import { connect } from 'node:net';
import { Packr } from 'msgpackr';
import { WebSocket } from 'ws';

/** A set on its way to a store or from there to the other one, a read, or the number of either when it is done. */
export type BareMessage =
  | readonly [kind: 'set' | 'copy', id: number, key: string, text: string]
  | readonly [kind: 'get', id: number, key: string]
  | readonly [kind: 'done', id: number, text?: string | undefined];

export type SendBare = (message: BareMessage) => void;

const packr = new Packr({ useRecords: false });

/** Over a local socket, and without masks, as members of Shoal are connected. */
export function dialBare(path: string): WebSocket {
  return new WebSocket('ws://localhost', {
    perMessageDeflate: false,
    generateMask: () => {},
    createConnection: () => connect(path),
  });
}

/** Gives what sends, and tells `receive` of each message that comes. */
export function bareFrames(
  socket: WebSocket,
  receive: (message: BareMessage, reply: SendBare) => void,
): SendBare {
  let waiting: BareMessage[] = [];
  const flush = () => {
    const messages = waiting;
    waiting = [];
    socket.send(packr.pack(messages));
  };
  const send: SendBare = (message) => {
    if (waiting.push(message) === 1) process.nextTick(flush);
  };
  socket.on('message', (frame) => {
    for (const message of packr.unpack(frame as Buffer) as BareMessage[]) receive(message, send);
  });
  return send;
}

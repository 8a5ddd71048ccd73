/**
 * A WebSocket as frames of bytes: that of `ws` in Node, the browser's own in a browser. The simulator brings
 * its own `OpenSocket`.
 */
import * as ws from 'ws';
import type { BusyPoll } from '../transport/busy-poll.ts';
import type { nearConnection } from '../transport/near-socket.ts';

export interface SocketEvents {
  onOpen(): void;
  onFrame(frame: Uint8Array): void;
  /** Once, also where it never opened. */
  onClose(): void;
}

export interface Socket {
  readonly bufferedBytes: number;
  send(frame: Uint8Array): void;
  close(): void;
}

/** What both kinds have in common. */
interface PlainSocket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  send(frame: Uint8Array): void;
  close(): void;
  /** Ends it at once; browsers cannot. */
  terminate?(): void;
}

/** How to connect to an address by a local socket, where there is one. */
export type Near = typeof nearConnection;

type NativeWebSocket = new (url: string, protocol: string) => PlainSocket;

const openState = 1;

export interface SocketLimits {
  readonly frameBytesMax: number;
  readonly openMs: number;
}

/** Dials; the events come later, never while it is called. */
export type OpenSocket = (
  url: string,
  protocol: string,
  limits: SocketLimits,
  events: SocketEvents,
) => Socket;

/** `busyPoll` hears of what comes from this machine itself; `near` finds local sockets. */
export function socketOpener(busyPoll: BusyPoll, near: Near | undefined): OpenSocket {
  return (url, protocol, limits, events) =>
    opened(plainSocket(url, protocol, limits, { busyPoll, near }), events);
}

function opened(socket: PlainSocket, events: SocketEvents): Socket {
  socket.onopen = () => events.onOpen();
  socket.onmessage = ({ data }: { data: unknown }) => {
    // Text is no frame; empty bytes are refused as such.
    if (data instanceof ArrayBuffer) events.onFrame(new Uint8Array(data));
    else events.onFrame(data instanceof Uint8Array ? data : new Uint8Array());
  };
  socket.onclose = () => events.onClose();
  // A close follows every error and is all that is heard of.
  socket.onerror = () => {};
  return {
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(frame) {
      if (socket.readyState === openState) socket.send(frame);
    },
    close() {
      if (socket.terminate !== undefined && socket.readyState !== openState) socket.terminate();
      else socket.close();
    },
  };
}

/** In a bundle for browsers the package `ws` is an empty place. */
function plainSocket(
  url: string,
  protocol: string,
  limits: SocketLimits,
  { busyPoll, near }: { readonly busyPoll: BusyPoll; readonly near: Near | undefined },
): PlainSocket {
  const { WebSocket: OfPackage }: Partial<typeof ws> = ws;
  if (OfPackage === undefined) {
    const { WebSocket } = globalThis as unknown as { readonly WebSocket: NativeWebSocket };
    const socket = new WebSocket(url, protocol);
    socket.binaryType = 'arraybuffer';
    return socket;
  }
  const { hostname, host } = new URL(url);
  const createConnection = url.startsWith('ws:') ? near?.(host) : undefined;
  const socket = new OfPackage(url, protocol, {
    perMessageDeflate: false,
    maxPayload: limits.frameBytesMax,
    handshakeTimeout: limits.openMs,
    followRedirects: false,
    // Masks keep scripts in browsers from speaking to proxies; a process has no such scripts.
    generateMask: () => {},
    ...(createConnection === undefined ? {} : { createConnection }),
  });
  socket.binaryType = 'nodebuffer';
  busyPoll.listen(socket, hostname);
  return socket as unknown as PlainSocket;
}

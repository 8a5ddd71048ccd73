/**
 * A WebSocket as frames of bytes: here the browser's own, in Node that of `ws` (node-client.ts). The simulator brings
 * its own `OpenSocket`.
 */

export interface SocketEvents {
  onOpen(): void;
  onFrame(frame: Uint8Array): void;
  /** Once, also where it never opened. */
  onClose(): void;
}

export interface Socket {
  readonly bufferedBytes: number;
  /** Calls `written`, where it can tell, once it will not read the frame any more. */
  send(frame: Uint8Array, written?: () => void): void;
  close(): void;
}

/** What both kinds have in common. */
export interface PlainSocket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  /** Browsers take no notice of `written`. */
  send(frame: Uint8Array, written?: () => void): void;
  close(): void;
  /** Ends it at once; browsers cannot. */
  terminate?(): void;
}

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

/** By the WebSocket that the platform has. */
export const openNativeSocket: OpenSocket = (url, protocol, _limits, events) => {
  const { WebSocket } = globalThis as unknown as { readonly WebSocket: NativeWebSocket };
  const socket = new WebSocket(url, protocol);
  socket.binaryType = 'arraybuffer';
  return framed(socket, events);
};

export function framed(socket: PlainSocket, events: SocketEvents): Socket {
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
    send(frame, written) {
      if (socket.readyState === openState) socket.send(frame, written);
    },
    close() {
      if (socket.terminate !== undefined && socket.readyState !== openState) socket.terminate();
      else socket.close();
    },
  };
}

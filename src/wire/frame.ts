/**
 * Frames: 8 bytes of header and a body.
 *
 * Header: 'S' 'h', the layout of frames (1), the frame's kind, the length of the body (u32,
 * big-endian). The layout never changes for greetings and refusals, so that any two versions can
 * tell each other why they do not go together.
 */
import { WireError } from './wire-error.ts';

export const frameKinds = {
  hello: 1,
  proof: 2,
  refused: 3,
  batch: 4,
  /** Another frame, encrypted. */
  sealed: 5,
  /** The greeting of a client. */
  client: 6,
} as const;

export type FrameKind = keyof typeof frameKinds;

export const headerBytes = 8;

const magicFirst = 0x53;
const magicSecond = 0x68;
const layout = 1;

const names = Object.entries(frameKinds).map(([kind]) => kind as FrameKind);

/** Writes the header into the first 8 bytes of `frame`, whose body is in place. */
export function writeHeader(frame: Uint8Array, kind: FrameKind): void {
  const length = frame.length - headerBytes;
  frame[0] = magicFirst;
  frame[1] = magicSecond;
  frame[2] = layout;
  frame[3] = frameKinds[kind];
  frame[4] = length >>> 24;
  frame[5] = length >>> 16;
  frame[6] = length >>> 8;
  frame[7] = length;
}

/** The kind of a frame that is whole and within the bound. */
export function readHeader(frame: Uint8Array, frameBytesMax: number): FrameKind {
  if (frame.length > frameBytesMax) {
    throw new WireError(`expected a frame of at most ${frameBytesMax} bytes, found a longer one`);
  }
  if (frame.length < headerBytes || frame[0] !== magicFirst || frame[1] !== magicSecond) {
    throw new WireError('expected a frame of this protocol, found other bytes');
  }
  if (frame[2] !== layout) {
    throw new WireError(`expected frames of layout ${layout}, found another`);
  }
  const kind = names[(frame[3] as number) - 1];
  if (kind === undefined) throw new WireError('expected a known kind of frame, found another code');
  const length = new DataView(frame.buffer, frame.byteOffset, headerBytes).getUint32(4);
  if (length !== frame.length - headerBytes) {
    throw new WireError('expected a body of the length in its header, found another length');
  }
  return kind;
}

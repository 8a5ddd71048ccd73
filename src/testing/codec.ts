/**
 * How messages travel in a simulated world. They always become bytes and messages again, so that two
 * processes never share an object.
 */
import { deserialize, serialize } from 'node:v8';
import type { Message } from '../wire/messages.ts';

export interface Codec {
  encode(messages: readonly Message[]): Uint8Array;
  decode(bytes: Uint8Array): readonly Message[];
}

export const cloningCodec: Codec = {
  encode: (messages) => serialize(messages),
  decode: (bytes) => deserialize(bytes),
};

/** About what a message takes on the wire, without encoding it. */
export function bytesOf(message: Message): number {
  let bytes = 32;
  for (const field of Object.values(message)) {
    if (field instanceof Uint8Array) bytes += field.length;
    else if (typeof field === 'string') bytes += field.length;
    else if (Array.isArray(field)) bytes += 64 * field.length;
  }
  return bytes;
}

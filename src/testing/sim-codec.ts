/**
 * How messages travel in a simulated world. They always become bytes and messages again, so that two
 * processes never share an object and every message is one that the wire can carry.
 */
import { Codec } from '../wire/codec.ts';
import type { Message } from '../wire/messages.ts';

export interface SimCodec {
  encode(messages: readonly Message[]): Uint8Array;
  decode(bytes: Uint8Array): readonly Message[];
}

/** What real members use. */
export function wireCodec(): SimCodec {
  const codec = new Codec();
  return {
    encode: (messages) => codec.encodeBatch(messages),
    decode: (bytes) => codec.decodeBatch(bytes),
  };
}

import { inspect, isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { pack } from 'msgpackr';
import { defaultLimits } from '../../src/base/limits.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { Codec } from '../../src/wire/codec.ts';
import { frameKinds, headerBytes, writeHeader } from '../../src/wire/frame.ts';
import type { Hello } from '../../src/wire/handshake.ts';
import { kindCodes, type Message } from '../../src/wire/messages.ts';
import type { OpReply } from '../../src/wire/op-messages.ts';
import { fromRow, toRow } from '../../src/wire/rows.ts';
import { scan } from '../../src/wire/scan.ts';
import { commonVersion } from '../../src/wire/version.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { messageSamples, sampleOf } from './message-samples.ts';

const codec = new Codec(defaultLimits);

/** A batch frame around any bytes. */
function framed(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(headerBytes + body.length);
  frame.set(body, headerBytes);
  writeHeader(frame, 'batch');
  return frame;
}

const framedRows = (...rows: unknown[]) => framed(pack(rows));
const decode = (frame: Uint8Array) => codec.decodeBatch(frame);

describe('the codec', () => {
  it('carries every kind of message, many in one frame', () => {
    expect(messageSamples).to.have.length(Object.keys(kindCodes).length);
    expect(decode(codec.encodeBatch(messageSamples))).to.deep.equal(messageSamples);
    for (const message of messageSamples) {
      expect(codec.copyOf(message), message.kind).to.deep.equal(message);
      expect(codec.copyOf(message), message.kind).not.to.equal(message);
    }
    expect(decode(codec.encodeBatch([]))).to.deep.equal([]);
  });

  it('gives messages that share no memory with the frame', () => {
    const frame = codec.encodeBatch(messageSamples);
    const messages = decode(frame);
    frame.fill(0);
    expect(messages).to.deep.equal(messageSamples);
    const reply = codec.copyOf(sampleOf('op.reply')) as OpReply;
    expect(reply.result.constructor).to.equal(Uint8Array);
    expect(reply.result.buffer.byteLength).to.equal(reply.result.length);
  });

  it('gives frames that a later encoding leaves alone', () => {
    const first = codec.encodeBatch([sampleOf('op.request')]);
    for (let round = 0; round < 200; round++) codec.encodeBatch(messageSamples);
    expect(decode(first)).to.deep.equal([sampleOf('op.request')]);
  });

  it('cuts a sentence that is too long, rather than losing the connection', () => {
    const long = { ...sampleOf('op.failed'), message: 'x'.repeat(100_000) };
    expect(codec.copyOf(long)).to.have.property('message').with.length(16_384);
  });

  it('refuses a row with a field missing, added or of another type', () => {
    for (const message of messageSamples) {
      const row = toRow(message);
      expect(fromRow(row)).to.deep.equal(message);
      const wrongs = [row.slice(0, -1), [...row, 0]];
      for (let at = 0; at < row.length; at++) {
        for (const wrong of wrongFor(row[at])) wrongs.push(row.with(at, wrong));
      }
      for (const wrong of wrongs) {
        expect(() => fromRow(wrong), `${message.kind} as ${inspect(wrong)}`).to.throw(WireError);
      }
    }
  });

  it('refuses an unknown kind', () => {
    for (const code of [0, 7, 255, -1, 1.5, 'op.reply', null, [1]]) {
      expect(() => decode(framedRows([code, 1, 2])), String(code)).to.throw(WireError);
    }
    expect(() => decode(framedRows([7]))).to.throw('expected a known kind of message');
  });

  it('refuses what is not a frame of batches', () => {
    const good = codec.encodeBatch([sampleOf('swim.nack')]);
    const changed = (at: number, byte: number) => Uint8Array.from(good).fill(byte, at, at + 1);
    const wrongs: [frame: Uint8Array, message: string][] = [
      [new Uint8Array(), 'a frame of this protocol'],
      [good.subarray(0, 7), 'a frame of this protocol'],
      [changed(0, 0x54), 'a frame of this protocol'],
      [changed(2, 9), 'frames of layout 1'],
      [changed(3, 99), 'a known kind of frame'],
      [changed(3, frameKinds.hello), 'a batch of messages'],
      [changed(7, 200), 'a body of the length in its header'],
      [good.subarray(0, -1), 'a body of the length in its header'],
      [framed(Uint8Array.of(0x92, 0x92, 4)), 'more bytes'],
      [framed(Uint8Array.of(0x90, 0x90)), 'the end of a frame'],
      [framed(Uint8Array.of(0xc1)), 'a value that frames use'],
      [framed(Uint8Array.of(0x80)), 'a value that frames use'],
      [framed(Uint8Array.of(0xd4, 0x72, 0x40)), 'a value that frames use'],
      [framed(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)), 'more bytes'],
      [framed(Uint8Array.of(0xc6, 0x7f, 0xff, 0xff, 0xff)), 'more bytes'],
      [framed(Uint8Array.of(0xdc, 0)), 'more bytes'],
      [framed(new Uint8Array(10_000).fill(0x91)), 'nested at most 16 deep'],
      [framed(Uint8Array.of(0x01)), 'a list'],
    ];
    for (const [frame, message] of wrongs) {
      expect(() => decode(frame)).to.throw(WireError, message);
    }
    expect(() =>
      new Codec({ frameBytesMax: 20 }).decodeBatch(framedRows([1, 2, 3, 'long'])),
    ).not.to.throw('at most 20 bytes');
    expect(() => new Codec({ frameBytesMax: 10 }).decodeBatch(good)).to.throw('at most 10 bytes');
  });

  it('bounds the number of values in a frame', () => {
    const body = new Uint8Array(1_000);
    body.set([0xdc, 997 >> 8, 997 & 255]);
    expect(() => scan(body, 0, 998)).not.to.throw();
    expect(() => scan(body, 0, 997)).to.throw(WireError, 'fewer values in a frame');
    const small = new Codec({ frameBytesMax: 2_000 });
    expect(() => small.decodeBatch(framed(body))).to.throw(WireError, 'fewer values in a frame');
  });

  it('says the same of every prefix: more bytes were expected', () => {
    const body = codec.encodeBatch(messageSamples).subarray(headerBytes);
    for (let length = 0; length < body.length; length++) {
      expect(() => scan(body.subarray(0, length), 0, 1e6)).to.throw(WireError, 'more bytes');
    }
  });

  it('carries greetings, and takes no batch for one', () => {
    const hello: Hello = {
      protocol: 1,
      protocolMin: 1,
      features: 0,
      role: 'member',
      lane: 'data',
      cluster: 'shop',
      id: 'a#1' as Hello['id'],
      address: 'h:1' as Hello['address'],
      name: '',
      secured: true,
      nonce: new Uint8Array(32).fill(7),
    };
    const refused = { code: 'GRID_REFUSED', sentence: 'no' };
    const proof = { mac: new Uint8Array(32).fill(9) };
    expect(codec.decodeGreeting(codec.encodeHello(hello))).to.deep.equal({ kind: 'hello', hello });
    expect(codec.decodeGreeting(codec.encodeProof(proof))).to.deep.equal({ kind: 'proof', proof });
    expect(codec.decodeGreeting(codec.encodeRefused(refused))).to.deep.equal({
      kind: 'refused',
      refused,
    });
    expect(() => codec.decodeGreeting(codec.encodeBatch([]))).to.throw(WireError, 'a greeting');
  });

  it('gives a WireError or whole messages for 20,000 mutated frames, and quotes nothing', () => {
    const random = seededRandom(20_240_607);
    const secret = 'SECRETWORD';
    const base = messageSamples.map((message) =>
      message.kind === 'op.request' ? ({ ...message, caller: secret } as Message) : message,
    );
    let refusals = 0;
    for (let round = 0; round < 20_000; round++) {
      const from = random.below(base.length);
      const messages = base.slice(from, from + 1 + random.below(3));
      const frame = mutated(codec.encodeBatch(messages), random);
      if (refusalOf(frame)?.includes(secret)) throw new Error(`round ${round} quotes the frame`);
      if (refusalOf(frame) !== undefined) refusals++;
    }
    expect(refusals).to.be.within(5_000, 19_000);
    expect(decode(codec.encodeBatch(messageSamples))).to.deep.equal(messageSamples);
  });
});

function mutated(original: Uint8Array, random: Random): Uint8Array {
  const frame = Uint8Array.from(original);
  for (let change = 0; change <= random.below(4); change++) {
    frame[headerBytes + random.below(frame.length - headerBytes)] = random.below(256);
  }
  return frame;
}

/** The message of the WireError; undefined where the frame holds whole messages after all. */
function refusalOf(frame: Uint8Array): string | undefined {
  try {
    for (const message of decode(frame)) {
      if (!isDeepStrictEqual(fromRow(toRow(message)), message)) throw new Error('not whole');
    }
    return undefined;
  } catch (error) {
    if (error instanceof WireError) return error.message;
    throw error;
  }
}

/** Values that no field takes which takes `right`. */
function wrongFor(right: unknown): unknown[] {
  const never = [null, undefined, {}, Number.NaN, 2n ** 60n];
  if (typeof right === 'number') return [...never, 'x', true, [1], Uint8Array.of(1), Infinity];
  if (typeof right === 'string') return [...never, 1, true, ['x'], 'x'.repeat(20_000)];
  if (typeof right === 'boolean') return [...never, 1, 0, 'true'];
  if (Array.isArray(right)) return [...never, 1, 'x', [null], [[]], [[1]]];
  return [...never, 1, 'bytes', [1, 2], true];
}

describe('the version of the protocol', () => {
  it('is the highest that both sides speak', () => {
    const mine = { protocol: 5, protocolMin: 4 };
    expect(commonVersion(mine, { protocol: 5, protocolMin: 4 })).to.equal(5);
    expect(commonVersion(mine, { protocol: 4, protocolMin: 3 })).to.equal(4);
    expect(commonVersion(mine, { protocol: 6, protocolMin: 5 })).to.equal(5);
    expect(commonVersion(mine, { protocol: 3, protocolMin: 2 })).to.equal(undefined);
    expect(commonVersion(mine, { protocol: 7, protocolMin: 6 })).to.equal(undefined);
  });
});

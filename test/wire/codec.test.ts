import { inspect, isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { pack } from 'msgpackr';
import { defaultLimits } from '../../src/base/limits.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { Codec, messagesPerFrameMax } from '../../src/wire/codec.ts';
import { frameKinds, headerBytes, writeHeader } from '../../src/wire/frame.ts';
import type { Hello } from '../../src/wire/handshake.ts';
import { kindCodes, type Message } from '../../src/wire/messages.ts';
import { OpReply, OpRequest } from '../../src/wire/op-messages.ts';
import { Entry, ReplicaAppend } from '../../src/wire/replica-messages.ts';
import { fromRow, toRow } from '../../src/wire/rows.ts';
import { scan } from '../../src/wire/scan.ts';
import { commonVersion } from '../../src/wire/version.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { messageSamples, sampleOf } from './message-samples.ts';

const codec = new Codec(defaultLimits);
const hotKinds = new Set(['op.request', 'op.reply', 'replica.append', 'replica.ack']);

/** A batch frame around any bytes. */
function framed(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(headerBytes + body.length);
  frame.set(body, headerBytes);
  writeHeader(frame, 'batch');
  return frame;
}

/** A batch of one message: the code of its kind, and a block. */
function framedBlock(code: number, block: Uint8Array): Uint8Array {
  return framed(Uint8Array.of(code, (block.length & 127) | 128, block.length >> 7, ...block));
}

const nack = kindCodes['swim.nack'];
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

  it('gives messages that share no memory with the frame, but for hot ones, which are views', () => {
    const cold = messageSamples.filter(isCold);
    const frame = codec.encodeBatch(cold);
    const messages = decode(frame);
    frame.fill(0);
    expect(messages).to.deep.equal(cold);
    const reply = decode(Buffer.from(codec.encodeBatch([sampleOf('op.reply')])))[0] as OpReply;
    // A Buffer's slice would not copy.
    expect(reply.result.constructor).to.equal(Uint8Array);
  });

  it('makes by classes what comes with each op and holds something: V8 takes literals for long-lived', () => {
    const made = [OpRequest, OpReply, ReplicaAppend, Entry];
    const samples = [sampleOf('op.request'), sampleOf('op.reply'), sampleOf('replica.append')];
    const [request, reply, append] = decode(codec.encodeBatch(samples));
    const [entry] = (append as ReplicaAppend).entries;
    const classes = [request, reply, append, entry].map((each) => each?.constructor);
    expect(classes).to.deep.equal(made);
  });

  it('names a caller once for the messages that follow each other', () => {
    const request = sampleOf('op.request') as OpRequest;
    const other = { ...request, caller: 'somebody else' as OpRequest['caller'] };
    const batch = [request, request, other, other, request];
    expect(decode(codec.encodeBatch(batch))).to.deep.equal(batch);
    const one = codec.encodeBatch([request]).length;
    expect(codec.encodeBatch([request, request]).length - one).to.equal(
      one - headerBytes - request.caller.length,
    );
    expect(() => decode(framed(Uint8Array.of(kindCodes['op.request'], 1, 0)))).to.throw(
      WireError,
      'a caller',
    );
  });

  it('carries numbers of every length, and refuses larger ones', () => {
    const numbers = [0, 1, 127, 128, 2 ** 14, 2 ** 21 - 1, 2 ** 21, 2 ** 28, 2 ** 31, 2 ** 53 - 1];
    for (const request of numbers) {
      const reply = { ...sampleOf('op.reply'), request } as OpReply;
      expect(codec.copyOf(reply)).to.deep.equal(reply);
    }
    const reply = kindCodes['op.reply'];
    const large = Uint8Array.of(reply, ...new Array<number>(7).fill(255), 127, 0);
    expect(() => decode(framed(large))).to.throw(WireError, 'below 2^53');
    const endless = Uint8Array.of(reply, ...new Array<number>(9).fill(255));
    expect(() => decode(framed(endless))).to.throw(WireError, 'below 2^53');
  });

  it('bounds the number of messages in a frame', () => {
    const reply = { kind: 'op.reply', request: 1, result: new Uint8Array() } as const;
    const full = new Array<Message>(messagesPerFrameMax).fill(reply);
    expect(decode(codec.encodeBatch(full))).to.have.length(messagesPerFrameMax);
    expect(() => decode(codec.encodeBatch([...full, reply]))).to.throw(WireError, 'fewer messages');
  });

  it('forgets what was appended and not taken', () => {
    codec.append(sampleOf('op.request'));
    expect(codec.messages).to.equal(1);
    codec.clear();
    expect(codec.messages).to.equal(0);
    expect(decode(codec.takeBatch())).to.deep.equal([]);
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
    for (const message of messageSamples.filter(isCold)) {
      const row = toRow(message);
      const { kind } = message;
      expect(fromRow(kind, row)).to.deep.equal(message);
      for (const wrong of wrongRows(row)) {
        expect(() => fromRow(kind, wrong), `${kind} as ${inspect(wrong)}`).to.throw(WireError);
      }
    }
  });

  it('refuses an unknown kind', () => {
    for (const code of [0, 7, 255]) {
      expect(() => decode(framedBlock(code, pack([1, 2]))), String(code)).to.throw(
        WireError,
        'a known kind of message',
      );
    }
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
      [framed(Uint8Array.of(nack)), 'more bytes'],
      [framed(Uint8Array.of(nack, 9, 0x91)), 'more bytes'],
      [framedBlock(nack, Uint8Array.of(0x92, 0x92, 4)), 'more bytes'],
      [framedBlock(nack, Uint8Array.of(0x90, 0x90)), 'the end of a frame'],
      [framedBlock(nack, Uint8Array.of(0xc1)), 'a value that frames use'],
      [framedBlock(nack, Uint8Array.of(0x80)), 'a value that frames use'],
      [framedBlock(nack, Uint8Array.of(0xd4, 0x72, 0x40)), 'a value that frames use'],
      [framedBlock(nack, Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)), 'more bytes'],
      [framedBlock(nack, Uint8Array.of(0xc6, 0x7f, 0xff, 0xff, 0xff)), 'more bytes'],
      [framedBlock(nack, Uint8Array.of(0xdc, 0)), 'more bytes'],
      [framedBlock(nack, new Uint8Array(10_000).fill(0x91)), 'nested at most 16 deep'],
      [framedBlock(nack, Uint8Array.of(0x01)), 'a list'],
    ];
    for (const [frame, message] of wrongs) {
      expect(() => decode(frame)).to.throw(WireError, message);
    }
    expect(() =>
      new Codec({ frameBytesMax: 20 }).decodeBatch(framedBlock(nack, pack([1, 2, 'long']))),
    ).not.to.throw('at most 20 bytes');
    expect(() => new Codec({ frameBytesMax: 10 }).decodeBatch(good)).to.throw('at most 10 bytes');
  });

  it('bounds the number of values in a frame', () => {
    const body = new Uint8Array(1_000);
    body.set([0xdc, 997 >> 8, 997 & 255]);
    expect(() => scan(body, 0, 998)).not.to.throw();
    expect(() => scan(body, 0, 997)).to.throw(WireError, 'fewer values in a frame');
    const small = new Codec({ frameBytesMax: 2_000 });
    expect(() => small.decodeBatch(framedBlock(nack, body))).to.throw(
      WireError,
      'fewer values in a frame',
    );
  });

  it('says the same of every prefix: more bytes were expected', () => {
    for (const message of messageSamples) {
      const body = codec.encodeBatch([message]).subarray(headerBytes);
      for (let length = 1; length < body.length; length++) {
        expect(() => decode(framed(body.subarray(0, length)))).to.throw(WireError, 'more bytes');
      }
    }
    const row = pack(messageSamples.filter(isCold).map(toRow));
    for (let length = 0; length < row.length; length++) {
      expect(() => scan(row.subarray(0, length), 0, 1e6)).to.throw(WireError, 'more bytes');
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

function isCold(message: Message): message is Parameters<typeof toRow>[0] {
  return !hotKinds.has(message.kind);
}

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
      if (!isDeepStrictEqual(codec.copyOf(message), message)) throw new Error('not whole');
    }
    return undefined;
  } catch (error) {
    if (error instanceof WireError) return error.message;
    throw error;
  }
}

function wrongRows(row: readonly unknown[]): unknown[][] {
  const wrongs: unknown[][] = [[...row, 0]];
  if (row.length > 0) wrongs.push(row.slice(0, -1));
  for (let at = 0; at < row.length; at++) {
    for (const wrong of wrongFor(row[at])) wrongs.push(row.with(at, wrong));
  }
  return wrongs;
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

import { expect } from 'chai';
import type { MemberId } from '../../src/base/ids.ts';
import { seededRandom } from '../../src/base/random.ts';
import { Backoff } from '../../src/transport/backoff.ts';
import { batchBytesMax, Outbox } from '../../src/transport/outbox.ts';
import { Codec } from '../../src/wire/codec.ts';
import { sizeBound } from '../../src/wire/size.ts';
import { messageSamples, sampleOf } from '../wire/message-samples.ts';
import { numbered } from './recorder.ts';

const b1 = 'b#1' as MemberId;
const bulk = (bytes: number) => ({ ...sampleOf('op.reply'), result: new Uint8Array(bytes) });
const numbersOf = (messages: readonly object[]) =>
  messages.map((message) => (message as { sequence: number }).sequence);

describe('an outbox', () => {
  it('gives messages in order, and is empty again', () => {
    const outbox = new Outbox('data', 1_000_000);
    for (let number = 1; number <= 100; number++) outbox.push(numbered(number), undefined);
    expect(outbox).to.have.length(100);
    expect(numbersOf(outbox.takeBatch(b1))).to.deep.equal(
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    expect(outbox).to.include({ length: 0, bytes: 0, dropped: 0 });
    expect(outbox.takeBatch(b1)).to.deep.equal([]);
  });

  it('keeps a reply as it was when it was given', () => {
    const outbox = new Outbox('data', 1_000_000);
    const result = Uint8Array.of(1, 2, 3);
    outbox.push({ kind: 'op.reply', request: 7, result }, undefined);
    result.fill(9);
    expect(outbox.takeBatch(b1)).to.deep.equal([
      { kind: 'op.reply', request: 7, result: Uint8Array.of(1, 2, 3) },
    ]);
  });

  it('cuts batches by bytes', () => {
    const outbox = new Outbox('data', 1e9);
    for (let count = 0; count < 5; count++) outbox.push(bulk(batchBytesMax / 2.5), undefined);
    const lengths = [outbox.takeBatch(b1), outbox.takeBatch(b1), outbox.takeBatch(b1)];
    expect(lengths.map((batch) => batch.length)).to.deep.equal([2, 2, 1]);
  });

  it('takes a message larger than a batch, alone', () => {
    const outbox = new Outbox('data', 1e9);
    for (const bytes of [10, batchBytesMax * 2, 10]) outbox.push(bulk(bytes), undefined);
    expect([1, 2, 3].map(() => outbox.takeBatch(b1).length)).to.deep.equal([1, 1, 1]);
  });

  it('admits one message whatever its size, then refuses data at the bound', () => {
    const outbox = new Outbox('data', 1_000);
    expect(outbox.push(bulk(5_000), undefined)).to.equal(true);
    expect(outbox.push(numbered(1), undefined)).to.equal(false);
    expect(outbox).to.include({ length: 1, dropped: 1 });
  });

  it('drops the oldest of control at the bound, never the newest', () => {
    const outbox = new Outbox('control', 1_000);
    for (let number = 1; number <= 50; number++) {
      expect(outbox.push(numbered(number), undefined)).to.equal(true);
      expect(outbox.bytes).to.be.at.most(1_000);
    }
    const left = numbersOf(outbox.takeBatch(b1));
    expect(left.at(-1)).to.equal(50);
    expect(outbox.dropped)
      .to.equal(50 - left.length)
      .and.to.be.greaterThan(0);
    outbox.push(numbered(1), undefined);
    outbox.push(bulk(9_000), undefined);
    expect(outbox).to.have.length(1);
  });

  it('drops what waited for another process', () => {
    const outbox = new Outbox('control', 10_000);
    outbox.push(numbered(1), 'b#0' as MemberId);
    outbox.push(numbered(2), b1);
    outbox.push(numbered(3), undefined);
    expect(numbersOf(outbox.takeBatch(b1))).to.deep.equal([2, 3]);
    expect(outbox).to.include({ length: 0, bytes: 0, dropped: 1 });
  });

  it('keeps its accounts right when it never runs empty', () => {
    const outbox = new Outbox('control', 1e9);
    let next = 0;
    let expected = 0;
    for (let round = 0; round < 30; round++) {
      for (let count = 0; count < 6_000; count++) outbox.push(numbered(next++), b1);
      const taken = numbersOf(outbox.takeBatch(b1));
      expect(taken.every((number) => number === expected++)).to.equal(true);
      expect(outbox).to.have.length(next - expected);
    }
    expect(expected).to.be.greaterThan(100_000);
    while (outbox.length > 0) expected += outbox.takeBatch(b1).length;
    expect(expected).to.equal(next);
    expect(outbox.bytes).to.equal(0);
  });
});

describe('the bound on the size of a message', () => {
  it('is never below what the codec writes, nor far above', () => {
    const codec = new Codec();
    const empty = codec.encodeBatch([]).length;
    for (const message of messageSamples) {
      const bytes = codec.encodeBatch([message]).length - empty;
      expect(sizeBound(message), message.kind).to.be.within(bytes, bytes * 5 + 100);
    }
    const wide = { ...sampleOf('op.failed'), message: '日'.repeat(10_000) };
    expect(sizeBound(wide)).to.be.at.least(codec.encodeBatch([wide]).length);
  });
});

describe('backoff', () => {
  it('draws from a bound that doubles up to the longest, and begins anew', () => {
    const backoff = new Backoff(seededRandom(1), { firstMs: 50, longestMs: 2_000 });
    const bounds = [50, 100, 200, 400, 800, 1_600, 2_000, 2_000];
    for (const bound of bounds) expect(backoff.nextMs()).to.be.within(0, bound);
    const late = Array.from({ length: 500 }, () => backoff.nextMs());
    expect(Math.min(...late)).to.be.lessThan(100);
    expect(Math.max(...late)).to.be.within(1_900, 2_000);
    backoff.reset();
    expect(backoff.nextMs()).to.be.at.most(50);
  });
});

/** What every transport promises. Each implementation runs it on its own members. */
import { expect } from 'chai';
import type { Address, MemberId } from '../../src/base/ids.ts';
import type { Lane, Transport } from '../../src/transport/transport.ts';
import type { Message } from '../../src/wire/messages.ts';
import { messageSamples, sampleOf } from '../wire/message-samples.ts';
import { numbered, Recorder } from './recorder.ts';
import { until } from './until.ts';

export interface TestMember {
  readonly id: MemberId;
  readonly transport: Transport;
  readonly events: Recorder;
}

/** Opens a listening member; at `address` where it is given, which is free. */
export type OpenTransport = (id: MemberId, address?: Address) => Promise<Transport>;

export const memberId = (name: string) => `${name}#1` as MemberId;

export function transportContract(open: OpenTransport): void {
  const members: TestMember[] = [];

  async function member(name: string, address?: Address): Promise<TestMember> {
    const id = name as MemberId;
    const transport = await open(id, address);
    const events = new Recorder();
    transport.listen(events);
    const made = { id, transport, events };
    members.push(made);
    return made;
  }

  function sendNumbers(from: TestMember, to: TestMember, lane: Lane, count: number): void {
    for (let number = 1; number <= count; number++) {
      from.transport.send(to.transport.address, to.id, lane, numbered(number));
    }
  }

  afterEach(() => {
    for (const { transport } of members.splice(0)) transport.close();
  });

  it('carries every kind of message on both lanes, and says who sent it', async () => {
    const [a, b] = [await member('a#1'), await member('b#1')];
    for (const lane of ['control', 'data'] as const) {
      for (const message of messageSamples) {
        expect(a.transport.send(b.transport.address, b.id, lane, message)).to.equal(true);
      }
    }
    await until(() => b.events.messages.length === messageSamples.length * 2, 'all messages');
    const bySample = (sample: Message) =>
      b.events.messages.filter(({ message }) => message.kind === sample.kind);
    for (const sample of messageSamples) {
      expect(bySample(sample).map(({ message }) => message)).to.deep.equal([sample, sample]);
    }
    expect(b.events.messages[0]?.from).to.deep.equal({ id: a.id, address: a.transport.address });
  });

  it('shares no objects between sender and receiver', async () => {
    const [a, b] = [await member('a#1'), await member('b#1')];
    const reply = { ...sampleOf('op.reply'), result: Uint8Array.of(1, 2, 3) };
    a.transport.send(b.transport.address, b.id, 'data', reply);
    await until(() => b.events.messages.length === 1, 'the reply');
    reply.result.fill(0);
    expect(b.events.messages[0]?.message).to.deep.include({ result: Uint8Array.of(1, 2, 3) });
  });

  it('keeps the order within a lane', async () => {
    const [a, b] = [await member('a#1'), await member('b#1')];
    sendNumbers(a, b, 'data', 10_000);
    await until(() => b.events.messages.length === 10_000, 'all messages');
    expect(b.events.numbers).to.deep.equal(Array.from({ length: 10_000 }, (_, i) => i + 1));
  });

  it('carries what it was given, however much is on its way and is given after it', async () => {
    const [a, b] = [await member('a#1'), await member('b#1')];
    const [waves, perWave, bytes] = [8, 24, 65_000];
    for (let wave = 0; wave < waves; wave++) {
      for (let at = 0; at < perWave; at++) {
        const request = wave * perWave + at;
        const result = new Uint8Array(bytes).fill(request);
        const message = { kind: 'op.reply', request, result } as const;
        expect(a.transport.send(b.transport.address, b.id, 'data', message)).to.equal(true);
        // The sender uses its memory for something else.
        result.fill(0xee);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => b.events.messages.length === waves * perWave, 'all messages');
    for (const [at, { message }] of b.events.messages.entries()) {
      if (message.kind !== 'op.reply') expect.fail(message.kind);
      expect(message.request).to.equal(at);
      expect(message.result.length).to.equal(bytes);
      expect(message.result.every((byte) => byte === at % 256)).to.equal(true);
    }
  });

  it('tells who is there, once for both lanes', async () => {
    const [a, b] = [await member('a#1'), await member('b#1')];
    sendNumbers(a, b, 'control', 1);
    sendNumbers(a, b, 'data', 1);
    await until(() => b.events.messages.length === 2, 'both messages');
    expect(a.events.ups).to.deep.equal([{ id: b.id, address: b.transport.address }]);
  });

  it('works both ways at the same time', async () => {
    const [a, b] = [await member('a#1'), await member('b#1')];
    sendNumbers(a, b, 'control', 100);
    sendNumbers(b, a, 'control', 100);
    await until(() => a.events.messages.length + b.events.messages.length === 200, 'all');
    expect(a.events.messages.every(({ from }) => from.id === b.id)).to.equal(true);
  });

  it('keeps a message for one process from another at its address, and says who is there', async () => {
    const [a, b] = [await member('a#1'), await member('b#2')];
    a.transport.send(b.transport.address, memberId('b'), 'control', numbered(1));
    a.transport.send(b.transport.address, undefined, 'control', numbered(2));
    await until(() => b.events.messages.length > 0, 'the second message');
    expect(b.events.numbers).to.deep.equal([2]);
    expect(a.events.ups[0]?.id).to.equal('b#2');
  });

  it('says that nobody listens', async () => {
    const [a, b] = [await member('a#1'), await member('b#1')];
    b.transport.close();
    await until(() => {
      a.transport.send(b.transport.address, b.id, 'control', numbered(1));
      return a.events.reasons.includes('refused');
    }, 'the refusal');
    const refusal = a.events.downs.find(({ reason }) => reason === 'refused');
    expect(refusal).to.include({ address: b.transport.address, id: undefined });
  });

  it('sends nothing to a newcomer that waited for one who was not there', async () => {
    const [a, b] = [await member('a#1'), await member('b#1')];
    const { address } = b.transport;
    b.transport.close();
    a.transport.send(address, undefined, 'data', numbered(1));
    await until(() => a.events.reasons.includes('refused'), 'the refusal');
    const reborn = await reopened(address);
    await until(() => {
      a.transport.send(address, undefined, 'data', numbered(2));
      return reborn.events.numbers.includes(2);
    }, 'a message at the new process');
    expect(reborn.events.numbers).not.to.include(1);
  });

  it('says that a link is closed, and whose it was', async () => {
    const [a, b] = [await member('a#1'), await member('b#1')];
    sendNumbers(a, b, 'control', 1);
    await until(() => b.events.messages.length === 1, 'the message');
    b.transport.close();
    await until(() => a.events.downs.length > 0, 'the end of the link');
    expect(a.events.downs[0]).to.deep.equal({
      address: b.transport.address,
      id: b.id,
      reason: 'closed',
    });
  });

  it('reaches a new process at the address of an old one', async () => {
    const [a, old] = [await member('a#1'), await member('b#1')];
    const address = old.transport.address;
    sendNumbers(a, old, 'control', 1);
    await until(() => old.events.messages.length === 1, 'the first message');
    old.transport.close();
    await until(() => a.events.downs.length > 0, 'the end of the link');
    const reborn = await reopened(address);
    await until(() => {
      a.transport.send(address, undefined, 'control', numbered(2));
      return reborn.events.messages.length > 0;
    }, 'a message at the new process');
    expect(a.events.ups.map(({ id }) => id)).to.deep.equal(['b#1', 'b#2']);
    a.transport.send(address, old.id, 'control', numbered(3));
    a.transport.send(address, reborn.id, 'control', numbered(4));
    await until(() => reborn.events.numbers.includes(4), 'the message for the new process');
    expect(reborn.events.numbers).not.to.include(3);
  });

  it('sends nothing that waited to a peer that was forgotten, and reaches it anew', async () => {
    const [a, b] = [await member('a#1'), await member('b#1')];
    const { address } = b.transport;
    a.transport.send(address, b.id, 'data', sampleOf('op.reply'));
    a.transport.forget(address);
    a.transport.send(address, b.id, 'data', numbered(2));
    await until(() => b.events.messages.length === 1, 'the second message');
    expect(b.events.numbers).to.deep.equal([2]);
    expect(a.transport.bufferedBytes(address)).to.equal(0);

    a.transport.send(address, b.id, 'data', numbered(3));
    a.transport.forget(address);
    a.transport.send(address, b.id, 'data', numbered(4));
    await until(() => b.events.numbers.includes(4), 'the fourth message');
    expect(b.events.numbers).to.deep.equal([2, 4]);
  });

  it('refuses data over the bound, and drops the oldest of control', async () => {
    const [a, b] = [await member('a#1'), await member('b#1')];
    const { address } = b.transport;
    const bulk = { ...sampleOf('op.reply'), result: new Uint8Array(8_000_000) };
    const admitted = Array.from({ length: 10 }, () =>
      a.transport.send(address, b.id, 'data', bulk),
    );
    expect(admitted).to.deep.equal([...Array(8).fill(true), false, false]);
    expect(a.transport.bufferedBytes(address)).to.be.greaterThan(8 * 8_000_000);

    sendNumbers(a, b, 'control', 5_000);
    const numbers = () => b.events.numbers.filter((number) => !Number.isNaN(number));
    await until(() => numbers().includes(5_000), 'the last of control');
    expect(numbers()[0]).to.be.greaterThan(1_000);
    expect(numbers()).to.have.length(5_000 - numbers()[0]! + 1);
    await until(() => b.events.messages.length - numbers().length === 8, 'the data');
    // A ping may be on its way just then.
    await until(() => a.transport.bufferedBytes(address) === 0, 'an empty buffer');
  });

  it('sends nothing after it was closed', async () => {
    const [a, b] = [await member('a#1'), await member('b#1')];
    a.transport.close();
    expect(a.transport.send(b.transport.address, b.id, 'control', numbered(1))).to.equal(false);
  });

  /** The port of a closed transport takes a moment to be free. */
  async function reopened(address: Address): Promise<TestMember> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await member('b#2', address);
      } catch (error) {
        if (attempt === 200) throw error;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}

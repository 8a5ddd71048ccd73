import { expect } from 'chai';
import type { MemberId, PartitionId } from '../../src/base/ids.ts';
import { relayedFrom } from '../../src/member/client-port.ts';
import { Relay } from '../../src/member/relay.ts';
import type { Message } from '../../src/wire/messages.ts';
import { OpRequest } from '../../src/wire/op-messages.ts';
import { sampleOf } from '../wire/message-samples.ts';

const ann = 'ann#1' as MemberId;
const bob = 'bob#2' as MemberId;

class Client {
  readonly got: Message[] = [];
  send(message: Message): void {
    this.got.push(message);
  }
}

function requestOf(request: number, partition = 3): OpRequest {
  return { ...sampleOf('op.request'), request, partition: partition as PartitionId };
}

describe('a relay', () => {
  let sent: { to: MemberId; message: OpRequest }[];
  let isReachable: boolean;
  let relay: Relay;
  const client = () => new Client();
  const result = Uint8Array.of(7);

  beforeEach(() => {
    sent = [];
    isReachable = true;
    relay = new Relay((to, message) => {
      sent.push({ to, message });
      return isReachable;
    }, 4);
  });

  const last = () => sent.at(-1)!.message.request;

  it('passes a request on as it is, under a number that no member uses itself', () => {
    const given = requestOf(5);
    relay.pass(client(), ann, given);
    expect(sent[0]!.to).to.equal(ann);
    expect(last()).to.be.at.least(relayedFrom);
    expect({ ...sent[0]!.message, request: 5 }).to.deep.equal(given);
    // V8 takes literals for long-lived.
    expect(sent[0]!.message).to.be.instanceOf(OpRequest);
  });

  it('keeps nothing of the frame that brought a request', () => {
    const frame = new Uint8Array(100_000).fill(7);
    relay.pass(client(), ann, { ...requestOf(5), op: frame.subarray(10, 12) });
    frame.fill(0);
    expect(sent[0]!.message.op).to.deep.equal(Uint8Array.of(7, 7));
  });

  it('brings each answer to its client, under the number that it knows', () => {
    const [one, other] = [client(), client()];
    relay.pass(one, ann, requestOf(5));
    const first = last();
    relay.pass(other, ann, requestOf(5));
    relay.answered({ kind: 'op.reply', request: last(), result });
    relay.answered({ kind: 'op.failed', request: first, code: 'GRID_BAD_VALUE', message: 'no' });
    expect(other.got).to.deep.equal([{ kind: 'op.reply', request: 5, result }]);
    expect(one.got).to.deep.equal([
      { kind: 'op.failed', request: 5, code: 'GRID_BAD_VALUE', message: 'no' },
    ]);
    expect(relay.size).to.equal(0);
  });

  it('gives a resend the number of before, and its answer once', () => {
    const one = client();
    relay.pass(one, ann, requestOf(5));
    const first = last();
    relay.pass(one, bob, requestOf(5));
    expect(last()).to.equal(first);
    relay.answered({ kind: 'op.refused', request: first, reason: 'busy' });
    relay.answered({ kind: 'op.reply', request: first, result });
    expect(one.got).to.deep.equal([{ kind: 'op.refused', request: 5, reason: 'busy' }]);
  });

  it('has what went to a lost member sent again, as something that may have been done', () => {
    const one = client();
    relay.pass(one, ann, requestOf(5));
    relay.pass(one, bob, requestOf(6));
    relay.peerLost(ann);
    expect(one.got).to.deep.equal([{ kind: 'op.refused', request: 5, reason: 'interrupted' }]);
    expect(relay.size).to.equal(1);
  });

  it('has what went to a former primary sent again', () => {
    const one = client();
    relay.pass(one, ann, requestOf(5, 3));
    relay.pass(one, ann, requestOf(6, 4));
    relay.tableChanged((partition) => (partition === 3 ? bob : ann));
    expect(one.got).to.deep.equal([{ kind: 'op.refused', request: 5, reason: 'interrupted' }]);
  });

  it('says at once where a member cannot be reached', () => {
    isReachable = false;
    const one = client();
    relay.pass(one, ann, requestOf(5));
    expect(one.got).to.deep.equal([{ kind: 'op.refused', request: 5, reason: 'interrupted' }]);
    expect(relay.size).to.equal(0);
  });

  it('forgets what a client that went had asked', () => {
    const [one, other] = [client(), client()];
    relay.pass(one, ann, requestOf(5));
    relay.pass(other, ann, requestOf(5));
    relay.clientGone(one);
    expect(relay.size).to.equal(1);
    for (const { message } of sent) {
      relay.answered({ kind: 'op.reply', request: message.request, result });
    }
    expect([one.got.length, other.got.length]).to.deep.equal([0, 1]);
  });

  it('tells clients to come again past its bound, and takes resends still', () => {
    const one = client();
    for (let request = 1; request <= 5; request++) relay.pass(one, ann, requestOf(request));
    expect(one.got).to.deep.equal([{ kind: 'op.refused', request: 5, reason: 'busy' }]);
    relay.pass(one, bob, requestOf(1));
    expect(sent.at(-1)!.to).to.equal(bob);
    expect(relay.size).to.equal(4);
  });
});

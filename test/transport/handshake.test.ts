import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { Address, MemberId } from '../../src/base/ids.ts';
import { SharedSecret } from '../../src/security/shared-secret.ts';
import {
  AcceptorHandshake,
  DiallerHandshake,
  type HandshakeOptions,
  type HandshakeStep,
} from '../../src/transport/handshake.ts';
import { Codec } from '../../src/wire/codec.ts';
import type { Hello } from '../../src/wire/handshake.ts';
import { WireError } from '../../src/wire/wire-error.ts';

const codec = new Codec();
const right = 'the right secret: 0123456789abcdef';
const wrong = 'another secret: 0123456789abcdefgh';

interface SideOptions {
  readonly secret?: string;
  readonly cluster?: string;
}

function optionsOf(name: string, { secret, cluster = 'shop' }: SideOptions = {}): HandshakeOptions {
  const identity = {
    id: `${name}#1` as MemberId,
    address: `${name}:7400` as Address,
    cluster,
    name: '',
  };
  return {
    identity,
    secret: secret === undefined ? undefined : new SharedSecret(secret),
    codec,
    nonce: new Uint8Array(randomBytes(32)),
  };
}

/** Passes frames to and fro until neither has anything to say. */
function shake(dialler: DiallerHandshake, acceptor: AcceptorHandshake) {
  const frames = [dialler.greet()];
  const steps: { dialler?: HandshakeStep; acceptor?: HandshakeStep } = {};
  for (let turn = 0; turn < frames.length; turn++) {
    const side = turn % 2 === 0 ? 'acceptor' : 'dialler';
    const step = (side === 'acceptor' ? acceptor : dialler).receive(frames[turn]!);
    steps[side] = step;
    if (step.send !== undefined) frames.push(step.send);
  }
  return { ...steps, frames };
}

function between(dialler: SideOptions, acceptor: SideOptions) {
  return shake(
    new DiallerHandshake(optionsOf('d', dialler), 'data'),
    new AcceptorHandshake(optionsOf('a', acceptor)),
  );
}

/** A greeting frame with fields of the hello changed. */
function altered(frame: Uint8Array, change: Partial<Hello>): Uint8Array {
  const greeting = codec.decodeGreeting(frame);
  if (greeting.kind !== 'hello') throw new Error('expected a hello');
  return codec.encodeHello({ ...greeting.hello, ...change });
}

describe('the handshake', () => {
  it('tells both who the other is, without a secret', () => {
    const { dialler, acceptor, frames } = between({}, {});
    expect(dialler).to.deep.include({ kind: 'up', lane: 'data', keys: undefined });
    expect(dialler).to.have.deep.property('peer', { id: 'a#1', address: 'a:7400' });
    expect(acceptor).to.have.deep.property('peer', { id: 'd#1', address: 'd:7400' });
    expect(frames).to.have.length(2);
  });

  it('gives both the same keys, with the same secret', () => {
    const { dialler, acceptor, frames } = between({ secret: right }, { secret: right });
    if (dialler?.kind !== 'up' || acceptor?.kind !== 'up') throw new Error('expected both up');
    expect(dialler.keys).to.deep.equal(acceptor.keys).and.not.equal(undefined);
    expect(frames).to.have.length(4);
  });

  it('refuses another secret, before the acceptor has proven anything', () => {
    const { dialler, acceptor, frames } = between({ secret: wrong }, { secret: right });
    expect([dialler?.kind, acceptor?.kind]).to.deep.equal(['refused', 'refused']);
    expect(codec.decodeGreeting(frames.at(-1)!))
      .to.have.nested.property('refused.sentence')
      .that.contains(
        'd#1 at d:7400 and a#1 at a:7400, both of cluster "shop", have different secrets',
      );
    expect(JSON.stringify(frames.map((frame) => Buffer.from(frame).toString()))).not.to.contain(
      'secret:',
    );
  });

  it('refuses where only one has a secret, whichever', () => {
    for (const [one, two] of [
      [right, undefined],
      [undefined, right],
    ]) {
      const { dialler, acceptor } = between(one ? { secret: one } : {}, two ? { secret: two } : {});
      expect([dialler?.kind, acceptor?.kind]).to.deep.equal(['refused', 'refused']);
      expect(dialler)
        .to.have.nested.property('refused.sentence')
        .that.contains(`only ${one === undefined ? 'a#1' : 'd#1'} has a secret`);
    }
  });

  it('refuses another cluster, and names both', () => {
    const { dialler } = between({ cluster: 'orders' }, { cluster: 'shop' });
    expect(dialler).to.have.nested.property('refused.code', 'GRID_REFUSED');
    expect(dialler)
      .to.have.nested.property('refused.sentence')
      .that.contains('different clusters: "orders" and "shop"');
  });

  it('refuses versions that have none in common, and names both ranges', () => {
    const dialler = new DiallerHandshake(optionsOf('d'), 'data');
    const step = new AcceptorHandshake(optionsOf('a')).receive(
      altered(dialler.greet(), { protocol: 9, protocolMin: 8 }),
    );
    expect(step)
      .to.have.nested.property('refused.sentence')
      .that.contains('no version of the protocol in common: 8 to 9, and 1 to 1');
    const next = new AcceptorHandshake(optionsOf('a')).receive(
      altered(dialler.greet(), { protocol: 2, protocolMin: 1 }),
    );
    expect(next.kind).to.equal('up');
  });

  it('knows its own address', () => {
    const options = optionsOf('d');
    const { dialler } = shake(
      new DiallerHandshake(options, 'control'),
      new AcceptorHandshake(options),
    );
    expect(dialler).to.have.nested.property('refused.code', 'GRID_SELF');
  });

  it('does not take a proof that was recorded', () => {
    const { frames } = between({ secret: right }, { secret: right });
    const again = new AcceptorHandshake(optionsOf('a', { secret: right }));
    expect(again.receive(frames[0]!).kind).to.equal('wait');
    expect(again.receive(frames[2]!).kind).to.equal('refused');
  });

  it('does not take its own proof sent back', () => {
    const dialler = new DiallerHandshake(optionsOf('d', { secret: right }), 'data');
    const step = dialler.receive(altered(dialler.greet(), { id: 'a#1' as MemberId }));
    if (step.kind !== 'wait') throw new Error('expected to wait');
    expect(dialler.receive(step.send).kind).to.equal('refused');
  });

  it('does not take greetings that were changed on their way', () => {
    const changes: Partial<Hello>[] = [
      { lane: 'control' },
      { address: 'evil:1' as Address },
      { id: 'e#1' as MemberId },
      { name: 'x' },
      { features: 1 },
      { protocol: 2 },
    ];
    for (const change of changes) {
      const dialler = new DiallerHandshake(optionsOf('d', { secret: right }), 'data');
      const acceptor = new AcceptorHandshake(optionsOf('a', { secret: right }));
      const greeted = acceptor.receive(altered(dialler.greet(), change));
      const proof = dialler.receive(greeted.send!);
      expect(acceptor.receive(proof.send!).kind, JSON.stringify(change)).to.equal('refused');
    }
  });

  it('throws a WireError for what is out of place', () => {
    const { frames } = between({ secret: right }, { secret: right });
    const acceptor = () => new AcceptorHandshake(optionsOf('a', { secret: right }));
    const dialler = () => new DiallerHandshake(optionsOf('d', { secret: right }), 'data');
    expect(() => acceptor().receive(frames[2]!)).to.throw(WireError);
    expect(() => dialler().receive(frames[3]!)).to.throw(WireError);
    expect(() => dialler().receive(codec.encodeBatch([]))).to.throw(WireError);
    expect(() => acceptor().receive(codec.encodeRefused({ code: '', sentence: '' }))).to.throw(
      WireError,
    );
    const greeted = acceptor();
    greeted.receive(frames[0]!);
    expect(() => greeted.receive(frames[0]!)).to.throw(WireError);
  });
});

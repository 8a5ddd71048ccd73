import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import { FrameOpener, FrameSealer, tagBytes } from '../../src/security/frame-cipher.ts';
import { type Greetings, SharedSecret } from '../../src/security/shared-secret.ts';

const text = 'k2JmZ3d8Q0pYb1R5VnNXaEx4TnBDdUZl';
const bytes = (...content: number[]) => Uint8Array.from(content);
const greetings: Greetings = { dialler: bytes(1, 2, 3), acceptor: bytes(4, 5) };

describe('a shared secret', () => {
  const secret = new SharedSecret(text);

  it('accepts a proof by the same secret for the same greetings and side only', () => {
    const proof = secret.proofOf('dialler', greetings);
    expect(new SharedSecret(text).accepts(proof, 'dialler', greetings)).to.equal(true);
    expect(secret.accepts(proof, 'acceptor', greetings)).to.equal(false);
    expect(new SharedSecret(`${text}x`).accepts(proof, 'dialler', greetings)).to.equal(false);
    const others = [
      { dialler: bytes(1, 2), acceptor: bytes(3, 4, 5) },
      { dialler: bytes(4, 5), acceptor: bytes(1, 2, 3) },
      { dialler: bytes(1, 2, 3), acceptor: bytes(4, 6) },
    ];
    for (const other of others) expect(secret.accepts(proof, 'dialler', other)).to.equal(false);
    expect(secret.accepts(proof.subarray(1), 'dialler', greetings)).to.equal(false);
    expect(secret.accepts(bytes(), 'dialler', greetings)).to.equal(false);
  });

  it('gives both directions of each connection keys of their own', () => {
    const keys = secret.keysOf(greetings);
    expect(keys).to.deep.equal(new SharedSecret(text).keysOf(greetings));
    const other = secret.keysOf({ ...greetings, dialler: bytes(9) });
    const different = [keys.fromDialler, keys.fromAcceptor, other.fromDialler, other.fromAcceptor];
    expect(new Set(different.map((key) => Buffer.from(key).toString('hex'))).size).to.equal(4);
    expect(keys.fromDialler).to.have.length(32);
  });

  it('refuses what nobody drew at random, and says how to make one', () => {
    for (const weak of ['', 'password', 'x'.repeat(64), new Uint8Array(32), text.slice(1)]) {
      const refused = () => new SharedSecret(weak);
      expect(refused).to.throw(GridError, 'openssl rand -base64 32');
      expect(refused).to.throw().with.property('code', 'GRID_BAD_OPTION');
    }
    expect(() => new SharedSecret(text)).not.to.throw();
  });

  it('is not said in the refusal', () => {
    expect(() => new SharedSecret('hunter2'))
      .to.throw()
      .with.property('message')
      .not.contain('hunter2');
  });
});

describe('the cipher of frames', () => {
  const key = new Uint8Array(32).fill(7);
  const contents = [bytes(1, 2, 3), bytes(), new Uint8Array(100_000).fill(5)];

  function sealed(sealer: FrameSealer, content: Uint8Array): Uint8Array {
    const target = new Uint8Array(content.length + tagBytes);
    sealer.seal(content, target, 0);
    return target;
  }

  it('opens what was sealed, in order', () => {
    const [sealer, opener] = [new FrameSealer(key), new FrameOpener(key)];
    for (const content of contents) {
      const frame = sealed(sealer, content);
      expect(Buffer.compare(opener.open(frame) ?? bytes(0), content)).to.equal(0);
    }
  });

  it('does not open a frame that is changed, cut, repeated, left out or under another key', () => {
    const sealer = new FrameSealer(key);
    const [first, second] = [sealed(sealer, bytes(1, 2, 3)), sealed(sealer, bytes(1, 2, 3))];
    expect(first).not.to.deep.equal(second);
    for (let at = 0; at < first.length; at++) {
      const changed = first.with(at, (first[at] as number) ^ 1);
      expect(new FrameOpener(key).open(changed)).to.equal(undefined);
    }
    expect(new FrameOpener(key).open(first.subarray(1))).to.equal(undefined);
    expect(new FrameOpener(key).open(first.subarray(0, 3))).to.equal(undefined);
    expect(new FrameOpener(key).open(second), 'left out').to.equal(undefined);
    expect(new FrameOpener(new Uint8Array(32)).open(first), 'another key').to.equal(undefined);
    const opener = new FrameOpener(key);
    expect(opener.open(first)).not.to.equal(undefined);
    expect(opener.open(first), 'repeated').to.equal(undefined);
  });
});

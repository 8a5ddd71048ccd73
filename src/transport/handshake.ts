/**
 * The first frames of a link, as two pure state machines: who dials and who accepts.
 *
 *   dialler             acceptor
 *   hello          →
 *                  ←    hello, or refused
 *   proof          →                         (with a secret only, from here)
 *                  ←    proof, or refused
 *
 * The dialler proves first: the acceptor makes proofs for nobody else.
 */
import type { Address, MemberId } from '../base/ids.ts';
import type { Greetings, LinkKeys, SharedSecret } from '../security/shared-secret.ts';
import type { Codec } from '../wire/codec.ts';
import type { Hello, Refused } from '../wire/handshake.ts';
import {
  commonVersion,
  featureBits,
  protocolVersion,
  protocolVersionMin,
} from '../wire/version.ts';
import { WireError } from '../wire/wire-error.ts';
import type { Lane, Peer } from './transport.ts';

export interface Identity {
  readonly id: MemberId;
  readonly address: Address;
  readonly cluster: string;
  readonly name: string;
}

export type HandshakeStep =
  | { readonly kind: 'wait'; readonly send: Uint8Array }
  | {
      readonly kind: 'up';
      readonly send: Uint8Array | undefined;
      readonly peer: Peer;
      readonly lane: Lane;
      readonly keys: LinkKeys | undefined;
    }
  /** `send` where this side refuses and the other is to know why. */
  | { readonly kind: 'refused'; readonly send: Uint8Array | undefined; readonly refused: Refused };

/** The code of a refusal of one's own address: a seed list may name it. */
export const selfCode = 'GRID_SELF';

export interface HandshakeOptions {
  readonly identity: Identity;
  readonly secret: SharedSecret | undefined;
  readonly codec: Codec;
  /** Random bytes that were never used. */
  readonly nonce: Uint8Array;
}

export class DiallerHandshake {
  readonly #options: HandshakeOptions;
  readonly #lane: Lane;
  readonly #greeting: Uint8Array;
  #accepted: { readonly greetings: Greetings; readonly hello: Hello } | undefined;

  constructor(options: HandshakeOptions, lane: Lane) {
    this.#options = options;
    this.#lane = lane;
    this.#greeting = options.codec.encodeHello(helloOf(options, lane));
  }

  /** The first frame. */
  greet(): Uint8Array {
    return this.#greeting;
  }

  /** Throws a `WireError` where the frame is out of place. */
  receive(frame: Uint8Array): HandshakeStep {
    const greeting = this.#options.codec.decodeGreeting(frame);
    if (greeting.kind === 'refused') {
      return { kind: 'refused', send: undefined, refused: greeting.refused };
    }
    if (greeting.kind === 'hello' && this.#accepted === undefined) {
      return this.#greeted(frame, greeting.hello);
    }
    if (greeting.kind === 'proof' && this.#accepted !== undefined) {
      return this.#proven(greeting.proof.mac, this.#accepted);
    }
    throw outOfPlace();
  }

  #greeted(frame: Uint8Array, hello: Hello): HandshakeStep {
    const { identity, secret, codec } = this.#options;
    const objection = objectionTo(hello, this.#options);
    if (objection !== undefined) return { kind: 'refused', send: undefined, refused: objection };
    const peer = { id: hello.id, address: hello.address };
    if (hello.id === identity.id) {
      const refused = { code: selfCode, sentence: `${hello.address} is this member itself` };
      return { kind: 'refused', send: undefined, refused };
    }
    if (secret === undefined) return up(peer, this.#lane, undefined, undefined);
    const greetings = { dialler: this.#greeting, acceptor: Uint8Array.from(frame) };
    this.#accepted = { greetings, hello };
    return { kind: 'wait', send: codec.encodeProof({ mac: secret.proofOf('dialler', greetings) }) };
  }

  #proven(
    mac: Uint8Array,
    { greetings, hello }: { readonly greetings: Greetings; readonly hello: Hello },
  ): HandshakeStep {
    const { secret } = this.#options;
    if (secret === undefined) throw outOfPlace();
    if (!secret.accepts(mac, 'acceptor', greetings)) {
      const refused = wrongSecret(hello, this.#options.identity);
      return { kind: 'refused', send: undefined, refused };
    }
    const peer = { id: hello.id, address: hello.address };
    return up(peer, this.#lane, undefined, secret.keysOf(greetings));
  }
}

export class AcceptorHandshake {
  readonly #options: HandshakeOptions;
  #greeted: { readonly greetings: Greetings; readonly hello: Hello } | undefined;

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  /** Throws a `WireError` where the frame is out of place. */
  receive(frame: Uint8Array): HandshakeStep {
    const greeting = this.#options.codec.decodeGreeting(frame);
    if (greeting.kind === 'hello' && this.#greeted === undefined) {
      return this.#greet(frame, greeting.hello);
    }
    if (greeting.kind === 'proof' && this.#greeted !== undefined) {
      return this.#prove(greeting.proof.mac, this.#greeted);
    }
    throw outOfPlace();
  }

  #greet(frame: Uint8Array, hello: Hello): HandshakeStep {
    const { codec, secret } = this.#options;
    const objection = objectionTo(hello, this.#options);
    if (objection !== undefined) return this.#refuse(objection);
    const own = codec.encodeHello(helloOf(this.#options, hello.lane));
    if (secret === undefined) {
      return up({ id: hello.id, address: hello.address }, hello.lane, own, undefined);
    }
    this.#greeted = { greetings: { dialler: Uint8Array.from(frame), acceptor: own }, hello };
    return { kind: 'wait', send: own };
  }

  #prove(
    mac: Uint8Array,
    { greetings, hello }: { readonly greetings: Greetings; readonly hello: Hello },
  ): HandshakeStep {
    const { codec, secret, identity } = this.#options;
    if (secret === undefined) throw outOfPlace();
    if (!secret.accepts(mac, 'dialler', greetings)) {
      return this.#refuse(wrongSecret(hello, identity));
    }
    const own = codec.encodeProof({ mac: secret.proofOf('acceptor', greetings) });
    const peer = { id: hello.id, address: hello.address };
    return up(peer, hello.lane, own, secret.keysOf(greetings));
  }

  #refuse(refused: Refused): HandshakeStep {
    return { kind: 'refused', send: this.#options.codec.encodeRefused(refused), refused };
  }
}

function up(
  peer: Peer,
  lane: Lane,
  send: Uint8Array | undefined,
  keys: LinkKeys | undefined,
): HandshakeStep {
  return { kind: 'up', send, peer, lane, keys };
}

function helloOf({ identity, secret, nonce }: HandshakeOptions, lane: Lane): Hello {
  return {
    protocol: protocolVersion,
    protocolMin: protocolVersionMin,
    features: featureBits,
    role: 'member',
    lane,
    cluster: identity.cluster,
    id: identity.id,
    address: identity.address,
    name: identity.name,
    secured: secret !== undefined,
    nonce,
  };
}

/** Why the two do not go together; undefined where they do. */
function objectionTo(theirs: Hello, { identity, secret }: HandshakeOptions): Refused | undefined {
  const mine = { protocol: protocolVersion, protocolMin: protocolVersionMin };
  const sides = `${theirs.id} at ${theirs.address} and ${identity.id} at ${identity.address}`;
  if (commonVersion(mine, theirs) === undefined) {
    return refusal(
      `${sides} speak no version of the protocol in common: ${theirs.protocolMin} to ` +
        `${theirs.protocol}, and ${mine.protocolMin} to ${mine.protocol}. Upgrade one version at a time.`,
    );
  }
  if (theirs.cluster !== identity.cluster) {
    return refusal(
      `${sides} belong to different clusters: "${theirs.cluster}" and "${identity.cluster}". ` +
        'Give both the same `cluster`, or take the address out of the seeds.',
    );
  }
  if (theirs.secured !== (secret !== undefined)) {
    const having = theirs.secured ? theirs.id : identity.id;
    return refusal(
      `of ${sides} only ${having} has a secret. Give every member the same \`secret\`.`,
    );
  }
  return undefined;
}

function wrongSecret(theirs: Hello, identity: Identity): Refused {
  return refusal(
    `${theirs.id} at ${theirs.address} and ${identity.id} at ${identity.address}, both of cluster ` +
      `"${identity.cluster}", have different secrets. Give every member the same \`secret\`.`,
  );
}

function refusal(sentence: string): Refused {
  return { code: 'GRID_REFUSED', sentence };
}

function outOfPlace(): WireError {
  return new WireError('expected the next step of the handshake, found another greeting');
}

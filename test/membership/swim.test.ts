import { expect } from 'chai';
import type { Address, MemberId } from '../../src/base/ids.ts';
import { seededRandom } from '../../src/base/random.ts';
import { presets } from '../../src/base/timings.ts';
import { Swim } from '../../src/membership/swim.ts';
import type { SwimAction, SwimTuning } from '../../src/membership/swim-types.ts';
import type { DownReason, Peer } from '../../src/transport/transport.ts';
import type { SwimMessage, SwimState, SwimUpdate } from '../../src/wire/membership-messages.ts';

const timings = presets.lan;
const seed = 'seed:1' as Address;

function peer(name: string, at = name): Peer {
  return { id: `${name}#1` as MemberId, address: `${at}:1` as Address };
}

const ann = peer('ann');
const bob = peer('bob');
const cid = peer('cid');
const dan = peer('dan');
const eve = peer('eve');

function said({ id, address }: Peer, state: SwimState, incarnation = 1, by = id): SwimUpdate {
  const name = id.split('#')[0]!;
  return { state, id, address, incarnation, accuser: by, name, zone: 'z', data: true };
}

type Sent = SwimAction & { kind: 'send' };

/** `ann` among others that are known to be alive, and what the tests do to her. */
class Rig {
  readonly swim: Swim;
  nowMs = 1_000;
  #lastTickMs = 1_000;

  constructor(others: readonly Peer[], tuning: Partial<SwimTuning> = {}, seeds: Address[] = []) {
    this.swim = new Swim({
      self: ann.id,
      address: ann.address,
      name: 'ann',
      zone: 'z',
      isData: true,
      timings,
      random: seededRandom(7),
      seeds,
      tuning,
    });
    this.tick();
    for (const other of others) this.hear(other, said(other, 'alive'));
  }

  receive(from: Peer, message: SwimMessage): SwimAction[] {
    const out: SwimAction[] = [];
    this.swim.receive(from, message, this.nowMs, out);
    return out;
  }

  hear(from: Peer, ...updates: SwimUpdate[]): SwimAction[] {
    return this.receive(from, { kind: 'swim.gossip', updates });
  }

  tick(stallMs = 0): SwimAction[] {
    const out: SwimAction[] = [];
    this.#lastTickMs = this.nowMs;
    this.swim.tick(this.nowMs, stallMs, out);
    return out;
  }

  /** Ticks every 25 ms; `answer` may act on what is sent. */
  run(forMs: number, answer: (sent: Sent) => void = () => {}): SwimAction[] {
    const all: SwimAction[] = [];
    for (const endMs = this.#lastTickMs + forMs; this.nowMs < endMs; ) {
      this.nowMs = this.#lastTickMs + 25;
      const out = this.tick();
      for (const action of sentOf(out)) answer(action);
      all.push(...out);
    }
    return all;
  }

  /** Acks each ping as if everybody were well, but for those named. */
  acking(...silent: Peer[]): (sent: Sent) => void {
    return ({ id, to, message }) => {
      if (message.kind !== 'swim.ping' || silent.some((one) => one.id === id)) return;
      const { sequence } = message;
      const from = { id: id!, address: to };
      this.receive(from, { kind: 'swim.ack', sequence, stallMs: 0, updates: [] });
    };
  }

  linkUp(who: Peer): SwimAction[] {
    const out: SwimAction[] = [];
    this.swim.linkUp(who, this.nowMs, out);
    return out;
  }

  linkDown(who: Peer, reason: DownReason): SwimAction[] {
    const out: SwimAction[] = [];
    this.swim.linkDown(who.address, undefined, reason, this.nowMs, out);
    return out;
  }

  incarnation(who: Peer): number | undefined {
    return [...this.swim.members].find(({ id }) => id === who.id)?.incarnation;
  }
}

function sentOf(actions: readonly SwimAction[]): Sent[] {
  return actions.filter((action) => action.kind === 'send');
}

function changes(actions: readonly SwimAction[]): string {
  return actions
    .filter((action) => action.kind !== 'send')
    .map((action) =>
      action.kind === 'replaced'
        ? `replaced ${action.old.id} by ${action.by.id}`
        : `${action.kind} ${action.member.name}`,
    )
    .join(', ');
}

function updatesIn(message: SwimMessage): readonly SwimUpdate[] {
  return message.kind === 'swim.nack' ? [] : message.updates;
}

/** `suspect bob 1`: what of a member went to whom. */
function toldTo(who: Peer, about: Peer, actions: readonly SwimAction[]): string[] {
  return sentOf(actions)
    .filter(({ to }) => to === who.address)
    .flatMap(({ message }) => updatesIn(message))
    .filter(({ id }) => id === about.id)
    .map(({ state, name, incarnation }) => `${state} ${name} ${incarnation}`);
}

describe('joining', () => {
  it('asks each seed but itself who is there, whoever that is', () => {
    const rig = new Rig([], {}, [seed, ann.address]);
    rig.nowMs += timings.probeIntervalMs;
    const sent = sentOf(rig.tick());
    expect(sent.map(({ to, id, message }) => [to, id, message.kind])).to.deep.equal([
      [seed, undefined, 'swim.sync'],
    ]);
    expect(sent[0]!.message).to.include({ wantsReply: true });
    expect(toldTo({ id: 'x' as MemberId, address: seed }, ann, sent)).to.deep.equal([
      'alive ann 1',
    ]);
  });

  it('answers a sync with all that is known, and tells everybody of the newcomer at once', () => {
    const rig = new Rig([bob, cid]);
    const sync = { kind: 'swim.sync', wantsReply: true, updates: [said(dan, 'alive')] } as const;
    const out = rig.receive(dan, sync);
    expect(changes(out)).to.equal('joined dan');
    const reply = sentOf(out).find(({ message }) => message.kind === 'swim.sync')!;
    expect(reply.message).to.include({ wantsReply: false });
    const names = updatesIn(reply.message).map(({ name }) => name);
    expect(names).to.have.members(['ann', 'bob', 'cid', 'dan']);
    expect(toldTo(bob, dan, out)).to.deep.equal(['alive dan 1']);
    expect(toldTo(cid, dan, out)).to.deep.equal(['alive dan 1']);
  });

  it('passes on by gossip only what others have told', () => {
    const rig = new Rig([bob, cid]);
    const out = rig.hear(bob, said(dan, 'alive'));
    expect(changes(out)).to.equal('joined dan');
    expect(sentOf(out)).to.deep.equal([]);
    expect(toldTo(cid, dan, rig.run(400))).not.to.deep.equal([]);
  });

  it('asks a stranger who it is, once', () => {
    const rig = new Rig([bob]);
    const ping = { kind: 'swim.ping', sequence: 1, target: ann.id, updates: [] } as const;
    const kinds = () => sentOf(rig.receive(eve, ping)).map(({ message }) => message.kind);
    expect(kinds()).to.deep.equal(['swim.sync', 'swim.ack']);
    expect(kinds()).to.deep.equal(['swim.ack']);
  });

  it('takes no notice of itself under another address', () => {
    const rig = new Rig([bob]);
    const out = rig.receive(
      { id: ann.id, address: seed },
      { kind: 'swim.sync', wantsReply: true, updates: [] },
    );
    expect(out).to.deep.equal([]);
  });
});

describe('probing', () => {
  it('suspects who answers neither to itself nor to helpers, and declares it dead in time', () => {
    const rig = new Rig([bob, cid, dan, eve]);
    const nacking = (sent: Sent) => {
      rig.acking(bob)(sent);
      if (sent.message.kind !== 'swim.ping-request') return;
      const { sequence } = sent.message;
      rig.receive({ id: sent.id!, address: sent.to }, { kind: 'swim.nack', sequence });
    };
    const out = rig.run(4_000, nacking);
    const requests = sentOf(out).filter(({ message }) => message.kind === 'swim.ping-request');
    expect(requests.length).to.be.at.least(3);
    expect(requests.slice(0, 3).map(({ id }) => id)).to.have.members([cid.id, dan.id, eve.id]);
    expect(changes(out)).to.equal('suspected bob');
    expect(rig.swim.localHealth).to.equal(0);
    // Nobody joins in, so it takes the longest: six times the shortest.
    expect(changes(rig.run(1_000, nacking))).to.equal('');
    const end = rig.run(4_000, nacking);
    expect(changes(end)).to.equal('dead bob');
    for (const one of [cid, dan, eve, bob]) expect(toldTo(one, bob, end)).to.include('dead bob 1');
    expect(rig.swim.stateOf(bob.id)).to.equal('dead');
  });

  it('is content with an ack that a helper passes on', () => {
    const rig = new Rig([bob, cid]);
    let relayed = 0;
    const out = rig.run(6_000, (sent) => {
      rig.acking(bob)(sent);
      if (sent.message.kind !== 'swim.ping-request') return;
      relayed++;
      const { sequence } = sent.message;
      rig.receive(cid, { kind: 'swim.ack', sequence, stallMs: 0, updates: [] });
    });
    expect(relayed).to.be.at.least(3);
    expect(changes(out)).to.equal('');
  });

  it('takes no ack for another probe', () => {
    const rig = new Rig([bob]);
    const out = rig.run(3_000, ({ message }) => {
      if (message.kind !== 'swim.ping') return;
      const sequence = message.sequence - 1;
      rig.receive(bob, { kind: 'swim.ack', sequence, stallMs: 0, updates: [] });
    });
    expect(changes(out)).to.equal('suspected bob, dead bob');
  });

  it('answers a ping to itself and none to its predecessor', () => {
    const rig = new Rig([bob]);
    const ping = (target: MemberId) =>
      sentOf(rig.receive(bob, { kind: 'swim.ping', sequence: 9, target, updates: [] }));
    const [ack] = ping(ann.id);
    expect(ack).to.deep.include({ to: bob.address, id: bob.id });
    expect(ack!.message).to.include({ kind: 'swim.ack', sequence: 9, stallMs: 0 });
    expect(ping('ann#0' as MemberId)).to.deep.equal([]);
  });

  it('remembers how late the event loop of the target was', () => {
    const rig = new Rig([bob]);
    rig.run(1_000, ({ message }) => {
      if (message.kind !== 'swim.ping') return;
      const { sequence } = message;
      rig.receive(bob, { kind: 'swim.ack', sequence, stallMs: 340, updates: [] });
    });
    const found = [...rig.swim.members].find(({ id }) => id === bob.id);
    expect(found).to.include({ state: 'alive', stallMs: 340 });
  });

  it('tells in its acks how late its event loop is', () => {
    const rig = new Rig([bob]);
    rig.nowMs += 50;
    rig.tick(777);
    const [ack] = sentOf(
      rig.receive(bob, { kind: 'swim.ping', sequence: 1, target: ann.id, updates: [] }),
    );
    expect(ack!.message).to.include({ stallMs: 777 });
  });

  it('pings for another, passes on the ack, and says so before its time is up if there is none', () => {
    const rig = new Rig([bob, cid]);
    const { id: target, address } = cid;
    const request = (sequence: number) =>
      rig.receive(bob, {
        kind: 'swim.ping-request',
        sequence,
        target,
        address,
        timeoutMs: 250,
        updates: [],
      });
    const [ping] = sentOf(request(40));
    expect(ping).to.include({ to: cid.address, id: cid.id });
    const message = ping!.message as SwimMessage & { kind: 'swim.ping' };
    const ack = { kind: 'swim.ack', sequence: message.sequence, stallMs: 5, updates: [] } as const;
    const [passed] = sentOf(rig.receive(cid, ack));
    expect(passed).to.include({ to: bob.address, id: bob.id });
    expect(passed!.message).to.include({ kind: 'swim.ack', sequence: 40, stallMs: 5 });
    expect(sentOf(rig.receive(cid, ack))).to.deep.equal([]);

    request(41);
    const nacks = (out: SwimAction[]) =>
      sentOf(out).filter(({ message }) => message.kind === 'swim.nack');
    expect(nacks(rig.run(150, rig.acking()))).to.deep.equal([]);
    const [nack] = nacks(rig.run(50, rig.acking()));
    expect(nack).to.deep.include({
      to: bob.address,
      id: bob.id,
      message: { kind: 'swim.nack', sequence: 41 },
    });
    expect(nacks(rig.run(500, rig.acking()))).to.deep.equal([]);
  });

  it('blames itself for helpers that do not say a word', () => {
    const rig = new Rig([bob, cid, dan, eve]);
    rig.run(1_500, () => {});
    expect(rig.swim.localHealth).to.be.at.least(3);
  });

  it('does not accuse while it is sick, unless a target fails again and again', () => {
    const rig = new Rig([bob, cid, dan, eve]);
    const first = changes(rig.run(3_000, () => {}));
    expect(first).to.match(/^suspected \w+$/);
    const later = changes(rig.run(90_000, () => {}));
    for (const name of ['bob', 'cid', 'dan', 'eve']) expect(later).to.include(`dead ${name}`);
  });

  it('counts no failure within a stall of its own', () => {
    const rig = new Rig([bob, cid]);
    for (let stall = 0; stall < 4; stall++) {
      rig.run(600, rig.acking());
      rig.run(25); // Pings may be on their way when the stall begins.
      rig.nowMs += 3_000;
      expect(changes(rig.tick(2_950))).to.equal('');
    }
    expect(rig.swim.localHealth).to.equal(7);
    expect(changes(rig.run(500, rig.acking()))).to.equal('');
  });

  it('reads what waits for it before it ends a suspicion after a stall', () => {
    const rig = new Rig([bob, cid]);
    rig.hear(cid, said(bob, 'suspect', 1, cid.id));
    rig.nowMs += 20_000;
    expect(changes(rig.tick(19_950))).to.equal('');
    expect(changes(rig.hear(bob, said(bob, 'alive', 2)))).to.equal('refuted bob');
  });

  it('ends a suspicion although it stalls all the time', () => {
    const rig = new Rig([bob, cid]);
    rig.hear(cid, said(bob, 'suspect', 1, cid.id));
    let ended = '';
    for (let stall = 0; stall < 40; stall++) {
      rig.nowMs += 300;
      ended += changes(rig.tick(250));
    }
    expect(ended).to.include('dead bob');
  });
});

describe('an accusation', () => {
  it('of itself is refuted past its number, told to all, and a reason to feel worse', () => {
    const rig = new Rig([bob, cid]);
    const out = rig.hear(bob, said(ann, 'suspect', 4, cid.id));
    expect(toldTo(bob, ann, out)).to.deep.equal(['alive ann 5']);
    expect(toldTo(cid, ann, out)).to.deep.equal(['alive ann 5']);
    expect(rig.swim.localHealth).to.equal(1);
    expect(rig.incarnation(ann)).to.equal(5);
  });

  it('of itself that is old is answered with what it is now', () => {
    const rig = new Rig([bob, cid]);
    rig.hear(bob, said(ann, 'suspect', 4, cid.id));
    const out = rig.hear(cid, said(ann, 'dead', 2, cid.id));
    expect(toldTo(cid, ann, out)).to.deep.equal(['alive ann 5']);
    expect(toldTo(bob, ann, out)).to.deep.equal([]);
    expect(rig.incarnation(ann)).to.equal(5);
  });

  it('travels with each ping to the accused', () => {
    const rig = new Rig([bob, cid, dan, eve]);
    rig.hear(cid, said(bob, 'suspect', 1, cid.id));
    rig.run(2_000, rig.acking());
    // By now the queue of gossip has run dry.
    const pings = sentOf(rig.run(3_500, rig.acking())).filter(
      ({ to, message }) => to === bob.address && message.kind === 'swim.ping',
    );
    expect(pings.length).to.be.at.least(1);
    for (const ping of pings) expect(toldTo(bob, bob, [ping])).to.deep.equal(['suspect bob 1']);
  });

  it('comes to an end sooner with each further accuser', () => {
    const others = [bob, cid, dan, eve];
    function diesAfter(...accusers: Peer[]): number {
      const rig = new Rig(others);
      const startMs = rig.nowMs;
      for (const { id } of accusers) rig.hear(cid, said(bob, 'suspect', 1, id));
      while (rig.swim.stateOf(bob.id) === 'suspect') rig.run(25, rig.acking());
      return rig.nowMs - startMs;
    }
    // Ann's own probes confirm nothing here: she gets her acks.
    expect(diesAfter(cid)).to.be.within(6_000, 6_050);
    expect(diesAfter(cid, cid)).to.be.within(6_000, 6_050);
    expect(diesAfter(cid, dan)).to.be.within(2_845, 2_900);
    expect(diesAfter(cid, dan, eve)).to.be.within(1_000, 1_050);
    expect(diesAfter(cid, peer('nobody'))).to.be.within(6_000, 6_050);
  });

  it('is passed on, and so are its further accusers and its end', () => {
    // Often enough that chance leaves nobody out.
    const rig = new Rig([bob, cid, dan, eve], { retransmitMult: 10 });
    const passedOn = (...updates: SwimUpdate[]) => {
      rig.hear(cid, ...updates);
      return toldTo(eve, bob, rig.run(700, rig.acking()));
    };
    expect(passedOn(said(bob, 'suspect', 1, cid.id))).to.include('suspect bob 1');
    expect(passedOn(said(bob, 'suspect', 1, cid.id))).to.deep.equal([]);
    expect(passedOn(said(bob, 'suspect', 1, dan.id))).to.include('suspect bob 1');
    expect(passedOn(said(bob, 'alive', 2))).to.include('alive bob 2');
    expect(passedOn(said(bob, 'dead', 2, dan.id))).to.include('dead bob 2');
  });

  it('is withdrawn by a larger incarnation of the accused only', () => {
    const rig = new Rig([bob, cid]);
    rig.hear(cid, said(bob, 'suspect', 1, cid.id));
    expect(changes(rig.hear(cid, said(bob, 'alive', 1)))).to.equal('');
    expect(changes(rig.hear(cid, said(bob, 'alive', 2)))).to.equal('refuted bob');
    expect(changes(rig.run(10_000, rig.acking()))).to.equal('');
  });

  it('is repeated to an accused who does not know of it', () => {
    const rig = new Rig([bob, cid]);
    rig.hear(cid, said(bob, 'dead', 3, cid.id));
    rig.run(2_000, rig.acking());
    expect(toldTo(bob, bob, rig.hear(bob, said(bob, 'alive', 1)))).to.deep.equal(['dead bob 3']);
    expect(changes(rig.hear(bob, said(bob, 'alive', 4)))).to.equal('joined bob');
  });

  it('of a later time is remembered against late words from before it', () => {
    const rig = new Rig([bob, cid]);
    rig.hear(cid, said(bob, 'dead', 1, cid.id));
    rig.hear(cid, said(bob, 'dead', 3, cid.id));
    expect(changes(rig.hear(cid, said(bob, 'alive', 2)))).to.equal('');
    expect(changes(rig.hear(cid, said(bob, 'alive', 4)))).to.equal('joined bob');
  });

  it('goes to the dead for a while, in case that one of them lives', () => {
    const rig = new Rig([bob, cid]);
    rig.hear(cid, said(bob, 'dead', 1, cid.id));
    const during = rig.run(timings.gossipToTheDeadMs, rig.acking());
    const gossip = sentOf(during).filter(
      ({ to, message }) => to === bob.address && message.kind === 'swim.gossip',
    );
    expect(gossip.length).to.be.at.least(50);
    const after = rig.run(20_000, rig.acking());
    expect(
      sentOf(after).filter(({ to, message }) => to === bob.address && message.kind !== 'swim.sync'),
    ).to.deep.equal([]);
  });
});

describe('a push/pull', () => {
  it('takes a death as a suspicion, so that the accused can refute', () => {
    const rig = new Rig([bob, cid]);
    const updates = [said(bob, 'dead', 1, cid.id), said(eve, 'dead', 1, cid.id)];
    const out = rig.receive(cid, { kind: 'swim.sync', wantsReply: false, updates });
    expect(changes(out)).to.equal('suspected bob');
    expect(toldTo(bob, bob, out)).to.deep.equal(['suspect bob 1']);
    expect(rig.swim.stateOf(eve.id)).to.equal(undefined);
  });

  it('tells of the dead as long as they may come back, and of the departed for a while', () => {
    const rig = new Rig([bob, cid, dan]);
    rig.hear(cid, said(bob, 'dead', 1, cid.id), said(dan, 'left'));
    const told = () => {
      const out = rig.receive(cid, { kind: 'swim.sync', wantsReply: true, updates: [] });
      return sentOf(out).flatMap(({ message }) => updatesIn(message).map(({ name }) => name));
    };
    expect(told()).to.have.members(['ann', 'bob', 'cid', 'dan']);
    rig.run(timings.gossipToTheDeadMs + 1_000, rig.acking());
    expect(told()).to.have.members(['ann', 'bob', 'cid']);
  });

  it('happens now and then with a member, and for ever with seeds and those who seem dead', () => {
    const rig = new Rig([bob, cid], {}, [seed]);
    rig.hear(cid, said(bob, 'dead', 1, cid.id));
    const syncs = sentOf(rig.run(600_000, rig.acking())).filter(
      ({ message }) => message.kind === 'swim.sync',
    );
    const to = (address: Address, id?: MemberId) =>
      syncs.filter((sync) => sync.to === address && sync.id === id).length;
    expect(to(cid.address, cid.id)).to.be.within(19, 21);
    expect(to(seed) + to(bob.address)).to.be.within(58, 61);
    expect(to(seed)).to.be.at.least(15);
    expect(to(bob.address)).to.be.at.least(15);
  });

  it('follows soon on the return of one who was held for dead', () => {
    const rig = new Rig([bob, cid]);
    rig.hear(cid, said(bob, 'dead', 1, cid.id));
    rig.run(1_000, rig.acking());
    rig.hear(bob, said(bob, 'alive', 2));
    const syncs = sentOf(rig.run(500, rig.acking())).filter(
      ({ id, message }) => id === bob.id && message.kind === 'swim.sync',
    );
    expect(syncs.length).to.equal(1);
  });
});

describe('a restart at the same address', () => {
  const bobAgain: Peer = { id: 'bob#2' as MemberId, address: bob.address };

  it('proves the death of the predecessor, first hand', () => {
    const rig = new Rig([bob, cid]);
    const out = rig.linkUp(bobAgain);
    expect(changes(out)).to.equal('replaced bob#1 by bob#2');
    expect(toldTo(cid, bob, out)).to.deep.equal(['dead bob 1']);
    expect(sentOf(out).filter(({ id }) => id === bob.id)).to.deep.equal([]);
    // No word of the predecessor counts after that.
    expect(changes(rig.hear(cid, said(bob, 'alive', 9)))).to.equal('');
    expect(changes(rig.linkUp(bob))).to.equal('');
    expect(changes(rig.hear(bobAgain, said(bobAgain, 'alive')))).to.equal('joined bob');
    expect(rig.swim.stateOf(bob.id)).to.equal('dead');
  });

  it('is noticed by the first message too', () => {
    const rig = new Rig([bob, cid]);
    const out = rig.hear(bobAgain, said(bobAgain, 'alive'));
    expect(changes(out)).to.equal('joined bob, replaced bob#1 by bob#2');
  });

  it('is believed where the accusation names the successor, in whatever order the news come', () => {
    const proof = said(bob, 'dead', 1, bobAgain.id);
    const early = new Rig([bob, cid]);
    expect(changes(early.hear(cid, proof))).to.equal('dead bob');
    expect(changes(early.hear(cid, said(bobAgain, 'alive')))).to.equal(
      'joined bob, replaced bob#1 by bob#2',
    );
    const late = new Rig([bob, cid]);
    expect(changes(late.hear(cid, said(bobAgain, 'alive')))).to.equal('joined bob');
    expect(changes(late.hear(cid, proof))).to.equal('replaced bob#1 by bob#2');
  });

  it('is not believed on hearsay alone: the newcomer may be the predecessor', () => {
    const rig = new Rig([bobAgain, cid]);
    expect(changes(rig.hear(cid, said(bob, 'alive', 50)))).to.equal('joined bob');
    expect(rig.swim.stateOf(bobAgain.id)).to.equal('alive');
    expect(changes(rig.linkUp(bobAgain))).to.equal('replaced bob#1 by bob#2');
  });

  it('is what a member says of whoever had its own address', () => {
    const rig = new Rig([bob, cid]);
    const before: Peer = { id: 'ann#0' as MemberId, address: ann.address };
    const out = rig.hear(bob, said(before, 'alive', 3));
    expect(changes(out)).to.equal('replaced ann#0 by ann#1');
    const [update] = sentOf(out).flatMap(({ message }) => updatesIn(message));
    expect(update).to.include({ state: 'dead', id: before.id, accuser: ann.id });
    expect(changes(rig.hear(bob, said(before, 'alive', 4)))).to.equal('');
  });

  it('is not contradicted by a predecessor that is still leaving', () => {
    const rig = new Rig([bob, cid]);
    const successor: Peer = { id: 'ann#2' as MemberId, address: ann.address };
    rig.swim.leave(rig.nowMs, []);
    const out = rig.hear(bob, said(successor, 'alive'), said(ann, 'dead', 1, successor.id));
    expect(changes(out)).to.equal('');
    expect(rig.incarnation(ann)).to.equal(1);
  });
});

describe('a hint of the transport', () => {
  it('that a link closed makes a probe begin at once', () => {
    const rig = new Rig([bob, cid]);
    const [ping] = sentOf(rig.linkDown(bob, 'closed'));
    expect(ping).to.deep.include({ to: bob.address, id: bob.id });
    expect(ping!.message.kind).to.equal('swim.ping');
    expect(sentOf(rig.linkDown(bob, 'silent'))).to.deep.equal([]);
    expect(rig.swim.stateOf(bob.id)).to.equal('alive');
  });

  it('that a link closed and none can be made starts the suspicion at once', () => {
    const rig = new Rig([bob, cid]);
    rig.linkDown(bob, 'closed');
    const out = rig.linkDown(bob, 'refused');
    expect(changes(out)).to.equal('suspected bob');
    expect(toldTo(cid, bob, out)).to.deep.equal(['suspect bob 1']);
    expect(changes(rig.run(1_100, rig.acking(bob)))).to.equal('dead bob');
  });

  it('is forgotten when the link is up again', () => {
    const rig = new Rig([bob, cid]);
    rig.linkDown(bob, 'closed');
    rig.linkUp(bob);
    expect(changes(rig.linkDown(bob, 'refused'))).to.equal('');
  });

  it('that somebody dead has a link makes it hear that it is held for dead', () => {
    const rig = new Rig([bob, cid]);
    rig.hear(cid, said(bob, 'dead', 1, cid.id));
    const out = rig.linkUp(bob);
    expect(toldTo(bob, bob, out)).to.deep.equal(['dead bob 1']);
    expect(rig.swim.stateOf(bob.id)).to.equal('dead');
  });
});

it('takes in at most 1,024 members', () => {
  const rig = new Rig([]);
  for (let index = 0; index < 1_100; index++) rig.hear(bob, said(peer(`m${index}`), 'alive'));
  expect([...rig.swim.members].length).to.equal(1_024);
});

describe('leaving', () => {
  it('is told to all, often enough, and then over', () => {
    const rig = new Rig([bob, cid]);
    const out: SwimAction[] = [];
    rig.swim.leave(rig.nowMs, out);
    expect(toldTo(bob, ann, out)).to.deep.equal(['left ann 1']);
    expect(rig.swim.hasLeft).to.equal(false);
    out.push(...rig.run(1_000));
    expect(rig.swim.hasLeft).to.equal(true);
    expect(sentOf(out).some(({ message }) => message.kind === 'swim.ping')).to.equal(false);
  });

  it('is not contradicted by the one who leaves', () => {
    const rig = new Rig([bob, cid]);
    rig.swim.leave(rig.nowMs, []);
    rig.hear(bob, said(ann, 'suspect', 3, bob.id), said(ann, 'alive', 3));
    expect(rig.swim.stateOf(ann.id)).to.equal('left');
    expect(rig.incarnation(ann)).to.equal(1);
  });

  it('is over at once for one who is alone, and in any case after a while', () => {
    const alone = new Rig([]);
    alone.swim.leave(alone.nowMs, []);
    expect(alone.swim.hasLeft).to.equal(true);
    const rig = new Rig([bob]);
    rig.hear(bob, said(bob, 'left'));
    rig.swim.leave(rig.nowMs, []);
    rig.run(6_000);
    expect(rig.swim.hasLeft).to.equal(true);
  });

  it('is final for the others', () => {
    const rig = new Rig([bob, cid]);
    expect(changes(rig.hear(cid, said(bob, 'dead', 1, bob.id)))).to.equal('left bob');
    expect(changes(rig.hear(cid, said(bob, 'alive', 7)))).to.equal('');
    expect(rig.swim.stateOf(bob.id)).to.equal('left');
  });
});

describe('a member that the meta group removed', () => {
  it('is not heard any more', () => {
    const rig = new Rig([bob, cid]);
    rig.swim.forget(bob.id);
    expect(rig.swim.stateOf(bob.id)).to.equal('dead');
    expect(changes(rig.hear(bob, said(bob, 'alive', 7)))).to.equal('');
    const out = rig.run(20_000, rig.acking());
    expect(sentOf(out).filter(({ to }) => to === bob.address)).to.deep.equal([]);
    rig.run(11 * timings.gossipToTheDeadMs, rig.acking());
    expect(rig.swim.stateOf(bob.id)).to.equal(undefined);
  });
});

/**
 * What a topic does, as a suite that runs unchanged on whatever gives a topic: a member that holds it,
 * one that does not, a lite member, a client.
 */
import { expect } from 'chai';
import { firstValueFrom, take, toArray } from 'rxjs';
import { GridError, type GridErrorCode } from '../../src/base/errors.ts';
import type {
  GridTopic,
  MessageContext,
  SubscribeOptions,
  Subscription,
  TopicGap,
  TopicOptions,
} from '../../src/grid-topic.ts';
import { until } from '../transport/until.ts';

export interface TopicPair {
  readonly topic: GridTopic;
  /** The same topic, through another handle: in another process where there is one. */
  readonly other: GridTopic;
}

/** `makeTopic` gives a fresh topic at each call. */
export function topicContract(
  name: string,
  makeTopic: (options?: TopicOptions) => Promise<TopicPair>,
): void {
  describe(`a topic of ${name}`, () => {
    let pair: TopicPair;
    beforeEach(async () => {
      pair = await makeTopic();
    });
    // The suites read the pair when a test runs, not when it is described.
    const thePair = () => pair;
    describe('publishing', () => publishing(thePair));
    describe('subscriptions', () => subscriptions(thePair));
    describe('where they begin', () => beginnings(thePair, makeTopic));
    describe('listeners', () => listeners(thePair));
    describe('loops', () => loops(thePair));
    describe('observables', () => observables(thePair));
    describe('slow subscribers', () => slowOnes(thePair));
    describe('a destroyed topic', () => destroyed(thePair));
    describe('refusals', () => refusals(thePair));
  });
}

type ThePair = () => TopicPair;

/** A listener that keeps what it is told. */
class Seen {
  readonly messages: unknown[] = [];
  readonly contexts: MessageContext[] = [];
  readonly gaps: TopicGap[] = [];
  readonly errors: unknown[] = [];
  readonly listener = (message: unknown, context: MessageContext): void => {
    this.messages.push(message);
    this.contexts.push(context);
  };
  readonly hooks = {
    onGap: (gap: TopicGap) => void this.gaps.push(gap),
    onError: (error: unknown) => void this.errors.push(error),
  };

  get sequences(): number[] {
    return this.contexts.map(({ sequence }) => sequence);
  }

  subscribe(topic: GridTopic, options: SubscribeOptions = {}): Promise<Subscription> {
    return topic.subscribe(this.listener, { ...this.hooks, ...options });
  }

  async reaches(count: number): Promise<void> {
    await until(() => this.messages.length >= count, `${count} messages`);
  }
}

async function publishAll(topic: GridTopic, messages: readonly unknown[]): Promise<number[]> {
  const numbers: number[] = [];
  for (const message of messages) numbers.push(await topic.publish(message));
  return numbers;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** The event loop looks at what has come. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function publishing(pair: ThePair): void {
  it('gives each message the next number, from 1', async () => {
    expect(await publishAll(pair().topic, ['a', 'b', 'c'])).to.deep.equal([1, 2, 3]);
  });

  it('numbers the messages of all publishers in one sequence', async () => {
    const { topic, other } = pair();
    const both = range(1, 40).map((n) => (n % 2 === 0 ? topic : other).publish(n));
    expect((await Promise.all(both)).sort((a, b) => a - b)).to.deep.equal(range(1, 40));
  });

  it('keeps the order of one publisher that does not wait', async () => {
    const { topic } = pair();
    // Of calls that are refused while the topic is made, some are sent again before others.
    await topic.size();
    const numbers = await Promise.all(range(1, 50).map((n) => topic.publish(n)));
    expect(numbers).to.deep.equal(range(1, 50));
  });

  it('needs no subscriber, and counts what is retained', async () => {
    await publishAll(pair().topic, ['a', 'b']);
    expect(await pair().other.size()).to.equal(2);
  });

  it('carries whatever structured clone keeps', async () => {
    const seen = new Seen();
    const sent = [undefined, null, 0, '', { a: [1n, new Date(5)] }, new Map([[1, new Set([2])]])];
    await seen.subscribe(pair().topic);
    await publishAll(pair().other, sent);
    await seen.reaches(sent.length);
    expect(seen.messages).to.deep.equal(sent);
  });

  it('carries a message of a megabyte', async () => {
    const seen = new Seen();
    await seen.subscribe(pair().other);
    await pair().topic.publish(new Uint8Array(1_048_576).fill(7));
    await seen.reaches(1);
    expect((seen.messages[0] as Uint8Array).length).to.equal(1_048_576);
  });

  it('takes the value as it is at the call', async () => {
    const seen = new Seen();
    await seen.subscribe(pair().topic);
    const message = { list: [1] };
    const published = pair().topic.publish(message);
    message.list.push(2);
    await published;
    await seen.reaches(1);
    expect(seen.messages).to.deep.equal([{ list: [1] }]);
  });
}

function subscriptions(pair: ThePair): void {
  it('are in force when they resolve: nothing published after is missed', async () => {
    const seen = new Seen();
    await seen.subscribe(pair().topic);
    await pair().other.publish('a');
    await seen.reaches(1);
    expect(seen.messages).to.deep.equal(['a']);
  });

  it('give messages with their numbers and times', async () => {
    const seen = new Seen();
    await seen.subscribe(pair().topic);
    const numbers = await publishAll(pair().other, ['a', 'b']);
    await seen.reaches(2);
    expect(seen.sequences).to.deep.equal(numbers);
    const [first, second] = seen.contexts;
    expect(first!.publishedAt).to.be.above(0).and.at.most(second!.publishedAt);
  });

  it('give every subscriber the same order', async () => {
    const { topic, other } = pair();
    const all = [new Seen(), new Seen(), new Seen()];
    await all[0]!.subscribe(topic);
    await all[1]!.subscribe(topic);
    await all[2]!.subscribe(other);
    await Promise.all(range(1, 60).map((n) => (n % 2 === 0 ? topic : other).publish(n)));
    for (const seen of all) await seen.reaches(60);
    expect(all[1]!.messages).to.deep.equal(all[0]!.messages);
    expect(all[2]!.messages).to.deep.equal(all[0]!.messages);
    expect(all[0]!.sequences).to.deep.equal(range(1, 60));
  });

  it('tell which message was the last, and whether they are open', async () => {
    const seen = new Seen();
    const subscription = await seen.subscribe(pair().topic);
    expect([subscription.isOpen, subscription.sequence]).to.deep.equal([true, 0]);
    await publishAll(pair().other, ['a', 'b']);
    await seen.reaches(2);
    expect(subscription.sequence).to.equal(2);
    await subscription.close();
    expect(subscription.isOpen).to.equal(false);
  });

  it('give nothing after they were closed, and leave the others alone', async () => {
    const closing = new Seen();
    const staying = new Seen();
    const subscription = await closing.subscribe(pair().topic);
    await staying.subscribe(pair().topic);
    await pair().other.publish('a');
    await closing.reaches(1);
    await subscription.close();
    await pair().other.publish('b');
    await staying.reaches(2);
    expect(closing.messages).to.deep.equal(['a']);
  });

  it('say that they were closed, and may be closed twice', async () => {
    const subscription = await new Seen().subscribe(pair().topic);
    await subscription.close();
    await subscription.close();
    expect(await subscription.closed).to.equal(undefined);
  });

  it('end with the block that `await using` opens', async () => {
    const seen = new Seen();
    let ended: Subscription;
    {
      await using subscription = await seen.subscribe(pair().topic);
      ended = subscription;
      expect(subscription.isOpen).to.equal(true);
    }
    expect(ended.isOpen).to.equal(false);
  });

  it('end when their signal aborts', async () => {
    const leaving = new AbortController();
    const seen = new Seen();
    const subscription = await seen.subscribe(pair().topic, { signal: leaving.signal });
    leaving.abort();
    expect(await subscription.closed).to.equal(undefined);
    expect(subscription.isOpen).to.equal(false);
  });

  it('may begin again after all of them have ended', async () => {
    const first = new Seen();
    await (await first.subscribe(pair().topic)).close();
    await pair().topic.publish('missed');
    const second = new Seen();
    await second.subscribe(pair().topic);
    await pair().topic.publish('seen');
    await second.reaches(1);
    expect([first.messages, second.messages]).to.deep.equal([[], ['seen']]);
  });

  it('may close themselves in their listener', async () => {
    const got: unknown[] = [];
    const subscription = await pair().topic.subscribe((message) => {
      got.push(message);
      return message === 'b' ? subscription.close() : undefined;
    });
    await publishAll(pair().topic, ['a', 'b', 'c']);
    await subscription.closed;
    expect(got).to.deep.equal(['a', 'b']);
  });

  it('serve three hundred at a time, each with everything', async () => {
    const all = range(1, 300).map(() => new Seen());
    await Promise.all(all.map((seen) => seen.subscribe(pair().topic)));
    await Promise.all(range(1, 20).map((n) => pair().other.publish(n)));
    for (const seen of all) await seen.reaches(20);
    expect(all.every((seen) => seen.sequences.join() === range(1, 20).join())).to.equal(true);
  });
}

function beginnings(pair: ThePair, makeTopic: (options: TopicOptions) => Promise<TopicPair>): void {
  it('is now where nothing else is said', async () => {
    await publishAll(pair().topic, ['a', 'b']);
    const seen = new Seen();
    await seen.subscribe(pair().topic);
    await pair().topic.publish('c');
    await seen.reaches(1);
    expect([seen.messages, seen.gaps]).to.deep.equal([['c'], []]);
  });

  it('is the first that is retained, for those who want the earliest', async () => {
    await publishAll(pair().topic, ['a', 'b']);
    const seen = new Seen();
    await seen.subscribe(pair().other, { from: 'earliest' });
    await pair().topic.publish('c');
    await seen.reaches(3);
    expect([seen.messages, seen.gaps]).to.deep.equal([['a', 'b', 'c'], []]);
  });

  it('is a number, for those who resume', async () => {
    await publishAll(pair().topic, ['a', 'b', 'c']);
    const seen = new Seen();
    await seen.subscribe(pair().other, { from: 2 });
    await pair().topic.publish('d');
    await seen.reaches(3);
    expect([seen.messages, seen.sequences]).to.deep.equal([
      ['b', 'c', 'd'],
      [2, 3, 4],
    ]);
  });

  it('is the next number, for those who have seen everything', async () => {
    await publishAll(pair().topic, ['a', 'b']);
    const seen = new Seen();
    await seen.subscribe(pair().topic, { from: 3 });
    await pair().topic.publish('c');
    await seen.reaches(1);
    expect([seen.messages, seen.gaps]).to.deep.equal([['c'], []]);
  });

  it('is behind the others for one that comes late, and it meets them', async () => {
    const early = new Seen();
    await early.subscribe(pair().topic);
    await publishAll(pair().topic, range(1, 30));
    await early.reaches(30);
    const late = new Seen();
    await late.subscribe(pair().topic, { from: 'earliest' });
    await publishAll(pair().topic, range(31, 40));
    await late.reaches(40);
    await early.reaches(40);
    expect(late.sequences).to.deep.equal(range(1, 40));
    expect(early.sequences).to.deep.equal(range(1, 40));
  });

  it('is right also while messages come', async () => {
    const all = range(1, 10).map(() => new Seen());
    const published = Promise.all(range(1, 200).map((n) => pair().topic.publish(n)));
    for (const seen of all) await seen.subscribe(pair().other, { from: 'earliest' });
    await published;
    for (const seen of all) await seen.reaches(200);
    expect(all.every((seen) => seen.sequences.join() === range(1, 200).join())).to.equal(true);
  });

  it('is no earlier than what is retained', async () => {
    const { topic, other } = await makeTopic({ retain: 3 });
    await publishAll(topic, range(1, 10));
    const seen = new Seen();
    await seen.subscribe(other, { from: 'earliest' });
    await seen.reaches(3);
    expect([seen.messages, seen.gaps]).to.deep.equal([[8, 9, 10], []]);
    expect(await topic.size()).to.equal(3);
  });

  it('is no earlier than the bytes that are retained', async () => {
    const { topic, other } = await makeTopic({ retainBytes: 2_500 });
    await publishAll(
      topic,
      range(1, 5).map((n) => new Uint8Array(1_000).fill(n)),
    );
    const seen = new Seen();
    await seen.subscribe(other, { from: 'earliest' });
    await seen.reaches(2);
    expect(seen.sequences).to.deep.equal([4, 5]);
  });

  it('is now for the earliest of a topic that retains nothing', async () => {
    const { topic, other } = await makeTopic({ retain: 0 });
    await publishAll(topic, ['a', 'b']);
    const seen = new Seen();
    await seen.subscribe(other, { from: 'earliest' });
    await topic.publish('c');
    await seen.reaches(1);
    expect([seen.messages, await topic.size()]).to.deep.equal([['c'], 0]);
  });

  it('loses nothing to a subscriber of a topic that retains nothing', async () => {
    const { topic, other } = await makeTopic({ retain: 0 });
    const seen = new Seen();
    await seen.subscribe(other);
    await Promise.all(range(1, 300).map((n) => topic.publish(n)));
    await seen.reaches(300);
    expect([seen.sequences, seen.gaps]).to.deep.equal([range(1, 300), []]);
  });

  it('tells of a gap where the number belongs to an earlier topic of the name', async () => {
    await publishAll(pair().topic, ['a', 'b']);
    const seen = new Seen();
    await seen.subscribe(pair().topic, { from: 500 });
    await seen.reaches(2);
    expect(seen.messages).to.deep.equal(['a', 'b']);
    expect(seen.gaps).to.deep.equal([{ from: 500, to: undefined, reason: 'restarted' }]);
  });
}

function listeners(pair: ThePair): void {
  it('get copies of their own', async () => {
    const first = new Seen();
    const second = new Seen();
    await first.subscribe(pair().topic);
    await second.subscribe(pair().topic);
    await pair().topic.publish({ list: [1] });
    await first.reaches(1);
    await second.reaches(1);
    (first.messages[0] as { list: number[] }).list.push(2);
    expect(second.messages).to.deep.equal([{ list: [1] }]);
  });

  it('that return a promise are awaited, one message at a time', async () => {
    const steps: string[] = [];
    await pair().topic.subscribe(async (message) => {
      steps.push(`begin ${message}`);
      await Promise.resolve();
      await Promise.resolve();
      steps.push(`end ${message}`);
    });
    await publishAll(pair().other, [1, 2, 3]);
    await until(() => steps.length === 6, 'six steps');
    expect(steps).to.deep.equal(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
  });

  it('that throw are reported, and go on with the next message', async () => {
    const seen = new Seen();
    const got: unknown[] = [];
    const listener = (message: unknown) => {
      got.push(message);
      if (message === 'a') throw new Error('no a');
    };
    await pair().topic.subscribe(listener, seen.hooks);
    await publishAll(pair().topic, ['a', 'b']);
    await until(() => got.length === 2, 'both messages');
    expect(seen.errors.map(String)).to.deep.equal(['Error: no a']);
  });

  it('that reject are reported, and go on with the next message', async () => {
    const seen = new Seen();
    const got: unknown[] = [];
    const listener = async (message: unknown) => {
      got.push(message);
      if (message === 'a') throw new Error('no a');
    };
    await pair().topic.subscribe(listener, seen.hooks);
    await publishAll(pair().topic, ['a', 'b']);
    await until(() => got.length === 2, 'both messages');
    expect(seen.errors.map(String)).to.deep.equal(['Error: no a']);
  });

  it('that fail do not disturb the others, nor does a failing report', async () => {
    const seen = new Seen();
    const fail = () => {
      throw new Error('always');
    };
    await pair().topic.subscribe(fail, { onError: fail });
    await pair().topic.subscribe(fail, { onError: async () => fail() });
    await pair().topic.subscribe(fail);
    await seen.subscribe(pair().topic);
    await publishAll(pair().topic, ['a', 'b']);
    await seen.reaches(2);
    expect(seen.messages).to.deep.equal(['a', 'b']);
  });

  it('may publish', async () => {
    const seen = new Seen();
    await pair().topic.subscribe((message) =>
      message === 'ping' ? pair().topic.publish('pong') : undefined,
    );
    await seen.subscribe(pair().topic);
    await pair().other.publish('ping');
    await seen.reaches(2);
    expect(seen.messages).to.deep.equal(['ping', 'pong']);
  });
}

function loops(pair: ThePair): void {
  it('give the messages, and end their subscription when they are left', async () => {
    const got: unknown[] = [];
    const loop = (async () => {
      for await (const message of pair().topic.iterate({ from: 'earliest' })) {
        got.push(message);
        if (message === 'c') break;
      }
    })();
    await publishAll(pair().other, ['a', 'b', 'c', 'd']);
    await loop;
    expect(got).to.deep.equal(['a', 'b', 'c']);
  });

  it('begin with what is published from the first step on', async () => {
    await pair().topic.publish('before');
    const loop = pair().topic[Symbol.asyncIterator]();
    const next = loop.next();
    let isOver = false;
    void next.then(() => {
      isOver = true;
    });
    // The loop does not say when it is in force, so more than one is sent.
    for (; !isOver; await turn()) await pair().topic.publish('after');
    expect(await next).to.deep.equal({ done: false, value: 'after' });
    await loop.return?.();
  });

  it('answer several steps that were taken at once, in order', async () => {
    const loop = pair().topic.iterate({ from: 'earliest' });
    const steps = Promise.all([loop.next(), loop.next(), loop.next()]);
    await publishAll(pair().other, [1, 2, 3]);
    expect((await steps).map(({ value }) => value)).to.deep.equal([1, 2, 3]);
    await loop.return?.();
    expect(await loop.next()).to.deep.equal({ done: true, value: undefined });
  });

  it('end a step that waits when they are left', async () => {
    const loop = pair().topic.iterate();
    const step = loop.next();
    await loop.return?.();
    expect(await step).to.deep.equal({ done: true, value: undefined });
  });

  it('tell of what a full buffer dropped', async () => {
    const seen = new Seen();
    const loop = pair().topic.iterate({ from: 'earliest', buffer: 2, ...seen.hooks });
    const first = loop.next();
    await pair().topic.publish(1);
    expect((await first).value).to.equal(1);
    const watching = new Seen();
    await watching.subscribe(pair().topic);
    await publishAll(pair().topic, range(2, 9));
    await watching.reaches(8);
    const rest = [await loop.next(), await loop.next(), await loop.next()];
    // One message is on its way to the loop, two wait.
    expect(rest.map(({ value }) => value)).to.deep.equal([2, 8, 9]);
    expect(seen.gaps).to.deep.equal([{ from: 3, to: 7, reason: 'overflow' }]);
    await loop.return?.();
  });
}

function observables(pair: ThePair): void {
  it('give the messages, each subscription for itself', async () => {
    const { messages } = pair().topic;
    const first = firstValueFrom(messages.pipe(take(3), toArray()));
    const second = firstValueFrom(messages.pipe(take(1)));
    let isOver = false;
    void Promise.all([first, second]).then(() => {
      isOver = true;
    });
    for (; !isOver; await turn()) await pair().other.publish('a');
    expect([await first, await second]).to.deep.equal([['a', 'a', 'a'], 'a']);
  });
}

/** A listener that holds its first message until it is let go. */
async function held(topic: GridTopic, options: SubscribeOptions) {
  const seen = new Seen();
  let letGo: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const listener = (message: unknown, context: MessageContext) => {
    seen.listener(message, context);
    return gate;
  };
  const subscription = await topic.subscribe(listener, { ...seen.hooks, ...options });
  await turn();
  return { seen, letGo, subscription };
}

function slowOnes(pair: ThePair): void {
  /** Publishes until a subscriber that keeps up has seen it all. */
  async function publishSeen(count: number): Promise<void> {
    const seen = new Seen();
    const { topic } = pair();
    await using _ = await seen.subscribe(topic);
    await publishAll(topic, range(1, count));
    await seen.reaches(count);
  }

  it('lose the oldest, are told once, and disturb nobody', async () => {
    const { seen, letGo } = await held(pair().topic, { buffer: 3 });
    await publishSeen(10);
    letGo();
    await seen.reaches(4);
    expect(seen.messages).to.deep.equal([1, 8, 9, 10]);
    expect(seen.gaps).to.deep.equal([{ from: 2, to: 7, reason: 'overflow' }]);
  });

  it('lose the newest, where they say so', async () => {
    const { seen, letGo } = await held(pair().topic, { buffer: 3, onOverflow: 'drop-newest' });
    await publishSeen(10);
    letGo();
    await until(() => seen.gaps.length === 1, 'a gap');
    await pair().topic.publish(11);
    await seen.reaches(5);
    expect(seen.messages).to.deep.equal([1, 2, 3, 4, 11]);
    expect(seen.gaps).to.deep.equal([{ from: 5, to: 10, reason: 'overflow' }]);
  });

  it('are closed, where they say so, after what waited', async () => {
    const { seen, letGo, subscription } = await held(pair().topic, {
      buffer: 3,
      onOverflow: 'close',
    });
    await publishSeen(10);
    expect(subscription.isOpen).to.equal(false);
    letGo();
    expect(GridError.is(await subscription.closed, 'GRID_OVERLOADED')).to.equal(true);
    expect([seen.messages, seen.gaps]).to.deep.equal([[1, 2, 3, 4], []]);
  });

  it('lose nothing while their buffer has room', async () => {
    const { seen, letGo } = await held(pair().topic, { buffer: 9 });
    await publishSeen(10);
    letGo();
    await seen.reaches(10);
    expect([seen.sequences, seen.gaps]).to.deep.equal([range(1, 10), []]);
  });

  it('take from the past no faster than they can', async () => {
    await publishAll(pair().topic, range(1, 50));
    const { seen, letGo } = await held(pair().topic, { buffer: 2, from: 'earliest' });
    await seen.reaches(1);
    letGo();
    await seen.reaches(50);
    expect([seen.sequences, seen.gaps]).to.deep.equal([range(1, 50), []]);
  });
}

function destroyed(pair: ThePair): void {
  it('begins anew at 1, empty', async () => {
    const { topic } = pair();
    await publishAll(topic, ['a', 'b']);
    await topic.destroy();
    expect(await topic.size()).to.equal(0);
    expect(await topic.publish('c')).to.equal(1);
  });

  it('leaves its subscribers with a gap and the next topic of the name', async () => {
    const { topic } = pair();
    const seen = new Seen();
    await seen.subscribe(topic);
    await publishAll(topic, ['a', 'b']);
    await seen.reaches(2);
    await topic.destroy();
    await topic.publish('c');
    await seen.reaches(3);
    expect([seen.messages, seen.sequences]).to.deep.equal([
      ['a', 'b', 'c'],
      [1, 2, 1],
    ]);
    expect(seen.gaps).to.deep.equal([{ from: 3, to: undefined, reason: 'restarted' }]);
  });
}

function refusals(pair: ThePair): void {
  const refuse = async (attempt: () => unknown, code: GridErrorCode, text: RegExp) => {
    let found: unknown;
    try {
      await attempt();
    } catch (error) {
      found = error;
    }
    expect(GridError.is(found, code), `${code}, found ${String(found)}`).to.equal(true);
    expect((found as GridError).outcome).to.equal('not-applied');
    expect((found as GridError).message).to.match(text);
  };
  // Options that no type allows.
  const wrong = (options: object) => () => pair().topic.subscribe(() => {}, options);

  it('name what is no message', async () => {
    const { topic } = pair();
    await refuse(() => topic.publish(() => {}), 'GRID_BAD_VALUE', /function/);
    await refuse(() => topic.publish(new Uint8Array(9_000_000)), 'GRID_TOO_LARGE', /9000/);
    expect(await topic.size()).to.equal(0);
  });

  it('name what is no listener', async () => {
    const listener = 5 as never;
    await refuse(() => pair().topic.subscribe(listener), 'GRID_BAD_OPTION', /function/);
  });

  it('name the option of a subscription that is wrong', async () => {
    await refuse(wrong({ from: 'then' }), 'GRID_BAD_OPTION', /from.*then/);
    await refuse(wrong({ from: 0 }), 'GRID_BAD_OPTION', /from.*0/);
    await refuse(wrong({ from: 1.5 }), 'GRID_BAD_OPTION', /from.*1.5/);
    await refuse(wrong({ buffer: 0 }), 'GRID_BAD_OPTION', /buffer.*0/);
    await refuse(wrong({ buffer: 1e9 }), 'GRID_BAD_OPTION', /buffer.*1000000/);
    await refuse(wrong({ onOverflow: 'wait' }), 'GRID_BAD_OPTION', /onOverflow.*wait/);
    await refuse(wrong({ onGap: 'log' }), 'GRID_BAD_OPTION', /onGap/);
    await refuse(wrong({ onError: 1 }), 'GRID_BAD_OPTION', /onError/);
    await refuse(wrong({ timeout: 'soon' }), 'GRID_BAD_OPTION', /timeout/);
    await refuse(wrong({ form: 'now' }), 'GRID_BAD_OPTION', /form/);
  });

  it('tell a loop of its wrong options at once', async () => {
    await refuse(() => pair().topic.iterate({ buffer: -1 }), 'GRID_BAD_OPTION', /buffer/);
  });

  it('tell who aborted before anything was sent', async () => {
    const signal = AbortSignal.abort();
    await refuse(wrong({ signal }), 'GRID_TIMEOUT', /abort/);
    await refuse(() => pair().topic.publish(1, { signal }), 'GRID_TIMEOUT', /abort/);
    await refuse(() => pair().topic.iterate({ signal }).next(), 'GRID_TIMEOUT', /abort/);
    expect(await pair().topic.size()).to.equal(0);
  });
}

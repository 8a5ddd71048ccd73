import { expect } from 'chai';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { QueueHistory } from './queue-history.ts';

/** Calls one after the other: pushes of numbers, takes of them, or 'empty'. */
function history(
  ...calls: (['push', number, ('ok' | 'failed' | 'unknown')?] | ['take', number?])[]
) {
  const made = new QueueHistory();
  for (const [kind, item, how] of calls) {
    if (kind === 'push') made.push(item)(how ?? 'ok');
    else made.take()('ok', item, item === undefined);
  }
  return made;
}

describe('the check of a queue history', () => {
  it('accepts what a queue does', () => {
    const calls = history(['push', 1], ['push', 2], ['take', 1], ['take', 2], ['take']);
    expect(calls.violations()).to.deep.equal([]);
    expect(calls.counts).to.deep.equal({ pushed: 2, taken: 2, inVain: 1 });
  });

  it('accepts any order of what was pushed or taken at the same time', () => {
    const made = new QueueHistory();
    const [first, second] = [made.push(1), made.push(2)];
    first('ok');
    second('ok');
    made.take()('ok', 2);
    made.take()('ok', 1);
    made.push(3)('ok');
    made.push(4)('ok');
    const takes = [made.take(), made.take()];
    takes[0]?.('ok', 4);
    takes[1]?.('ok', 3);
    expect(made.violations()).to.deep.equal([]);
  });

  it('finds an item taken twice', () => {
    const calls = history(['push', 1], ['take', 1], ['take', 1]);
    expect(calls.violations()).to.deep.equal(['item 1 taken twice']);
  });

  it('finds an item that nobody pushed, or that was not to be there', () => {
    expect(history(['take', 1]).violations()).to.deep.equal(['item 1 out of nowhere']);
    const failed = history(['push', 1, 'failed'], ['take', 1]);
    expect(failed.violations()).to.deep.equal(['item 1 of a push that was not applied']);
  });

  it('finds an item that was lost, but where a take without an answer may have it', () => {
    const calls = history(['push', 1], ['push', 2], ['take', 2]);
    expect(calls.violations().join()).to.include('1 items lost to 0 doubtful takes');
    calls.take()('unknown');
    expect(calls.violations().join()).to.not.include('lost');
  });

  it('lets an item of a push without an answer come or stay away', () => {
    expect(history(['push', 1, 'unknown']).violations()).to.deep.equal([]);
    expect(history(['push', 1, 'unknown'], ['take', 1]).violations()).to.deep.equal([]);
  });

  it('finds an item that was overtaken', () => {
    const calls = history(['push', 1], ['push', 2], ['take', 2], ['take', 1]);
    expect(calls.violations()).to.deep.equal(['item 2 overtook 1']);
  });

  it('finds a take that did not see what was there', () => {
    const calls = history(['push', 1], ['take'], ['take', 1]);
    expect(calls.violations().join()).to.include('did not find 1');
  });

  it('says of any history what the definition says, item by item', () => {
    let guilty = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const calls = drawnCalls(seededRandom(seed));
      const made = new QueueHistory();
      const ends = new Map<Call, (() => void) | undefined>();
      for (const [call, isEnd] of momentsOf(calls)) {
        if (isEnd) ends.get(call)?.();
        else ends.set(call, begun(made, call));
      }
      const expected = isOutOfOrder(calls);
      if (expected) guilty++;
      expect(made.violations().length > 0, `seed ${seed}`).to.equal(expected);
    }
    expect(guilty).to.be.within(100, 300);
  });
});

/** An item that is pushed and taken once, or a look into the queue that found nothing. */
interface Call {
  readonly kind: 'push' | 'take' | 'look';
  readonly item: number;
  readonly begin: number;
  readonly end: number;
}

/** Calls of three items and of one look that take their time. */
function drawnCalls(random: Random): Call[] {
  const calls: Call[] = [];
  const add = (kind: Call['kind'], item: number, from: number) => {
    const begin = from + random.next();
    const end = begin + random.next() * random.pick([0.1, 1]);
    calls.push({ kind, item, begin, end });
    return end;
  };
  for (let item = 1; item <= 3; item++) add('take', item, add('push', item, 0));
  add('look', 0, random.next() * 2);
  return calls;
}

function momentsOf(calls: readonly Call[]): [call: Call, isEnd: boolean][] {
  const moments = calls.flatMap((call): [number, Call, boolean][] => [
    [call.begin, call, false],
    [call.end, call, true],
  ]);
  moments.sort(([one], [other]) => one - other);
  return moments.map(([, call, isEnd]) => [call, isEnd]);
}

function begun(history: QueueHistory, { kind, item }: Call): () => void {
  if (kind === 'push') {
    const end = history.push(item);
    return () => end('ok');
  }
  const end = history.take();
  return () => (kind === 'take' ? end('ok', item) : end('ok', undefined, true));
}

/** Every pair, as it is written down: nobody overtakes, and who looks sees what is there all the while. */
function isOutOfOrder(calls: readonly Call[]): boolean {
  const of = (kind: Call['kind'], item: number) =>
    calls.find((call) => call.kind === kind && call.item === item)!;
  const items = [1, 2, 3];
  const look = of('look', 0);
  return items.some(
    (first) =>
      (of('push', first).end < look.begin && look.end < of('take', first).begin) ||
      items.some(
        (second) =>
          of('push', first).end < of('push', second).begin &&
          of('take', second).end < of('take', first).begin,
      ),
  );
}

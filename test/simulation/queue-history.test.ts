import { expect } from 'chai';
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
});

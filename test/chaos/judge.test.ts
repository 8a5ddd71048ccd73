import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Answer, Call } from './calls.ts';
import { History, type HistoryEvent } from './history.ts';
import { readHistory, writeHistory } from './history-file.ts';
import { verdictOf } from './verdict.ts';

const ok = (value?: unknown): Answer => ({ how: 'ok', value });
const increment: Call = {
  on: 'map',
  name: 'm',
  input: { call: 'increment', key: 'n', by: 1 },
};
const read: Call = { on: 'map', name: 'm', input: { call: 'get', key: 'n' } };
const take: Call = { on: 'queue', name: 'q', call: 'tryTake' };
const push = (item: number): Call => ({ on: 'queue', name: 'q', call: 'push', item });
const publish = (message: string): Call => ({ on: 'topic', name: 't', message });

/** What a well run might have seen: calls one after the other, each with its answer. */
const calls: readonly (readonly [Call, Answer])[] = [
  [increment, ok(1)],
  [increment, ok(2)],
  [push(1), ok()],
  [push(2), ok()],
  [publish('a'), ok(1)],
  [publish('b'), ok(2)],
  [publish('c'), ok(3)],
  [read, ok(2)],
  [take, ok(1)],
  [take, ok(2)],
  [take, ok(undefined)],
];

interface Change {
  /** In the place of the call of this number. */
  readonly at?: readonly [number: number, Call, Answer];
  /** What the subscriber sees in the place of a, b and c: a gap where it is undefined. */
  readonly seen?: readonly (readonly [number, string | undefined])[];
  readonly isComplete?: boolean;
}

function historyOf({ at, seen = wellSeen, isComplete = true }: Change = {}): HistoryEvent[] {
  const history = new History();
  const fault = history.fault({ kind: 'kill', detail: 'ann' });
  history.note({ type: 'settled', fault });
  const subscription = history.subscribe('client', 't', 'now');
  history.note({ type: 'in-force', subscription });
  calls.forEach((given, number) => {
    const [call, answer] = at?.[0] === number ? [at[1], at[2]] : given;
    history.end(history.invoke('client', call), answer);
  });
  hear(history, subscription, seen);
  const all = history.subscribe('client', 't', 'earliest');
  history.note({ type: 'in-force', subscription: all });
  hear(history, all, wellSeen);
  if (isComplete) history.note({ type: 'complete' });
  return history.events;
}

function hear(history: History, subscription: number, seen: NonNullable<Change['seen']>): void {
  for (const [sequence, message] of seen) {
    const gap = { from: sequence, to: sequence, reason: 'trimmed' } as const;
    if (message === undefined) history.note({ type: 'gap', subscription, gap });
    else history.note({ type: 'message', subscription, sequence, message });
  }
}

const wellSeen = [
  [1, 'a'],
  [2, 'b'],
  [3, 'c'],
] as const;
const least = { answers: calls.length, faultsInAll: 1, faults: { kill: 1 }, isTimed: false };

function violations(change: Change, problems: readonly string[] = []): string {
  const { findings, isWell } = verdictOf(historyOf(change), least, problems);
  const found = findings.flatMap((finding) => finding.violations).join('; ');
  expect(isWell).to.equal(found === '');
  return found;
}

describe('the judgement of a run', () => {
  it('finds nothing where all is well, gaps that were told of included', () => {
    expect(violations({})).to.equal('');
    const told = [
      [1, 'a'],
      [2, undefined],
      [3, 'c'],
    ] as const;
    expect(violations({ seen: told })).to.equal('');
  });

  it('finds a counter that lost an increment, or counted one twice', () => {
    expect(violations({ at: [7, read, ok(1)] })).to.include('m n: 1 after 2 increments');
    expect(violations({ at: [7, read, ok(3)] })).to.include('m n: 3 after 2 increments');
  });

  it('finds an answer that no order explains', () => {
    expect(violations({ at: [1, increment, ok(1)] })).to.include('illegal');
  });

  it('lets a call without an answer have happened or not', () => {
    const doubt: Answer = { how: 'unknown', code: 'GRID_TIMEOUT' };
    const few = { ...least, answers: 1 };
    const verdict = verdictOf(historyOf({ at: [1, increment, doubt] }), few, []);
    expect(verdict.isWell).to.equal(true);
  });

  it('finds an item that was taken twice, and one that is gone', () => {
    expect(violations({ at: [9, take, ok(1)] })).to.include('item 1 taken twice');
    expect(violations({ at: [9, take, ok(undefined)] })).to.include('1 items lost');
  });

  it('finds a message that is missing in silence, repeated, or out of its place', () => {
    const missing = [
      [1, 'a'],
      [3, 'c'],
    ] as const;
    expect(violations({ seen: missing })).to.include('2 expected, 3 seen');
    const repeated = [
      [1, 'a'],
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ] as const;
    expect(violations({ seen: repeated })).to.include('2 expected, 1 seen');
    const mixed = [
      [1, 'a'],
      [2, 'c'],
      [3, 'b'],
    ] as const;
    expect(violations({ seen: mixed })).to.include('number 2 is c');
    const short = [
      [1, 'a'],
      [2, 'b'],
    ] as const;
    expect(violations({ seen: short })).to.include('never heard of c');
  });

  it('is content neither with too few faults or answers, nor with a problem beside the history', () => {
    const { findings } = verdictOf(
      historyOf(),
      { ...least, answers: 100, faults: { kill: 2, cut: 1 } },
      [],
    );
    const found = findings.flatMap((finding) => finding.violations).join('; ');
    expect(found).to.include('kill: expected 2, found 1');
    expect(found).to.include('cut: expected 1, found 0');
    expect(found).to.include('expected 100 answers, found 11');
    expect(violations({}, ['ann ended with 1'])).to.include('ann ended with 1');
  });

  it('says how often each card was dealt, and asks for each where the run was long', () => {
    const cards = ['kill', 'split'];
    const dealt = (isEachDealt: boolean) =>
      verdictOf(historyOf(), { ...least, cards, isEachDealt }, []).findings.find(({ figures }) => {
        return 'split' in figures;
      });
    expect(dealt(false)?.figures).to.deep.equal({ kill: 1, split: 0 });
    expect(dealt(false)?.violations).to.deep.equal([]);
    expect(dealt(true)?.violations).to.deep.equal(['split: expected once at least, found never']);
  });

  it('counts errors where none are allowed, and not what queues say that stay empty or full', () => {
    const strict = { ...least, answers: 1, errorsMax: 0 };
    const said = (answer: Answer) => {
      const { findings } = verdictOf(historyOf({ at: [10, take, answer] }), strict, []);
      return findings.flatMap((finding) => finding.violations).join('; ');
    };
    expect(said({ how: 'failed', code: 'GRID_TIMEOUT', isInVain: true })).to.equal('');
    expect(said({ how: 'failed', code: 'GRID_QUEUE_FULL' })).to.equal('');
    expect(said({ how: 'failed', code: 'GRID_TIMEOUT' })).to.include('expected 0 errors, found 1');
    expect(said({ how: 'unknown', code: 'GRID_TIMEOUT' })).to.include('expected 0 errors, found 1');
  });

  it('is not content with a run that did not come to its end', () => {
    expect(violations({ isComplete: false })).to.include('did not come to its end');
  });

  it('is the same of a history that was written down and read again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-history-'));
    try {
      const path = join(folder, 'history.jsonl.gz');
      const events = historyOf({ at: [9, take, ok(1)] });
      await writeHistory(path, { seed: 7 }, events);
      const again = await readHistory(path);
      expect(again.head).to.deep.equal({ seed: 7 });
      expect(verdictOf(again.events, least, [])).to.deep.equal(verdictOf(events, least, []));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** The models, the texts by which they compare values, and the recorder of histories. */
import { expect } from 'chai';
import { canonicalText } from '../../../src/testing/linearizability/canonical-text.ts';
import { checkLinearizable } from '../../../src/testing/linearizability/check.ts';
import { HistoryRecorder } from '../../../src/testing/linearizability/history-recorder.ts';
import { keyValueModel } from '../../../src/testing/linearizability/key-value-model.ts';
import {
  type MapEntryInput,
  type MapEntryOutput,
  mapEntryModel,
} from '../../../src/testing/linearizability/map-entry-model.ts';
import { neverReturned } from '../../../src/testing/linearizability/model.ts';

const key = 'k';

/** The verdict on these calls, one after the other. */
function inTurn(...turns: readonly (readonly [MapEntryInput, unknown])[]): string {
  const recorder = new HistoryRecorder<MapEntryInput, MapEntryOutput>();
  for (const [input, value] of turns) recorder.ok(recorder.invoke(0, input), { value });
  return checkLinearizable(mapEntryModel, recorder.history()).verdict;
}

const set = (value: unknown): [MapEntryInput, unknown] => [{ call: 'set', key, value }, undefined];
const get = (gives: unknown): [MapEntryInput, unknown] => [{ call: 'get', key }, gives];

describe('the model of a map entry', () => {
  /** A call, what stands there before (undefined: nothing), what it gives, what stands there after. */
  const cases: readonly [MapEntryInput, unknown, unknown, unknown][] = [
    [{ call: 'get', key }, 1, 1, 1],
    [{ call: 'get', key }, undefined, undefined, undefined],
    [{ call: 'has', key }, 1, true, 1],
    [{ call: 'has', key }, undefined, false, undefined],
    [{ call: 'delete', key }, 1, true, undefined],
    [{ call: 'delete', key }, undefined, false, undefined],
    [{ call: 'take', key }, 1, 1, undefined],
    [{ call: 'swap', key, value: 2 }, 1, 1, 2],
    [{ call: 'swap', key, value: 2 }, undefined, undefined, 2],
    [{ call: 'setIfAbsent', key, value: 2 }, 1, false, 1],
    [{ call: 'setIfAbsent', key, value: 2 }, undefined, true, 2],
    [{ call: 'replace', key, value: 2 }, 1, true, 2],
    [{ call: 'replace', key, value: 2 }, undefined, false, undefined],
    [{ call: 'getOrInsert', key, value: 2 }, 1, 1, 1],
    [{ call: 'getOrInsert', key, value: 2 }, undefined, 2, 2],
    [{ call: 'compareAndSet', key, expected: { a: 1 }, next: 2 }, { a: 1 }, true, 2],
    [{ call: 'compareAndSet', key, expected: { a: 1 }, next: 2 }, { a: 3 }, false, { a: 3 }],
    [{ call: 'increment', key, by: 2 }, 1, 3, 3],
    [{ call: 'increment', key, by: 2 }, undefined, 2, 2],
  ];

  for (const [input, before, gives, after] of cases) {
    const start = before === undefined ? [] : [set(before)];
    it(`knows what ${input.call} gives and leaves where ${canonicalText(before)} stood`, () => {
      expect(inTurn(...start, [input, gives], get(after))).to.equal('ok');
      expect(inTurn(...start, [input, 'something else'], get(after))).to.equal('illegal');
      expect(inTurn(...start, [input, gives], get('something else'))).to.equal('illegal');
    });
  }

  it('lets nothing come of an increment of what is no number', () => {
    expect(inTurn(set('5'), [{ call: 'increment', key, by: 1 }, 6])).to.equal('illegal');
  });

  it('splits by key, where equal keys are equal by content', () => {
    const other: [MapEntryInput, unknown] = [{ call: 'get', key: ['k', 2] }, undefined];
    const same: [MapEntryInput, unknown] = [{ call: 'set', key: ['k', 1], value: 1 }, undefined];
    const read: [MapEntryInput, unknown] = [{ call: 'get', key: ['k', 1] }, 1];
    expect(inTurn(same, other, read)).to.equal('ok');
  });
});

describe('the model of a key-value store', () => {
  it('appends, replaces and reads each key', () => {
    const recorder = new HistoryRecorder<Parameters<typeof keyValueModel.step>[1], string>();
    recorder.ok(recorder.invoke(0, { call: 'append', key: 'a', value: 'x' }), '');
    recorder.ok(recorder.invoke(0, { call: 'append', key: 'a', value: 'y' }), '');
    recorder.ok(recorder.invoke(0, { call: 'get', key: 'a' }), 'xy');
    recorder.ok(recorder.invoke(0, { call: 'put', key: 'a', value: 'z' }), '');
    recorder.ok(recorder.invoke(0, { call: 'get', key: 'a' }), 'z');
    expect(checkLinearizable(keyValueModel, recorder.history()).verdict).to.equal('ok');
    recorder.ok(recorder.invoke(0, { call: 'get', key: 'a' }), 'xy');
    expect(checkLinearizable(keyValueModel, recorder.history()).verdict).to.equal('illegal');
  });
});

describe('a canonical text', () => {
  it('is the same for equal values', () => {
    expect(canonicalText({ a: 1, b: [new Date(5)] })).to.equal(
      canonicalText({ b: [new Date(5)], a: 1 }),
    );
    expect(canonicalText(Buffer.from([1, 2]))).to.equal(canonicalText(Uint8Array.of(1, 2)));
    const pairs: [string, number][] = [
      ['a', 1],
      ['b', 2],
    ];
    expect(canonicalText(new Map(pairs))).to.equal(canonicalText(new Map(pairs.toReversed())));
  });

  it('is different for different ones', () => {
    const values = [
      ...[undefined, null, true, 1, 1n, '1', 'undefined', 'null', 0, -0, Number.NaN],
      ...[[], [1], ['1'], {}, { a: 1 }, { a: undefined }, new Map([['a', 1]]), new Set(['a'])],
      ...[
        new Date(1),
        Uint8Array.of(1),
        Uint16Array.of(1),
        Uint8Array.of(1, 0),
        new Map(),
        new Set(),
      ],
    ];
    expect(new Set(values.map(canonicalText)).size).to.equal(values.length);
  });

  it('is refused for what cannot be recorded', () => {
    expect(() => canonicalText(() => 1)).to.throw('no canonical text');
  });
});

describe('a recorder of histories', () => {
  it('orders calls and returns as they were recorded', () => {
    const recorder = new HistoryRecorder<string, number>();
    const first = recorder.invoke(1, 'first');
    const second = recorder.invoke(2, 'second');
    recorder.ok(second, 20);
    recorder.ok(first, 10);
    expect(recorder.history()).to.deep.equal([
      { client: 2, input: 'second', output: 20, call: 1, return: 2 },
      { client: 1, input: 'first', output: 10, call: 0, return: 3 },
    ]);
  });

  it('leaves out what failed, and keeps open what is unknown or under way', () => {
    const recorder = new HistoryRecorder<string, number>();
    recorder.fail(recorder.invoke(1, 'failed'));
    recorder.unknown(recorder.invoke(1, 'timed out'));
    recorder.invoke(1, 'under way');
    const open = { client: 1, output: undefined, return: neverReturned };
    expect(recorder.history()).to.deep.equal([
      { ...open, input: 'timed out', call: 1 },
      { ...open, input: 'under way', call: 2 },
    ]);
  });

  it('refuses an end without a call, and an output that would read as unknown', () => {
    const recorder = new HistoryRecorder<string, number | undefined>();
    const operation = recorder.invoke(1, 'once');
    expect(() => recorder.ok(operation, undefined)).to.throw('wrap it');
    recorder.ok(operation, 1);
    expect(() => recorder.ok(operation, 1)).to.throw('not under way');
  });
});

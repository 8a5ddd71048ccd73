/** The checker on small histories, each with one thing right or wrong. */
import { expect } from 'chai';
import {
  type CheckOptions,
  checkLinearizable,
} from '../../../src/testing/linearizability/check.ts';
import {
  type CounterInput,
  type CounterOutput,
  counterModel,
} from '../../../src/testing/linearizability/counter-model.ts';
import {
  type History,
  neverReturned,
  type Operation,
} from '../../../src/testing/linearizability/model.ts';
import {
  type RegisterInput,
  type RegisterOutput,
  type RegisterValue,
  registerModel,
} from '../../../src/testing/linearizability/register-model.ts';

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

/** When: `[call, return]`, or `[call]` without a reply. */
type Span = readonly [call: number, end?: number];

function operation<Input, Output>(
  [call, end]: Span,
  input: Input,
  output: Output,
): Operation<Input, Output> {
  if (end === undefined) {
    return { client: call, input, output: undefined, call, return: neverReturned };
  }
  return { client: call, input, output, call, return: end };
}

const read = (value: RegisterValue, ...span: Span): RegisterOperation =>
  operation(span, { call: 'read' }, value);
const write = (value: RegisterValue, ...span: Span): RegisterOperation =>
  operation(span, { call: 'write', value }, true);
const cas = (
  expected: RegisterValue,
  next: RegisterValue,
  done: boolean,
  ...span: Span
): RegisterOperation => operation(span, { call: 'cas', expected, next }, done);
const increment = (key: string, gives: number, ...span: Span) =>
  operation<CounterInput, CounterOutput>(span, { call: 'increment', key, by: 1 }, gives);
const count = (key: string, gives: number, ...span: Span) =>
  operation<CounterInput, CounterOutput>(span, { call: 'get', key }, gives);

const register = (history: readonly RegisterOperation[], options?: CheckOptions) =>
  checkLinearizable(registerModel, history, options);
const counter = (history: History<CounterInput, CounterOutput>, options?: CheckOptions) =>
  checkLinearizable(counterModel, history, options);

describe('the linearizability checker accepts', () => {
  it('a history of nothing', () => {
    expect(register([]).verdict).to.equal('ok');
  });

  it('either value in a read that runs beside a write', () => {
    expect(register([write(1, 0, 9), read(null, 1, 2), read(1, 3, 4)]).verdict).to.equal('ok');
  });

  it('operations that touch in time in either order', () => {
    expect(register([write(1, 0, 5), read(null, 5, 6)]).verdict).to.equal('ok');
  });

  it('an operation without a reply that takes effect long after its call', () => {
    const late = [write(7, 0), write(1, 1, 2), read(1, 3, 4), read(7, 5, 6)];
    expect(register(late).verdict).to.equal('ok');
  });

  it('an operation without a reply that never happened', () => {
    const never = [write(7, 0), write(1, 1, 2), read(1, 3, 4), read(1, 5, 6)];
    expect(register(never).verdict).to.equal('ok');
  });

  it('several alike without a reply of which some happened', () => {
    const lost = (call: number) => increment('a', 0, call);
    const some = [lost(0), lost(1), lost(2), count('a', 1, 3, 4), count('a', 2, 5, 6)];
    expect(counter(some).verdict).to.equal('ok');
    expect(counter([...some, count('a', 3, 7, 8)]).verdict).to.equal('ok');
    expect(counter([...some, count('a', 4, 7, 8)]).verdict).to.equal('illegal');
  });
});

describe('the linearizability checker catches', () => {
  it('a stale read', () => {
    expect(register([write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)]).verdict).to.equal('illegal');
  });

  it('a read that goes back behind an earlier read', () => {
    const back = [write(1, 0, 9), read(1, 1, 2), read(null, 3, 4)];
    expect(register(back).verdict).to.equal('illegal');
  });

  it('a lost update', () => {
    const lost = [write(0, 0, 1), cas(0, 1, true, 2, 5), cas(0, 2, true, 3, 6)];
    expect(register(lost).verdict).to.equal('illegal');
  });

  it('a refusal without a reason', () => {
    expect(register([write(0, 0, 1), cas(0, 1, false, 2, 3)]).verdict).to.equal('illegal');
  });

  it('an increment that took effect twice', () => {
    expect(counter([increment('a', 1, 0, 1), count('a', 2, 2, 3)]).verdict).to.equal('illegal');
    expect(counter([increment('a', 0, 0), count('a', 2, 2, 3)]).verdict).to.equal('illegal');
  });

  it('two increments that gave the same number', () => {
    const same = [increment('a', 1, 0, 3), increment('a', 1, 1, 2)];
    expect(counter(same).verdict).to.equal('illegal');
  });

  it('an order that is not that of real time', () => {
    const turned = [cas(1, 2, true, 0, 1), write(1, 2, 3), read(2, 4, 5)];
    expect(register(turned).verdict).to.equal('illegal');
  });

  it('an effect before its call, even without a reply', () => {
    expect(register([read(7, 0, 1), write(7, 2)]).verdict).to.equal('illegal');
  });

  it('a value that two operations without a reply cannot both have left', () => {
    const toAndFro = [write(7, 0), read(7, 1, 2), read(null, 3, 4)];
    expect(register(toAndFro).verdict).to.equal('illegal');
  });
});

describe('the linearizability checker', () => {
  it('checks each key on its own and names the one that is wrong', () => {
    const history = [
      increment('a', 1, 0, 1),
      increment('b', 1, 2, 3),
      count('b', 0, 4, 5),
      count('a', 1, 6, 7),
    ];
    const { verdict, explanation, partitions } = counter(history);
    expect(verdict).to.equal('illegal');
    expect(partitions).to.equal(2);
    expect(explanation.split('\n')).to.deep.equal([
      'key "b": no order of its 2 operations explains their outputs.',
      'The longest order that does takes 1 of them, to the state 1:',
      '  client 2 [2 to 3] {"by":1,"call":"increment","key":"b"} -> 1',
      'Then one of these had to come next, by 5 at the latest, and none can:',
      '  client 4 [4 to 5] {"call":"get","key":"b"} -> 0',
    ]);
  });

  it('keeps the explanation of a long history short', () => {
    const long = Array.from({ length: 500 }, (_, at) => write('x'.repeat(500), 2 * at, 2 * at + 1));
    const beside = Array.from({ length: 50 }, () => read(7, 2_000, 2_001));
    const { verdict, explanation } = register([...long, ...beside]);
    expect(verdict).to.equal('illegal');
    expect(explanation).to.include('takes 500 of them').and.to.include('and 42 more');
    expect(explanation.length).to.be.lessThan(6_000);
  });

  it('says that it does not know when its steps are used up, the same each time', () => {
    const hard = Array.from({ length: 12 }, (_, value) => write(value, value, 100));
    const history = [...hard, read(null, 200, 201)];
    const short = register(history, { stepsFirst: 10, stepsMax: 1_000 });
    expect(short).to.deep.include({ verdict: 'unknown' });
    expect(short.explanation).to.include('no verdict within 1000 steps for register:');
    // 10, 80, 640 and 1,000: each search begins anew.
    expect(short.steps).to.equal(1_730);
    expect(register(history, { stepsFirst: 10, stepsMax: 1_000 })).to.deep.equal(short);
    expect(register(history).verdict).to.equal('illegal');
  });

  it('finds the wrong key before it goes into a hard one', () => {
    const lost = Array.from({ length: 40 }, (_, at) =>
      operation<CounterInput, CounterOutput>(
        [at],
        { call: 'increment', key: 'hard', by: 2 ** at },
        0,
      ),
    );
    const hard = [...lost, count('hard', 0.5, 100, 101)];
    const wrong = [increment('easy', 1, 200, 201), count('easy', 2, 202, 203)];
    const options = { stepsFirst: 500, stepsMax: 20_000 };
    expect(counter(hard, options).verdict).to.equal('unknown');
    const { verdict, steps } = counter([...hard, ...wrong], options);
    expect(verdict).to.equal('illegal');
    expect(steps).to.be.lessThan(600);
  });

  it('goes on with the hard keys after the easy ones are done', () => {
    const hard = Array.from({ length: 7 }, (_, value) => write(value, value, 100));
    const history = [...hard, cas(0, 9, true, 200, 201)];
    const { verdict, steps } = register(history, { stepsFirst: 4 });
    expect(verdict).to.equal('ok');
    expect(steps).to.be.greaterThan(4 + 32);
  });

  it('takes a read that fits at once and for good, so that reads do not multiply the work', () => {
    const reads = Array.from({ length: 16 }, (_, at) => read(null, at, 100));
    const { verdict, steps } = register([...reads, read(7, 200, 201)]);
    expect(verdict).to.equal('illegal');
    expect(steps).to.equal(17);
  });

  it('takes a long history of many clients in its stride', () => {
    const history: Operation<CounterInput, CounterOutput>[] = [];
    for (let at = 0; at < 10_000; at++) history.push(increment('a', at + 1, at * 10, at * 10 + 75));
    expect(counter(history).verdict).to.equal('ok');
  });

  it('refuses what is not a history', () => {
    expect(() => register([read(1, 5, 4)])).to.throw('returned before its call');
    const silent = { ...read(1, 0, 1), output: undefined };
    expect(() => register([silent])).to.throw('has an output if and only if it returned');
  });
});

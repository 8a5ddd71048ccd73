/** The checker against the definition, on random histories: both must give the same verdict. */
import { expect } from 'chai';
import fc from 'fast-check';
import { seededRandom } from '../../../src/base/random.ts';
import { checkLinearizable } from '../../../src/testing/linearizability/check.ts';
import {
  type MapEntryInput,
  type MapEntryOutput,
  mapEntryModel,
} from '../../../src/testing/linearizability/map-entry-model.ts';
import {
  type History,
  type Model,
  neverReturned,
  type Operation,
} from '../../../src/testing/linearizability/model.ts';
import {
  type RegisterInput,
  type RegisterOutput,
  registerModel,
} from '../../../src/testing/linearizability/register-model.ts';
import { isLinearizable } from '../../support/brute-force.ts';

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

const value = fc.integer({ min: 0, max: 2 });

const registerInput: fc.Arbitrary<RegisterInput> = fc.oneof(
  fc.constant({ call: 'read' } as const),
  fc.record({ call: fc.constant('write' as const), value }),
  fc.record({ call: fc.constant('cas' as const), expected: value, next: value }),
);

/** An operation, how long it takes, when within that it happens, and whether its reply is lost. */
const plan = fc.record({
  input: registerInput,
  pause: fc.nat(3),
  toEffect: fc.nat(6),
  toReturn: fc.nat(6),
  isLost: fc.integer({ min: 0, max: 4 }).map((drawn) => drawn === 0),
  isDone: fc.boolean(),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** What a real register answers when each operation happens at its moment of effect. */
function play(plans: readonly Plan[], clients: number): RegisterOperation[] {
  const free = Array.from({ length: clients }, () => 0);
  const timed = plans.map((each, index) => {
    const client = index % clients;
    const call = free[client]! + each.pause;
    const effect = call + each.toEffect;
    free[client] = effect + each.toReturn + 1;
    return { ...each, client, call, effect, return: effect + each.toReturn };
  });
  let state = registerModel.init();
  const history: RegisterOperation[] = [];
  for (const each of timed.sort((a, b) => a.effect - b.effect)) {
    const { client, input, call, isLost } = each;
    if (isLost && !each.isDone) {
      history.push({ client, input, output: undefined, call, return: neverReturned });
      continue;
    }
    const output =
      input.call === 'read' ? state : input.call === 'cas' ? state === input.expected : true;
    state = registerModel.step(state, input, output)!;
    history.push(
      isLost
        ? { client, input, output: undefined, call, return: neverReturned }
        : { client, input, output, call, return: each.return },
    );
  }
  return history;
}

function agrees<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: History<Input, Output>,
): boolean {
  const isOk = isLinearizable(model, history);
  const { verdict, explanation } = checkLinearizable(model, history);
  expect(verdict, `${JSON.stringify(history)}\n${explanation}`).to.equal(isOk ? 'ok' : 'illegal');
  return isOk;
}

function mutated(history: readonly RegisterOperation[], at: number, to: number) {
  const reads = history.filter(
    ({ input, output }) => input.call === 'read' && output !== undefined,
  );
  if (reads.length === 0) return undefined;
  const chosen = reads[at % reads.length];
  return history.map((each) => (each === chosen ? { ...each, output: to } : each));
}

describe('the linearizability checker, on random histories,', function () {
  this.timeout(20_000);

  it('accepts whatever a real register has answered', () => {
    let operations = 0;
    fc.assert(
      fc.property(fc.array(plan, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (plans, n) => {
        const history = play(plans, n);
        operations += history.length;
        const { verdict, explanation } = checkLinearizable(registerModel, history);
        expect(verdict, explanation).to.equal('ok');
      }),
      { numRuns: 300 },
    );
    expect(operations).to.be.greaterThan(1_000);
  });

  it('judges a history with one changed read as the definition does', () => {
    const seen = { ok: 0, illegal: 0 };
    const plans = fc.array(plan, { minLength: 3, maxLength: 7 });
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 3 }), fc.nat(6), value, (some, n, at, to) => {
        const history = mutated(play(some, n), at, to);
        if (history !== undefined) seen[agrees(registerModel, history) ? 'ok' : 'illegal']++;
      }),
      { numRuns: 1_500 },
    );
    expect(seen.ok).to.be.greaterThan(50);
    expect(seen.illegal).to.be.greaterThan(300);
  });

  it('judges whatever history as the definition does, for each call on a map entry', () => {
    const random = seededRandom(1);
    const seen = { ok: 0, illegal: 0 };
    const calls = new Set<string>();
    for (let run = 0; run < 6_000; run++) {
      const history = anyMapHistory(random);
      for (const { input } of history) calls.add(input.call);
      seen[agrees(mapEntryModel, history) ? 'ok' : 'illegal']++;
    }
    expect(calls.size).to.equal(11);
    expect(seen.ok).to.be.greaterThan(1_000);
    expect(seen.illegal).to.be.greaterThan(1_000);
  });
});

const outputsOf: Readonly<Record<MapEntryInput['call'], readonly unknown[]>> = {
  get: [undefined, 1, 2],
  has: [true, false],
  take: [undefined, 1, 2],
  delete: [true, false],
  set: [undefined],
  swap: [undefined, 1, 2],
  setIfAbsent: [true, false],
  replace: [true, false],
  getOrInsert: [1, 2],
  compareAndSet: [true, false],
  increment: [1, 2, 3],
};

type Random = ReturnType<typeof seededRandom>;

/** Up to six operations with any outputs at all, of which some are explicable and some are not. */
function anyMapHistory(random: Random): Operation<MapEntryInput, MapEntryOutput>[] {
  return Array.from({ length: 2 + random.below(5) }, (_, client) => {
    const call = random.below(8);
    const input = anyMapInput(random);
    if (random.below(4) === 0) {
      return { client, input, output: undefined, call, return: neverReturned };
    }
    const output = { value: random.pick(outputsOf[input.call]) };
    return { client, input, output, call, return: call + random.below(8) };
  });
}

function anyMapInput(random: Random): MapEntryInput {
  const call = random.pick(Object.keys(outputsOf)) as MapEntryInput['call'];
  const drawn = 1 + random.below(2);
  const next = 1 + random.below(2);
  return { call, key: 'k', value: drawn, expected: drawn, next, by: 1 } as MapEntryInput;
}

import { expect } from 'chai';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { checkLinearizable } from '../../src/testing/linearizability/check.ts';
import type { Operation } from '../../src/testing/linearizability/model.ts';
import { isLinearizable } from '../support/brute-force.ts';
import {
  type ExpiringCall,
  type ExpiringInput,
  type ExpiringOutput,
  expiringEntryModel,
  type TimeToLive,
} from './expiring-entry.ts';

interface Step {
  readonly call: ExpiringCall;
  /** Carried out at this grid time, give or take 10; without one, at any time from 0 on. */
  readonly at?: number;
  readonly gives?: unknown;
  readonly deadline?: number;
  readonly life?: TimeToLive;
}

/** One call after the other; a call without `gives` has no reply. */
function verdictOf(...steps: Step[]): string {
  const history = steps.map((step, index): Operation<ExpiringInput, ExpiringOutput> => {
    const { call, at, life, deadline } = step;
    const span = at === undefined ? { from: 0, to: Infinity } : { from: at - 10, to: at + 10 };
    const output = deadline === undefined ? {} : { deadline };
    const isOpen = !('gives' in step);
    return {
      client: index,
      input: { ...call, key: 'k', life, at: span },
      output: isOpen ? undefined : { ...output, value: step.gives },
      call: 2 * index,
      return: isOpen ? Infinity : 2 * index + 1,
    };
  });
  return checkLinearizable(expiringEntryModel, history).verdict;
}

const set = (at: number, ttlMs: number, jitter = 0): Step => ({
  call: { call: 'set', value: 7 },
  at,
  gives: undefined,
  life: { ttlMs, jitter },
});
const get = (at: number, gives: unknown): Step => ({ call: { call: 'get' }, at, gives });

describe('the model of an entry that expires', () => {
  it('has a value until its time, and nothing after it', () => {
    expect(verdictOf(set(1_000, 500), get(1_300, 7), get(1_600, undefined))).to.equal('ok');
    expect(verdictOf(set(1_000, 500), get(1_300, undefined))).to.equal('illegal');
    expect(verdictOf(set(1_000, 500), get(1_600, 7))).to.equal('illegal');
  });

  it('allows either near its time, and no coming back', () => {
    for (const value of [7, undefined]) {
      expect(verdictOf(set(1_000, 500), get(1_500, value))).to.equal('ok');
    }
    const back = verdictOf(set(1_000, 500), get(1_500, undefined), get(1_500, 7));
    expect(back).to.equal('illegal');
  });

  it('lets jitter take off no more than its share', () => {
    expect(verdictOf(set(1_000, 1_000, 0.2), get(1_750, undefined))).to.equal('illegal');
    expect(verdictOf(set(1_000, 1_000, 0.2), get(1_850, undefined))).to.equal('ok');
    expect(verdictOf(set(1_000, 1_000, 0.2), get(2_050, 7))).to.equal('illegal');
  });

  it('moves its time with expire, and ends it with persist', () => {
    const expire: Step = { call: { call: 'expire', ttlMs: 900 }, at: 1_400, gives: true };
    expect(verdictOf(set(1_000, 500), expire, get(2_200, 7))).to.equal('ok');
    expect(verdictOf(set(1_000, 500), expire, get(2_200, undefined))).to.equal('illegal');
    const persist: Step = { call: { call: 'persist' }, at: 1_400, gives: true };
    expect(verdictOf(set(1_000, 500), persist, get(9_000, 7))).to.equal('ok');
    expect(verdictOf(set(1_000, 500), persist, get(9_000, undefined))).to.equal('illegal');
    const again: Step = { call: { call: 'persist' }, at: 1_450, gives: false };
    expect(verdictOf(set(1_000, 500), again)).to.equal('illegal');
    expect(verdictOf(set(1_000, 500), persist, again)).to.equal('ok');
    const late: Step = { call: { call: 'persist' }, at: 2_000, gives: true };
    expect(verdictOf(set(1_000, 500), late)).to.equal('illegal');
  });

  it('learns from a deadline or a time to live that was seen', () => {
    const entry: Step = { call: { call: 'getEntry' }, at: 1_100, gives: 7, deadline: 1_495 };
    expect(verdictOf(set(1_000, 500), entry, get(1_510, undefined))).to.equal('ok');
    expect(verdictOf(set(1_000, 500), entry, get(1_506, 7))).to.equal('illegal');
    expect(verdictOf(set(1_000, 500), { ...entry, deadline: 1_900 })).to.equal('illegal');
    const left: Step = { call: { call: 'ttl' }, at: 1_100, gives: 400 };
    expect(verdictOf(set(1_000, 500), left)).to.equal('ok');
    expect(verdictOf(set(1_000, 500), { ...left, gives: 300 })).to.equal('illegal');
    expect(verdictOf(set(1_000, 500), { ...left, gives: -1 })).to.equal('illegal');
    expect(verdictOf({ ...left, gives: -2 })).to.equal('ok');
  });

  it('keeps the time of a counter that goes on, and begins one for a new value', () => {
    const life = { ttlMs: 500, jitter: 0 };
    const add = (at: number, gives: number): Step => ({
      call: { call: 'increment' },
      at,
      gives,
      life,
    });
    expect(verdictOf(add(1_000, 1), add(1_400, 2), add(1_600, 1))).to.equal('ok');
    expect(verdictOf(add(1_000, 1), add(1_400, 2), add(1_600, 3))).to.equal('illegal');
    const replace: Step = {
      call: { call: 'replace', value: 8 },
      at: 1_400,
      gives: true,
      life,
    };
    expect(verdictOf(set(1_000, 500), replace, get(1_800, 8))).to.equal('ok');
    const absent: Step = { call: { call: 'setIfAbsent', value: 9 }, at: 1_600, gives: true, life };
    expect(verdictOf(set(1_000, 500), absent, get(1_900, 9))).to.equal('ok');
    expect(verdictOf(set(1_000, 900), absent)).to.equal('illegal');
  });

  it('takes a call without a reply as one that may have happened, at any time', () => {
    const maybe: Step = { call: { call: 'set', value: 8 }, life: { ttlMs: 500, jitter: 0 } };
    for (const value of [8, 7]) {
      expect(verdictOf(set(1_000, 5_000), maybe, get(1_300, value))).to.equal('ok');
    }
    expect(verdictOf(set(1_000, 5_000), maybe, get(1_300, 9))).to.equal('illegal');
    const gone: Step = { call: { call: 'delete' } };
    expect(verdictOf(set(1_000, 500), gone, get(1_300, undefined))).to.equal('ok');
  });

  it('is searched with the verdict that the definition has', () => {
    const random = seededRandom(1);
    const seen = { ok: 0, illegal: 0 };
    for (let run = 0; run < 4_000; run++) {
      const history = anyHistory(random);
      const expected = isLinearizable(expiringEntryModel, history) ? 'ok' : 'illegal';
      const { verdict } = checkLinearizable(expiringEntryModel, history);
      expect(verdict, JSON.stringify(history)).to.equal(expected);
      seen[expected]++;
    }
    expect(seen.ok).to.be.above(500);
    expect(seen.illegal).to.be.above(500);
  });
});

const looks: readonly ExpiringCall['call'][] = ['get', 'getEntry', 'ttl', 'get'];
const writes: readonly ExpiringCall['call'][] = [
  'set',
  'setIfAbsent',
  'expire',
  'persist',
  'delete',
];

/** Up to six calls, some at the same time, with any outputs at all. */
function anyHistory(random: Random): Operation<ExpiringInput, ExpiringOutput>[] {
  return Array.from({ length: 2 + random.below(5) }, (_, client) => {
    const begin = random.below(8);
    const call = random.pick(random.below(2) === 0 ? looks : writes);
    const isOpen = random.below(5) === 0;
    const end = begin + random.below(6);
    const at = { from: 10 * begin, to: isOpen ? Infinity : 10 * end + 10 };
    const drawn = { call, value: 1 + random.below(2), ttlMs: 30 } as unknown as ExpiringCall;
    const life = random.pick([undefined, { ttlMs: 20, jitter: 0 }, { ttlMs: 60, jitter: 0.5 }]);
    return {
      client,
      input: { ...drawn, key: 'k', life, at },
      output: isOpen ? undefined : anyOutput(call, random),
      call: begin,
      return: isOpen ? Infinity : end,
    };
  });
}

function anyOutput(call: ExpiringCall['call'], random: Random): ExpiringOutput {
  if (call === 'get') return { value: random.pick([undefined, 1, 2]) };
  if (call === 'getEntry')
    return { value: random.pick([undefined, 1, 2]), deadline: random.pick([0, 40]) };
  if (call === 'ttl') return { value: random.pick([-2, -1, 20]) };
  return { value: call === 'set' ? undefined : random.pick([true, false]) };
}

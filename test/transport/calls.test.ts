import { expect } from 'chai';
import type { CallerId, PartitionId, StructureId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import { Calls } from '../../src/transport/calls.ts';
import type { OpRequest } from '../../src/wire/op-messages.ts';
import { HandClock } from '../actors/hand-clock.ts';

/** A caller whose primary is in the same process: it answers before `send` returns. */
function callsTo(answer: (calls: Calls, request: OpRequest, attempt: number) => void) {
  const clock = new HandClock();
  let attempts = 0;
  const calls: Calls = new Calls({
    caller: 'ann' as CallerId,
    clock,
    random: seededRandom(1),
    limits: defaultLimits,
    courier: {
      send(request) {
        answer(calls, request, ++attempts);
        return 'somebody';
      },
      route: () => 'somebody',
      obstacle: () => ({ code: 'GRID_TIMEOUT', text: 'no answer' }),
      patienceMs: () => Number.POSITIVE_INFINITY,
    },
  });
  const ends: (string | Error)[] = [];
  let resends = 0;
  const submit = (isWrite: boolean) =>
    calls.submit(
      {
        structure: { id: 1 as StructureId },
        op: new Uint8Array([1]),
        isWrite,
        isPoll: false,
        onResent: () => resends++,
        timeoutMs: 500,
        signal: undefined,
        resolve: () => ends.push('done'),
        reject: (error) => ends.push(error),
      },
      0 as PartitionId,
    );
  return { clock, calls, submit, ends, attempts: () => attempts, resends: () => resends };
}

describe('calls to a primary in the same process', () => {
  it('are told each time that they are sent again, before that is answered', () => {
    const told: number[] = [];
    const { calls, submit, resends } = callsTo((to, { request }, attempt) => {
      told.push(resends());
      if (attempt < 3) to.refused({ kind: 'op.refused', request, reason: 'not-primary' });
      else to.replied({ kind: 'op.reply', request, result: new Uint8Array() });
    });
    submit(true);
    calls.tableChanged();
    expect(told).to.deep.equal([0, 1, 2]);
  });

  it('are sent again when the table changes, not only after a silence', () => {
    const { calls, submit, ends, attempts } = callsTo((to, { request }, attempt) => {
      if (attempt < 3) to.refused({ kind: 'op.refused', request, reason: 'not-primary' });
      else to.replied({ kind: 'op.reply', request, result: new Uint8Array() });
    });
    submit(true);
    expect(attempts()).to.equal(2);
    expect(ends).to.deep.equal([]);
    calls.tableChanged();
    expect(attempts()).to.equal(3);
    expect(ends).to.deep.equal(['done']);
  });

  it('are not of unknown outcome where every answer was a refusal', () => {
    const { clock, calls, submit, ends } = callsTo((to, { request }) => {
      to.refused({ kind: 'op.refused', request, reason: 'not-ready' });
    });
    submit(true);
    clock.pass(500);
    calls.tick();
    expect(ends).to.have.length(1);
    expect(ends[0]).to.include({ code: 'GRID_TIMEOUT', outcome: 'not-applied' });
  });
});

import { expect } from 'chai';
import type { GridError } from '../../src/base/errors.ts';
import type { StructureId } from '../../src/base/ids.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import type { StructureRow } from '../../src/partition/router-port.ts';
import { StructureHandle } from '../../src/structures/structure-handle.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { LocalRouter } from '../support/local-router.ts';

type Defined = (result: StructureRow | GridError) => void;

/** A router that agrees on a structure when the test says so. */
class SlowRouter extends LocalRouter {
  readonly asked: Defined[] = [];

  override structure(): StructureRow | undefined {
    return undefined;
  }

  override define(_type: string, _name: string, _options: object, done: Defined): void {
    this.asked.push(done);
  }
}

describe('the handle of a structure', () => {
  it('asks for it again where the member that was asked has become another', async () => {
    const clock = new HandClock();
    const router = new SlowRouter();
    const limits = defaultLimits;
    const handle = new StructureHandle({
      router,
      clock,
      limits,
      type: 'map',
      name: 'users',
      definition: {},
    });
    const first = handle.ready({ timeout: '10s' }).catch((error: GridError) => error.code);
    void handle.ready({ timeout: '20s' }).catch(() => {});
    expect(router.asked).to.have.length(1);
    clock.pass(10_000);
    expect(await first).to.equal('GRID_TIMEOUT');
    clock.pass(5_000);
    const second = handle.ready({ timeout: '10s' });
    expect(router.asked).to.have.length(2);
    const id = 7 as StructureId;
    router.asked[1]?.({ id, name: 'users', type: 'map', backups: 1, options: {} });
    expect((await second).id).to.equal(7);
  });
});

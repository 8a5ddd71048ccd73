/** Each invariant is broken by hand in a grid that is well: whoever looks has to see it. */
import { expect } from 'chai';
import { defaultLimits } from '../../src/base/limits.ts';
import type { Member } from '../../src/member/member.ts';
import type { PartitionActor } from '../../src/partition/partition-actor.ts';
import type { Primary } from '../../src/partition/primary.ts';
import { Invariants } from './invariants.ts';
import { UnderLoad } from './under-load.ts';

interface Copy extends PartitionActor {
  readonly member: Member;
}

describe('the invariants of a grid', () => {
  /** What is found when something was broken, by who had looked before and by who had not. */
  function found(breakIt: (scene: Scene) => void, look = (scene: Scene) => scene.lookOften()) {
    const scene = new Scene();
    scene.lookOften();
    expect(scene.violations).to.deep.equal([]);
    breakIt(scene);
    look(scene);
    return scene.violations.join('\n');
  }

  const limits = { ...defaultLimits, copyChunkBytes: 256, changeBytesInFlightMax: 8_000 };

  class Scene {
    readonly #trial = new UnderLoad({ shape: { partitions: 1, limits } });
    readonly before: Invariants;
    readonly after: Invariants;
    #looks = 0;

    constructor() {
      this.#trial.begin();
      this.before = new Invariants(this.#trial.grid);
      this.after = new Invariants(this.#trial.grid);
    }

    get members(): readonly Member[] {
      return this.#trial.grid.members;
    }

    get violations(): readonly string[] {
      return [...this.before.violations, ...this.after.violations];
    }

    get primary(): Copy & { readonly serving: Primary } {
      const copy = this.#copies.find(({ replica }) => replica.primary?.isServing);
      const serving = copy?.replica.primary;
      if (copy === undefined || serving === undefined) throw new Error('nobody serves');
      return Object.assign(copy, { serving });
    }

    get backup(): Copy {
      const copy = this.#copies.find(({ replica }) => replica.role === 'backup');
      if (copy === undefined) throw new Error('there is no backup');
      return copy;
    }

    runFor(ms: number): void {
      this.#trial.world.runFor(ms);
    }

    /** The newest invariants look only once something is broken. */
    lookOften(): void {
      const isFirst = this.#looks++ === 0;
      for (let look = 0; look < 50; look++) {
        this.before.check();
        if (!isFirst) this.after.check();
      }
    }

    get #copies(): readonly Copy[] {
      return this.members.flatMap((member) =>
        [...member.host.replicas()].map((actor) => Object.assign(actor, { member })),
      );
    }
  }

  function pretend(owner: object, what: string, value: unknown): void {
    Object.defineProperty(owner, what, { value, configurable: true });
  }

  it('hold where nothing is broken', () => {
    expect(found(() => {})).to.equal('');
  });

  it('I1: two serve one partition, in one term and at one moment', () => {
    const text = found(({ primary, backup }) =>
      pretend(backup.replica, 'primary', primary.serving),
    );
    expect(text).to.match(/I1: .* and .* serve 1/);
    expect(text).to.match(/I1: .* and .* are primaries of 1 in term 1/);
  });

  it('I2: a term falls', () => {
    const text = found((scene) => {
      Object.assign(scene.backup.replica.state, { term: 9 });
      scene.before.check();
      Object.assign(scene.backup.replica.state, { term: 8 });
    });
    expect(text).to.match(/I2: the term of .* fell from 9 to 8/);
  });

  it('I2: a version of a row falls, or a generation, or a table goes back', () => {
    const rows = found(({ backup }) => {
      const { state } = backup.replica;
      Object.assign(state, { row: { ...state.row, version: 0 } });
    });
    expect(rows).to.match(/I2: the version of the row of .* fell from \d+ to 0/);
    const generations = found((scene) => {
      Object.assign(scene.backup.replica.state, { generation: 3 });
      scene.before.check();
      Object.assign(scene.backup.replica.state, { generation: 2 });
    });
    expect(generations).to.match(/I2: the generation of .* fell from 3 to 2/);
    const tables = found(({ backup }) => pretend(backup.member.state, 'applied', 1));
    expect(tables).to.match(/I2: the table of .* fell from \d+ to 1/);
  });

  it('I3: a copy is given another entry at a number that is committed', () => {
    const text = found((scene) => {
      const { log } = scene.backup.replica.state;
      const push = log.push.bind(log);
      log.push = (entry) => push({ ...entry, opSequence: 123_456 as typeof entry.opSequence });
      scene.runFor(1_000);
    });
    expect(text).to.match(/I3: \d+ of 1 is .* 123456 /);
  });

  it('I5: the log of a copy is no prefix of the longest', () => {
    const text = found(({ primary, backup }) => {
      const entry = { caller: 'a', opSequence: 1, structure: 1, changes: Uint8Array.of(1) };
      pretend(primary.replica.state.log, 'at', () => ({ ...entry, opSequence: 2 }));
      pretend(backup.replica.state.log, 'at', () => entry);
    });
    expect(text).to.match(/I5: \d+ of 1 at /);
  });

  it('I4: one serves without what was committed', () => {
    const text = found(({ primary }) => {
      const { log } = primary.replica.state;
      pretend(log, 'last', log.last - 1);
    });
    expect(text).to.match(/I4: .* serves 1 without what was committed/);
  });

  it('I6: one in sync need not acknowledge', () => {
    const text = found(({ primary }) =>
      Object.defineProperty(primary.serving, 'ackSet', { value: new Set() }),
    );
    expect(text).to.match(/I6: .* of 1 lacks m/);
  });

  it('I7: something is committed with too few in sync', () => {
    const text = found((scene) => {
      const { state } = scene.primary.replica;
      pretend(state.options, 'minInSync', 3);
      scene.before.check();
      Object.assign(state, { commit: state.commit + 1 });
    });
    expect(text).to.match(/I7: 1 commits with .* in sync/);
  });

  it('I9: copies differ at rest, or there is one too few, or one too many', () => {
    const atRest = (scene: Scene) => scene.after.checkQuiescent();
    const digests = found(({ backup }) => {
      pretend(backup.replica.state.options.content, 'digest', () => 'another');
    }, atRest);
    expect(digests).to.match(/I9: digests of 0 differ/);
    const copies = found(({ members }) => {
      for (const { state } of members) {
        const row = state.groups.flatMap((rows) => rows ?? [])[0];
        if (row !== undefined) pretend(row, 'inSync', [row.primary]);
      }
    }, atRest);
    expect(copies).to.match(/I9: 1 copies of 0/);
    expect(copies).to.match(/I9: .* has an orphan of 1/);
  });

  it('I11: more is unconfirmed than may be', () => {
    const text = found(({ primary }) => {
      const { state } = primary.replica;
      pretend(state, 'commit', state.log.last - 2_000);
    });
    expect(text).to.match(/I11: 2000 unconfirmed changes of 1, and 1024 are the most/);
  });

  it('I11: more bytes are unconfirmed than may be, or more copies are given', () => {
    const bytes = found(({ primary }) => {
      const { state } = primary.replica;
      const entry = { opSequence: 1, changes: new Uint8Array(5_000), result: undefined };
      pretend(state.log, 'at', () => entry);
      pretend(state, 'commit', state.log.last - 3);
    });
    expect(bytes).to.match(/I11: 10000 bytes of unconfirmed changes of 1 before the last/);
    const copies = found(({ primary }) => {
      pretend(primary.serving, 'copied', 0.5);
      const actors = Array.from({ length: 5 }, () => primary);
      pretend(primary.member.host, 'replicas', () => actors);
    });
    expect(copies).to.match(/I11: 5 copies from m\d.*, and 4 are the most/);
  });

  it('I12: copies with the same entries hold something else', () => {
    const text = found(({ backup }) => {
      for (const store of backup.replica.state.options.content.stores.values()) {
        pretend(store, 'digest', () => 123);
      }
    });
    expect(text).to.match(/I12: at 1 .* holds .*, and /);
  });

  it('I14: two lead the meta group in one term', () => {
    const text = found(({ members }) => {
      for (const { meta } of members) pretend(meta, 'isLeader', true);
    });
    expect(text).to.match(/I14: .* and .* lead in term/);
  });

  it('I14: two have applied as much, and have other tables', () => {
    const text = found(({ members }) => {
      const rows = members[0]?.state.groups.flatMap((group) => group ?? []);
      Object.assign(rows?.[0] as object, { version: 999 });
    });
    expect(text).to.match(/I14: tables differ at /);
  });
});

import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import type { StructureId } from '../../src/base/ids.ts';
import { Looks } from '../../src/partition/looks.ts';
import { looksOp, readSeen, type Seen } from '../../src/wire/looks.ts';
import { runContext } from '../support/run-context.ts';
import { op } from './entries.ts';
import { Replicas, ToyStore } from './replicas.ts';
import { ann, bob } from './table.ts';

const id = (number: number) => number as StructureId;
const lookAt = (number: number, text = 'a') => ({ structure: id(number), op: op(text) });

/** Ann is primary, bob has a copy. */
function served(): Replicas {
  const replicas = new Replicas([ann, bob]);
  replicas.settle();
  return replicas;
}

function textOf(seen: Seen): string {
  return typeof seen === 'string' ? seen : new TextDecoder().decode(seen);
}

function seenIn(replicas: Replicas, request: number): string[] {
  const result = new TextEncoder().encode(replicas.replies.get(request));
  return readSeen(result).map(textOf);
}

describe('a look at several structures', () => {
  it('is answered when what it saw is committed', () => {
    const replicas = served();
    replicas.request(ann, 1, '+a');
    expect(replicas.look(ann, 2, [lookAt(1), lookAt(1, 'b')])).to.equal('');
    replicas.settle();
    expect(replicas.said).to.deep.equal(['reply 1', 'reply 2']);
    expect(seenIn(replicas, 2)).to.deep.equal(['1', '0']);
  });

  it('makes no store where there is none, and says what was destroyed', () => {
    const replicas = served();
    const { stores } = replicas.at(ann).state.options.content;
    replicas.look(ann, 1, [lookAt(1)]);
    expect([seenIn(replicas, 1), stores.size]).to.deep.equal([['nothing'], 0]);
    replicas.request(ann, 2, '+a');
    replicas.settle();
    replicas.isStructureKnown = false;
    replicas.look(ann, 3, [lookAt(1), lookAt(2)]);
    // What this member has not heard of yet is not there, and no less likely to come for that.
    expect(seenIn(replicas, 3)).to.deep.equal(['gone', 'nothing']);
  });

  it('is refused as any read by who may not answer', () => {
    const replicas = served();
    expect(replicas.look(bob, 1, [lookAt(1)])).to.equal('refuse 1 not-primary');
    replicas.isLeaseValid = false;
    expect(replicas.look(ann, 2, [lookAt(1)])).to.equal('refuse 2 not-ready');
  });

  it('changes nothing: a write among what is asked is refused', () => {
    const replicas = served();
    replicas.request(ann, 1, '+a');
    replicas.settle();
    expect(replicas.look(ann, 2, [lookAt(1, '+a')])).to.include('GRID_BAD_VALUE');
    expect(replicas.counts(ann)).to.equal('10000000');
  });

  it('sees so much at a time', () => {
    class Wide extends ToyStore {
      override run() {
        return { result: new Uint8Array(600_000), changes: new Uint8Array(0), touched: 0 };
      }
    }
    const stores = new Map([[id(1), new Wide()]]);
    const looks = new Looks({ stores, isGone: () => false });
    const runOf = (count: number) => () =>
      looks.run(looksOp(Array(count).fill(lookAt(1))), runContext(1, 1));
    expect(readSeen(runOf(1)().result)).to.have.length(1);
    expect(runOf(2)).to.throw(GridError, 'look at fewer at a time');
  });
});

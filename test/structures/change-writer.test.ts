import { expect } from 'chai';
import { ChangeWriter } from '../../src/structures/map/change-writer.ts';

/** As it is at that moment: what was taken is lent. */
const taken = (writer: ChangeWriter) => [...writer.take()];

describe('the writer of changes that maps share', () => {
  it('gives each map what it has written, and nothing twice', () => {
    const [one, other] = [new ChangeWriter(), new ChangeWriter()];
    one.open.byte(1);
    one.open.byte(2);
    expect(taken(one)).to.deep.equal([1, 2]);
    other.open.byte(3);
    expect(taken(other)).to.deep.equal([3]);
    expect(taken(one)).to.deep.equal([]);
  });

  it('leaves a map what it has written and not taken, whatever others write meanwhile', () => {
    const [one, other] = [new ChangeWriter(), new ChangeWriter()];
    one.open.byte(1);
    other.open.byte(2);
    expect(taken(other)).to.deep.equal([2]);
    other.open.byte(3);
    one.open.byte(4);
    expect(taken(one)).to.deep.equal([1, 4]);
    expect(taken(other)).to.deep.equal([3]);
  });
});

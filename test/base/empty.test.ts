import { expect } from 'chai';
import { empty } from '../../src/base/empty.ts';

describe('emptying an array', () => {
  it('leaves nothing in it, and it can be filled again', () => {
    const array = [1, 2, 3];
    empty(array);
    expect(array).to.deep.equal([]);
    array.push(4);
    expect(array).to.deep.equal([4]);
  });
});

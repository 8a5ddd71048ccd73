import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import { clientDefinition } from '../../src/client/definitions.ts';

describe('what a client asks a structure to be', () => {
  it('is what was given, in the form in which members keep it', () => {
    expect(clientDefinition('map', 'users', undefined)).to.deep.equal({});
    expect(clientDefinition('map', 'users', { ttl: '2s', backups: undefined })).to.deep.equal({
      ttl: 2_000,
    });
    // Whether it is allowed is for members to say.
    expect(clientDefinition('queue', 'jobs', { capacity: -1 })).to.deep.equal({ capacity: -1 });
  });

  it('is refused where it would not reach members as it is', () => {
    const loop: Record<string, unknown> = {};
    loop.capacity = loop;
    const wrong: [options: unknown, found: string][] = [
      [null, 'null'],
      [5, '5'],
      ['ab', 'ab'],
      [[7], '0 of type number'],
      [{ capactiy: undefined }, 'capactiy of type undefined'],
      [{ capacity: () => 1 }, 'capacity of type function'],
      [{ capacity: 5n }, 'capacity of type bigint'],
      [{ capacity: Number.NaN }, 'capacity of type number'],
      [loop, 'capacity of type object'],
    ];
    for (const [options, found] of wrong) {
      try {
        clientDefinition('queue', 'jobs', options);
        throw new Error('expected a refusal');
      } catch (error) {
        if (!GridError.is(error, 'GRID_BAD_OPTION')) throw error;
        expect(error.message).to.equal(
          `options of the queue 'jobs': expected backups, capacity with texts and numbers, found ${found}`,
        );
      }
    }
  });
});

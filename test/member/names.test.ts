import { expect } from 'chai';
import { parseHostPort } from '../../src/base/host-port.ts';
import { nearest } from '../../src/member/did-you-mean.ts';
import { bestPattern, mapDefinition } from '../../src/member/map-definition.ts';

describe('the patterns of map names', () => {
  it('give a name its own options before those of any pattern', () => {
    const patterns = { 'users*': { backups: 2 }, users: { backups: 0 } };
    expect(mapDefinition('users', undefined, patterns)).to.deep.equal({ backups: 0 });
    expect(mapDefinition('users:eu', undefined, patterns)).to.deep.equal({ backups: 2 });
    expect(mapDefinition('orders', undefined, patterns)).to.deep.equal({});
  });

  it('give what the caller asks for before any of them', () => {
    const patterns = { '*': { backups: 2 } };
    expect(mapDefinition('users', { backups: 3 }, patterns)).to.deep.equal({ backups: 3 });
  });

  it('give equal definitions for equal options, in whatever order and units', () => {
    const patterns = {
      'a*': { jitter: 0.5, ttl: '2s' },
      'b*': { ttl: 2_000, jitter: 0.5 },
    } as const;
    const [one, other] = ['a', 'b'].map((name) => mapDefinition(name, undefined, patterns));
    expect(JSON.stringify(one)).to.equal(JSON.stringify(other));
    expect(one).to.deep.equal({ ttl: 2_000, jitter: 0.5 });
    for (const wrong of [{ ttl: 0 }, { ttl: 'soon' }, { jitter: 2 }, { maxIdle: 1 }]) {
      expect(() => mapDefinition('a', wrong as object, {}), JSON.stringify(wrong)).to.throw(
        'the map',
      );
    }
  });

  it('prefer the longest that fits', () => {
    expect(bestPattern('cache:eu:1', ['*', 'cache:*', 'cache:eu:*'])).to.equal('cache:eu:*');
  });

  it('match texts of any length for each star, and nothing else', () => {
    expect(bestPattern('abc', ['a*c'])).to.equal('a*c');
    expect(bestPattern('ac', ['a*c'])).to.equal('a*c');
    expect(bestPattern('a', ['a*a'])).to.equal(undefined);
    expect(bestPattern('abab', ['*ab*ab'])).to.equal('*ab*ab');
    expect(bestPattern('ab', ['*ab*ab'])).to.equal(undefined);
    expect(bestPattern('a.c', ['a.*', 'abc'])).to.equal('a.*');
    expect(bestPattern('abc', ['a.c'])).to.equal(undefined);
  });
});

describe('a mistyped word', () => {
  it('is matched with the nearest known one, up to two letters away', () => {
    const known = ['seeds', 'secret', 'cluster'];
    expect(nearest('seed', known)).to.equal('seeds');
    expect(nearest('Seeds', known)).to.equal('seeds');
    expect(nearest('clutser', known)).to.equal('cluster');
    expect(nearest('partition', known)).to.equal(undefined);
  });
});

describe('an address', () => {
  it('is a host and a port, with brackets where the host has colons', () => {
    expect(parseHostPort('a.b:80')).to.deep.equal({ host: 'a.b', port: 80 });
    expect(parseHostPort('[::1]:80')).to.deep.equal({ host: '::1', port: 80 });
    for (const wrong of ['a.b', ':80', 'a:0', 'a:65536', '::1:80', 'a:80:90', 'a b:80', 'a:x']) {
      expect(parseHostPort(wrong), wrong).to.equal(undefined);
    }
  });
});

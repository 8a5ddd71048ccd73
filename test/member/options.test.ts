import { expect } from 'chai';
import { GridError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { presets } from '../../src/base/timings.ts';
import type { JoinOptions } from '../../src/grid.ts';
import { checkJoinOptions, checkMapOptions } from '../../src/member/options.ts';

function refusal(options: unknown): string {
  try {
    checkJoinOptions(options as JoinOptions);
  } catch (error) {
    if (GridError.is(error, 'GRID_BAD_OPTION')) {
      expect(error.outcome).to.equal('not-applied');
      return error.message;
    }
    throw error;
  }
  throw new Error(`expected a refusal of ${JSON.stringify(options)}, found none`);
}

describe('the options of join', () => {
  it('have the defaults of the contract', () => {
    const plan = checkJoinOptions({ logger: silentLogger });
    expect(plan.listen).to.deep.equal({ host: '127.0.0.1', port: 7_400 });
    expect(plan.seeds).to.deep.equal([]);
    expect(plan.timeoutMs).to.equal(10_000);
    expect(plan.secret).to.equal(undefined);
    expect(plan.insecure).to.equal(false);
    const { name, ...settings } = plan.settings;
    expect(name).to.include(`${process.pid}`);
    expect(settings).to.include({
      cluster: 'shoal',
      zone: '',
      data: true,
      weight: 1,
      expect: 1,
      backups: 1,
      minInSync: 1,
      partitions: 271,
      onPartitionLost: 'fail',
      timings: presets.lan,
    });
  });

  it('keep what was given', () => {
    const seeds = ['10.0.0.1:7400', '[::1]:7401', 'grid.internal:7402', 'file:/etc/seeds'];
    const plan = checkJoinOptions({
      cluster: 'shop',
      name: 'till',
      listen: { host: '127.0.0.2', port: 0 },
      advertise: '10.0.0.9:7400',
      seeds,
      backups: 2,
      preset: 'local',
      timeout: '2s',
      logger: silentLogger,
    });
    expect(plan.settings).to.include({ cluster: 'shop', name: 'till', backups: 2 });
    expect(plan.settings.timings).to.equal(presets.local);
    expect(plan.listen).to.deep.equal({ host: '127.0.0.2', port: 0 });
    expect(plan.advertise).to.equal('10.0.0.9:7400');
    expect(plan.seeds.map(({ text }) => text)).to.deep.equal(seeds);
    expect(plan.timeoutMs).to.equal(2_000);
  });

  it('let any of some ports do only where nothing is said of places', () => {
    expect(checkJoinOptions({ cluster: 'shop' }).ports).to.deep.equal({ first: 7_400, count: 64 });
    for (const said of [{ listen: {} }, { seeds: [] }, { advertise: '10.0.0.9:7400' }]) {
      expect(checkJoinOptions(said).ports).to.equal(undefined);
    }
  });

  it('take undefined for what is not given', () => {
    const plan = checkJoinOptions({ cluster: undefined, seeds: undefined } as never);
    expect(plan.settings.cluster).to.equal('shoal');
  });

  const wrong: readonly (readonly [option: string, given: unknown, allowed: string])[] = [
    ['cluster', '', '1 to 200 characters'],
    ['cluster', 7, '1 to 200 characters'],
    ['name', 'x'.repeat(201), '1 to 200 characters'],
    ['name', 'shop-\ud83d', 'without half of a surrogate pair'],
    ['cluster', '\ude00', 'without half of a surrogate pair'],
    ['zone', '\ud83d', 'without half of a surrogate pair'],
    ['listen', '127.0.0.1:7400', '{ host, port }'],
    ['listen', { port: 70_000 }, 'a port from 0 to 65535'],
    ['listen', { prot: 7_400 }, '{ host, port }'],
    ['advertise', '10.0.0.1', "'10.0.0.1:7400'"],
    ['seeds', '10.0.0.1:7400', 'texts such as'],
    ['seeds', ['10.0.0.1'], 'texts such as'],
    ['seeds', ['10.0.0.1:99999'], 'texts such as'],
    ['expect', 0, 'from 1 to 1000'],
    ['expect', 1.5, 'from 1 to 1000'],
    ['backups', 4, 'from 0 to 3'],
    ['backups', -1, 'from 0 to 3'],
    ['backups', '1', 'from 0 to 3'],
    ['minInSync', 0, 'from 1 to 4'],
    ['partitions', 0, 'from 1 to 65536'],
    ['onPartitionLost', 'ignore', "'fail' or 'recreate'"],
    ['splitBrain', 'maybe', "'auto', 'consistency' or 'availability'"],
    ['data', 'no', 'true or false'],
    ['zone', 3, '1 to 200 characters'],
    ['preset', 'moon', "'local', 'lan' or 'wan'"],
    ['secret', 12, 'at least 32 random bytes'],
    ['secret', 'short', 'at least 32 random bytes'],
    ['secret', 'a'.repeat(64), 'at least 32 random bytes'],
    ['tls', { key: 'x' }, '{ key, cert, ca?, requireClientCert? }'],
    ['insecure', 1, 'true or false'],
    ['maps', { users: { backups: 9 } }, 'backups 0 to 3'],
    ['logger', { info: () => {} }, 'the methods debug, info, warn, error'],
    ['timeout', 'soon', 'a duration'],
    ['timeout', 0, 'is over 0 and at most 24 days'],
    ['timeout', '25d', 'is over 0 and at most 24 days'],
    ['signal', {}, 'an AbortSignal'],
  ];
  for (const [option, given, allowed] of wrong) {
    it(`refuse ${option}: ${JSON.stringify(given)}`, () => {
      const message = refusal({ [option]: given });
      expect(message).to.match(new RegExp(`^${option}\\b`));
      expect(message).to.include(allowed);
      expect(message).to.include('ound ');
    });
  }

  it('tell what was found, also where JSON has no word for it', () => {
    const merge = Symbol('merge');
    expect(refusal({ queues: { jobs: { capacity: Number.POSITIVE_INFINITY } } })).to.include(
      'found {"jobs":{"capacity":Infinity}}',
    );
    expect(refusal({ maps: { users: { merge } } })).to.include('{"users":{"merge":a symbol}}');
  });

  it('tell nobody what the secret was', () => {
    expect(refusal({ secret: 'hunter2' })).to.not.include('hunter2');
  });

  it('name the option that was probably meant', () => {
    expect(refusal({ seed: [] })).to.include('did you mean seeds?');
    expect(refusal({ clusterName: 'x' })).to.include('allowed are cluster, name, listen');
  });

  it('refuse what is not an object', () => {
    expect(refusal([])).to.include('an object');
    expect(refusal('shop')).to.include("found 'shop'");
  });

  it('refuse what is in the contract and not built yet, rather than ignore it', () => {
    for (const name of ['processors']) {
      expect(refusal({ [name]: {} }), name).to.include('not available yet');
    }
    expect(refusal({ maps: { users: { minInSync: 2 } } })).to.include('not available yet');
    const ofMap: object = { minInSync: 2 };
    expect(() => checkMapOptions('options of users', ofMap, {})).to.throw('not available yet');
  });

  it('refuse more copies in sync than there are', () => {
    expect(refusal({ backups: 1, minInSync: 3 })).to.include('at most 2');
  });

  it('ask for an address that others can dial where any port of a wildcard is bound', () => {
    expect(refusal({ listen: { host: '0.0.0.0', port: 0 } })).to.match(/^advertise/);
  });
});

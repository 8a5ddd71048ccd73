import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../src/base/logger.ts';
import { type Resolve, seedSource } from '../../src/member/seed-sources.ts';
import { Seeds } from '../../src/member/seeds.ts';

function seedsOf(
  names: Readonly<Record<string, readonly string[]>>,
  given: readonly string[] = ['10.0.0.1:7400', 'grid.internal:7401'],
) {
  const warnings: string[] = [];
  let nowMs = 0;
  const clock = {
    monotonic: () => nowMs,
    wall: () => 0,
    setTimer: () => ({ cancel: () => {} }),
    defer: () => {},
    endOfTask: () => {},
  };
  const resolve: Resolve = async (host) => {
    const found = names[host];
    if (found === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    return found;
  };
  const sources = given.map((text) => seedSource(text, resolve)!);
  const logger = { ...silentLogger, warn: (_: unknown, text?: string) => warnings.push(`${text}`) };
  const seeds = new Seeds(sources, { clock, logger });
  return {
    seeds,
    warnings,
    wait: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('seeds', () => {
  it('stand for every address of a name', async () => {
    const { seeds, warnings } = seedsOf({ 'grid.internal': ['10.0.0.2', 'fd00::1'] });
    await seeds.look();
    expect(seeds.addresses).to.have.members(['10.0.0.1:7400', '10.0.0.2:7401', '[fd00::1]:7401']);
    expect(seeds.unresolved).to.deep.equal([]);
    expect(warnings).to.deep.equal([]);
  });

  it('go on without a name that does not resolve, with a warning that names it', async () => {
    const { seeds, warnings } = seedsOf({});
    await seeds.look();
    expect(seeds.addresses).to.deep.equal(['10.0.0.1:7400']);
    expect(seeds.unresolved).to.deep.equal(['grid.internal:7401']);
    expect(warnings).to.deep.equal(['seeds that give nothing: grid.internal:7401']);
  });

  it('warn again, but not every time', async () => {
    const { seeds, warnings, wait } = seedsOf({});
    await seeds.look();
    await seeds.look();
    expect(warnings).to.have.length(1);
    wait(10_000);
    await seeds.look();
    expect(warnings).to.have.length(2);
  });

  it('take a name up when it resolves later', async () => {
    const names: Record<string, string[]> = {};
    const { seeds } = seedsOf(names);
    await seeds.look();
    names['grid.internal'] = ['10.0.0.2'];
    await seeds.look();
    expect(seeds.addresses).to.include('10.0.0.2:7401');
    expect(seeds.unresolved).to.deep.equal([]);
  });

  it('stand for the addresses that a name has now, and for its last ones while it has none', async () => {
    const names: Record<string, string[]> = { 'grid.internal': ['10.0.0.2'] };
    const { seeds, warnings } = seedsOf(names);
    await seeds.look();
    names['grid.internal'] = ['10.0.0.3', '10.0.0.4'];
    await seeds.look();
    const later = ['10.0.0.1:7400', '10.0.0.3:7401', '10.0.0.4:7401'];
    expect(seeds.addresses).to.have.members(later);
    delete names['grid.internal'];
    await seeds.look();
    expect(seeds.addresses).to.have.members(later);
    expect(seeds.unresolved).to.deep.equal([]);
    expect(warnings).to.have.length(1);
  });

  it('may change later where one of them is no address', () => {
    expect(seedsOf({}).seeds.mayChange).to.equal(true);
    expect(seedsOf({}, ['10.0.0.1:7400', '[::1]:7400']).seeds.mayChange).to.equal(false);
    expect(seedsOf({}, ['file:/etc/seeds']).seeds.mayChange).to.equal(true);
    expect(seedsOf({}, ['kubernetes:grid']).seeds.mayChange).to.equal(true);
  });

  it('tell where each address is from', async () => {
    const { seeds } = seedsOf({ 'grid.internal': ['10.0.0.2', '10.0.0.3'] });
    await seeds.look();
    const byName = '10.0.0.2:7401, 10.0.0.3:7401 by grid.internal:7401';
    expect(seeds.origins).to.equal(`10.0.0.1:7400, ${byName}`);
  });
});

describe('a file of seeds', () => {
  let folder: string;
  let path: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-'));
    path = join(folder, 'seeds');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('has a seed a line, names among them, and is read again', async () => {
    const names = { 'grid.internal': ['10.0.0.8', '10.0.0.9'] };
    const { seeds } = seedsOf(names, [`file:${path}`]);
    writeFileSync(path, '# the first rack\n10.0.0.1:7400  # ann\n\n [fd00::1]:7400\r\n');
    await seeds.look();
    expect(seeds.addresses).to.have.members(['10.0.0.1:7400', '[fd00::1]:7400']);
    writeFileSync(path, 'grid.internal:7400');
    await seeds.look();
    expect(seeds.addresses).to.have.members(['10.0.0.8:7400', '10.0.0.9:7400']);
  });

  const broken: readonly (readonly [what: string, content: string | undefined, says: RegExp])[] = [
    ['is not there', undefined, /ENOENT/],
    ['has a line that is no seed', '10.0.0.1:7400\nnowhere\n', /line 2 of .*, found 'nowhere'/],
    ['is too large', '#'.repeat(65_537), /at most 65536 bytes/],
    ['is too large for its bytes', '# \u20ac'.repeat(20_000), /at most 65536 bytes/],
    ['is empty, as one that is about to be written,', '', /expected host:port in a line/],
    ['has comments only', '# nobody yet\n\n', /expected host:port in a line/],
  ];
  for (const [what, content, says] of broken) {
    it(`that ${what} gives nothing, and says why`, async () => {
      rmSync(path, { force: true });
      if (content !== undefined) writeFileSync(path, content);
      const source = seedSource(`file:${path}`)!;
      const error = await source.find().then(
        () => new Error('it gave something'),
        (reason: Error) => reason,
      );
      expect(error.message).to.match(says);
      const { seeds, warnings } = seedsOf({}, [`file:${path}`]);
      await seeds.look();
      expect(seeds.unresolved).to.deep.equal([`file:${path}`]);
      expect(warnings).to.deep.equal([`seeds that give nothing: file:${path}`]);
    });
  }
});

describe('what is no file', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-'));
    spawnSync('mkfifo', [join(folder, 'pipe')]);
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [what, path] of [
    ['a device without an end', () => '/dev/zero'],
    ['a folder', () => folder],
    ['a pipe that nobody writes to', () => join(folder, 'pipe')],
  ] as const) {
    it(`gives nothing: ${what}`, async () => {
      const { seeds, warnings } = seedsOf({}, [`file:${path()}`]);
      await seeds.look();
      expect(seeds.unresolved).to.deep.equal([`file:${path()}`]);
      expect(warnings).to.have.length(1);
    });
  }
});

describe('a text', () => {
  it('that is no seed is none', () => {
    const wrong = [
      'nowhere',
      'host:0',
      'host:65536',
      'file:',
      'kubernetes:',
      'kubernetes:A',
      'a b:1',
    ];
    for (const text of [...wrong, 'kubernetes:grid:70000', 'kubernetes:a/b/c', '']) {
      expect(seedSource(text), text).to.equal(undefined);
    }
  });
});

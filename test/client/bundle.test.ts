/** What a browser gets: bundled as an application would, and looked at. */
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { build, type Metafile } from 'esbuild';

/**
 * Without rxjs, which an application of that kind has anyway. The goal is 25,000, of which msgpackr alone takes
 * 13,000.
 */
const gzippedBytesMax = 48_000;

async function bundle(): Promise<{ readonly code: Uint8Array; readonly metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    entryPoints: ['src/client-browser.ts'],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    minify: true,
    external: ['rxjs'],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  return { code: outputFiles[0]!.contents, metafile };
}

describe('the client in a browser', function () {
  this.timeout(20_000);
  let code: Uint8Array;
  let inputs: string[];
  let imports: string[];

  before(async () => {
    const built = await bundle();
    code = built.code;
    // What was left out of the bundle again is no part of it.
    const output = Object.values(built.metafile.outputs)[0]!;
    inputs = Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [path] : [],
    );
    imports = [...new Set(output.imports.map(({ path }) => path))];
  });

  it('is found under the name that Node has for its own, and exports the same', async () => {
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(exports['./client'].browser).to.equal('./dist/client-browser.js');
    const [browser, node] = await Promise.all([
      import('../../src/client-browser.ts'),
      import('../../src/client.ts'),
    ]);
    expect(Object.keys(browser)).to.deep.equal(Object.keys(node));
  });

  it('holds no code of members', () => {
    const own = inputs.filter((path) => path.includes('src/'));
    expect(own).to.include.members(['src/client/link.ts', 'src/structures/map/map-handle.ts']);
    const allowed =
      /^src\/(client|actors\/ring|base|wire|transport\/(calls|call-errors|call-line|open-calls?|op-sequences|backoff|outbox|frame-queue|end-waits)|structures\/(call|.*-handle|[a-z]+\/.*)|partition\/router-port)/;
    expect(own.filter((path) => !allowed.test(path))).to.deep.equal([]);
    expect(own.filter((path) => /-store\.ts$/.test(path))).to.deep.equal([]);
  });

  it('asks for nothing that only Node has', () => {
    const builtin = new Set(builtinModules);
    expect(imports).to.deep.equal(['rxjs']);
    expect(inputs.filter((path) => path.includes('node_modules/ws'))).to.deep.equal([]);
    const text = new TextDecoder().decode(code);
    expect(inputs.filter((path) => path.startsWith('node:') || builtin.has(path))).to.deep.equal(
      [],
    );
    expect(text).to.not.match(/\bprocess\.|\brequire\(["']/);
  });

  it(`is under ${gzippedBytesMax} bytes gzipped, without rxjs`, function () {
    const bytes = gzipSync(code, { level: 9 }).length;
    this.test!.title += `: ${bytes}`;
    expect(bytes).to.be.within(5_000, gzippedBytesMax);
  });
});

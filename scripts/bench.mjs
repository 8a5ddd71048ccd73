/**
 * `npm run bench`: builds the product, bundles the comparison of bench/compare into bench/.built, and
 * runs it there by plain node. What it imports as `shoal` is dist, as users get it.
 */
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';
import { bundling } from './bundling.mjs';

const built = spawnSync('node', ['scripts/build-if-needed.mjs'], { stdio: 'inherit' });
if (built.status !== 0) process.exit(built.status ?? 1);

await build({
  entryPoints: ['main', 'driver-process', 'bare-store'].map((name) => `bench/compare/${name}.ts`),
  outdir: 'bench/.built',
  ...bundling,
  // Named beside the others: the compiler's `paths` would have it bundled from its sources.
  external: ['shoal', 'shoal/*'],
});
await import('../bench/.built/main.js');

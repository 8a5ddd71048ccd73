/**
 * `npm run bench:migration`: bundles the bench of a growing cluster from its sources, which it looks into, and
 * runs it by plain node: the product as quick as users get it.
 */
import { build } from 'esbuild';
import { bundling } from './bundling.mjs';

await build({
  entryPoints: ['bench/migration.ts', 'bench/migration/member.ts', 'bench/migration/caller.ts'],
  outdir: 'bench/.built',
  outbase: 'bench',
  ...bundling,
});
await import('../bench/.built/migration.js');

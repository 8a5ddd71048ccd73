/** Compiles src to dist where a source is newer than the last build. */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

function newest(folder) {
  let newestMs = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      newestMs = Math.max(newestMs, statSync(join(entry.parentPath, entry.name)).mtimeMs);
    }
  }
  return newestMs;
}

function builtAt() {
  try {
    return statSync('dist/.built').mtimeMs;
  } catch {
    return 0;
  }
}

if (newest('src') > builtAt()) {
  const build = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  process.exit(build.status ?? 1);
}

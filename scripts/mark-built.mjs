/** Notes when dist was built, and makes the command executable. */
import { chmodSync, existsSync, writeFileSync } from 'node:fs';

writeFileSync('dist/.built', new Date().toISOString());
if (existsSync('dist/cli/main.js')) chmodSync('dist/cli/main.js', 0o755);

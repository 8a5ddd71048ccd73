/**
 * A copy of the sources that may be broken: edits are made in it and taken back, and checks run in it.
 * The project itself is never touched.
 */
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { applyEdit, type Edit } from './mutant.ts';

const copied = ['src', 'test', 'scripts', 'package.json', 'tsconfig.json', '.mocharc.json'];

export class Workshop {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** `project`: what is copied, as far as it is there. */
  static async open(project = '.'): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), 'shoal-mutants-'));
    for (const name of copied) {
      const path = join(project, name);
      if (existsSync(path)) await cp(path, join(folder, name), { recursive: true });
    }
    await symlink(resolve('node_modules'), join(folder, 'node_modules'));
    return new Workshop(folder);
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  /** Acts while the copy is broken. */
  async whileBroken<T>(edits: readonly Edit[], act: () => Promise<T>): Promise<T> {
    const originals = new Map<string, string>();
    try {
      for (const edit of edits) {
        const path = join(this.folder, edit.file);
        const text = await readFile(path, 'utf8');
        if (!originals.has(path)) originals.set(path, text);
        await writeFile(path, applyEdit(edit, text));
      }
      return await act();
    } finally {
      for (const [path, text] of originals) await writeFile(path, text);
    }
  }
}

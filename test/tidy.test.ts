/**
 * Rules of the code base that no linter knows. Each failure names the file and what to do.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect } from 'chai';

/** A folder imports from itself and from folders with a smaller number. */
const layers: Readonly<Record<string, number>> = {
  base: 0,
  wire: 1,
  security: 1,
  actors: 1,
  transport: 2,
  membership: 3,
  consensus: 4,
  partition: 5,
  structures: 6,
  client: 7,
  member: 7,
  admin: 7,
  testing: 8,
  cli: 8,
  adapters: 8,
};

const linesMax = 400;

/** The pure core: no ambient time, chance or environment, and no asynchrony. */
const core = new Set(['actors', 'membership', 'consensus', 'partition', 'structures']);
const ambient =
  /\b(Date\.now|new Date\(|Math\.random|setTimeout|setInterval|setImmediate|queueMicrotask|performance\.|crypto\.|process\.|nanoid\()/;
const asynchrony = /\basync\b|\bawait\b|\.then\(/;
/** Files that users hold may use promises (DESIGN.md 3). */
const isHandle = (path: string) => /^structures\/.*-handle\.ts$/.test(path);
/** Time and chance come in through these. */
const ambientAllowed = new Set(['base/clock.ts', 'base/random.ts']);

interface SourceFile {
  readonly path: string;
  /** The folder right under src, or undefined for a file in src itself. */
  readonly folder: string | undefined;
  readonly text: string;
}

const sources: SourceFile[] = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const [folder, ...rest] = path.split('/');
    return {
      path,
      folder: rest.length > 0 ? folder : undefined,
      text: readFileSync(join('src', path), 'utf8'),
    };
  });

function importedFolders({ path, text }: SourceFile): string[] {
  const specifiers = [...text.matchAll(/from '(\.[^']+)'/g)].map((match) => match[1]!);
  return specifiers
    .map((specifier) => posix.join(posix.dirname(path), specifier).split('/')[0]!)
    .filter((folder) => folder in layers);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}

function mayImport(from: string, to: string): boolean {
  return from === to || layers[to]! < layers[from]!;
}

function offenders(isBad: (file: SourceFile) => boolean): string[] {
  return sources.filter(isBad).map(({ path }) => path);
}

describe('the source', () => {
  it('has a layer for every folder', () => {
    const strays = offenders(({ folder }) => folder !== undefined && !(folder in layers));
    expect(strays).to.deep.equal([]);
  });

  it('imports downward only', () => {
    const upward = offenders((file) => {
      if (file.folder === undefined) return false; // src/index.ts sees everything.
      const own = file.folder;
      return importedFolders(file).some((folder) => !mayImport(own, folder));
    });
    expect(upward, 'move the shared type down, or pass it in').to.deep.equal([]);
  });

  it('takes time and chance from src/base only', () => {
    const isCore = ({ folder, path }: SourceFile) =>
      folder !== undefined &&
      (core.has(folder) || (folder === 'base' && !ambientAllowed.has(path)));
    const leaks = offenders((file) => isCore(file) && ambient.test(withoutComments(file.text)));
    expect(leaks, 'take a Clock or a Random instead').to.deep.equal([]);
  });

  it('has no asynchrony below the handles', () => {
    const waits = offenders(
      ({ folder, path, text }) =>
        folder !== undefined &&
        core.has(folder) &&
        !isHandle(path) &&
        asynchrony.test(withoutComments(text)),
    );
    expect(waits, 'let the state machine answer later, by an action').to.deep.equal([]);
  });

  it('says at the top of every file what the file is for', () => {
    // A command starts with the line that names its interpreter.
    const bodyOf = (text: string) => text.replace(/^#!.*\n/, '');
    expect(offenders(({ text }) => !bodyOf(text).startsWith('/**'))).to.deep.equal([]);
  });

  it(`has no file over ${linesMax} lines`, () => {
    expect(offenders(({ text }) => text.split('\n').length > linesMax)).to.deep.equal([]);
  });
});

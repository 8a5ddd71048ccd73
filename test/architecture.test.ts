/**
 * The pages that explain the code, held against the code: every link leads to a file, and every name
 * that a link gives for something in a file stands in that file. So a renamed class breaks a test and
 * not a reader.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect } from 'chai';

interface Link {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  readonly path: string;
  readonly anchor: string | undefined;
  /** The names in backticks, in the text or in the title. */
  readonly names: readonly string[];
}

const decisions = readdirSync('docs/decisions').map((name) => `docs/decisions/${name}`);
const pages = [
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'docs/checkers.md',
  'docs/guarantees.md',
  'docs/protocol.md',
  ...decisions,
];

const linkPattern = /\[([^\]]+)\]\(([^)\s]+)(?:\s+"([^"]*)")?\)/g;

function linksOf(page: string): Link[] {
  return readFileSync(page, 'utf8')
    .split('\n')
    .flatMap((text, index) => [...text.matchAll(linkPattern)].map((found) => ({ found, index })))
    .filter(({ found }) => !/^[a-z]+:/.test(found[2]!))
    .map(({ found, index }) => {
      const [, text = '', target = '', title = ''] = found;
      const [path = '', anchor] = target.split('#');
      const names = [text, title].flatMap((from) =>
        [...from.matchAll(/`([^`]+)`/g)].map((name) => name[1]!),
      );
      const full = path === '' ? page : posix.join(posix.dirname(page), path);
      return { page, line: index + 1, text, path: full, anchor, names };
    });
}

const links = pages.flatMap(linksOf);

function at({ page, line, text }: Link): string {
  return `${page}:${line} [${text}]`;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}

/** A top-level declaration, or a member of a class or an interface, by its indentation. */
function isDeclared(code: string, identifier: string): boolean {
  const name = `${identifier.replace(/\$/g, '\\$')}(?![\\w$])`;
  const topLevel = `^(?:export )?(?:abstract |async )?(?:class|interface|type|function\\*?|const|let) ${name}`;
  const member = `^ {2}(?:(?:readonly|static|private|async|get|set|override) |\\* ?)*${name}[?!]?[<(:=; ]`;
  return new RegExp(`${topLevel}|${member}`, 'm').test(code);
}

/** `Calls.submit` stands for what declares `Calls` and `submit`; anything else must be there literally. */
function isIn(file: string, name: string): boolean {
  const code = withoutComments(readFileSync(file, 'utf8'));
  const isPath = /^#?[A-Za-z_$][\w$]*(\.#?[A-Za-z_$][\w$]*)*$/.test(name);
  return isPath ? name.split('.').every((part) => isDeclared(code, part)) : code.includes(name);
}

/** As the usual renderers make anchors of headings. */
function anchorsOf(file: string): string[] {
  const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(
    (found) => found[1]!,
  );
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/ /g, '-'),
  );
}

describe('the pages about the code', () => {
  it('have links to look at', () => {
    expect(links.filter(({ page }) => page === 'ARCHITECTURE.md').length).to.be.above(50);
    expect(links.flatMap(({ names }) => names).length).to.be.above(100);
  });

  it('link to files that exist', () => {
    const dead = links.filter(({ path }) => !existsSync(path)).map(at);
    expect(dead).to.deep.equal([]);
  });

  it('link to headings that exist', () => {
    const dead = links.filter(
      ({ path, anchor }) =>
        anchor !== undefined && existsSync(path) && !anchorsOf(path).includes(anchor),
    );
    expect(dead.map(at)).to.deep.equal([]);
  });

  it('name only what stands in the file that they link to', () => {
    const files = links.filter(({ path }) => path.endsWith('.ts') && existsSync(path));
    const wrong = files.flatMap((link) =>
      link.names.filter((name) => !isIn(link.path, name)).map((name) => `${at(link)} ${name}`),
    );
    expect(wrong, 'name it as it is called now').to.deep.equal([]);
  });

  it('have a row for every folder of the source', () => {
    const text = readFileSync('ARCHITECTURE.md', 'utf8');
    const folders = readdirSync('src').filter((name) => statSync(join('src', name)).isDirectory());
    expect(folders.filter((folder) => !text.includes(`| \`${folder}\` |`))).to.deep.equal([]);
  });

  it('are all reached from the first of them', () => {
    const reached = new Set(['ARCHITECTURE.md']);
    for (const page of reached) {
      for (const link of links) {
        if (link.page === page && pages.includes(link.path)) reached.add(link.path);
      }
    }
    expect(pages.filter((page) => !reached.has(page))).to.deep.equal([]);
  });
});

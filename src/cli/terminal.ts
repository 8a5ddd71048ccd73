/**
 * What the commands print: results on stdout, progress on stderr, a bar only on a terminal.
 *
 * Who reads may leave early, as `head` does. That is no failure: `printed` says so to those who have more to
 * print, and the process goes on as if somebody still read.
 */

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a line; resolves when it is out, and rejects where nobody reads any more. */
export function printed(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${text}\n`, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Whether it is what `printed` rejects with where nobody reads any more. */
export function isReaderGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}

/** To be called once. Without it, a reader that leaves ends the process with a stack. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (isReaderGone(error)) return;
      note(`shoal: expected to print, found ${error.message}`);
      process.exit(1);
    });
  }
}

/** One object a line. */
export function printJson(value: object): void {
  print(JSON.stringify(value));
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Columns as wide as what is in them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) =>
    Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map(line).join('\n');
}

const barWidth = 30;
/** Without a terminal, a line for each tenth. */
const linesPerProgress = 10;

export class Progress {
  readonly #what: string;
  readonly #total: number;
  #shown = -1;

  constructor(what: string, total: number) {
    this.#what = what;
    this.#total = Math.max(1, total);
  }

  at(done: number): void {
    const share = Math.min(1, done / this.#total);
    if (process.stderr.isTTY) this.#draw(share);
    else this.#say(share, done);
  }

  #draw(share: number): void {
    const filled = Math.round(share * barWidth);
    if (filled === this.#shown) return;
    this.#shown = filled;
    const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
    const percent = `${Math.round(share * 100)} %`.padStart(5);
    process.stderr.write(`\r${this.#what} ${bar} ${percent}${share === 1 ? '\n' : ''}`);
  }

  #say(share: number, done: number): void {
    const step = Math.floor(share * linesPerProgress);
    if (step === this.#shown) return;
    this.#shown = step;
    if (step > 0) note(`${this.#what}: ${done.toLocaleString('en')}`);
  }
}

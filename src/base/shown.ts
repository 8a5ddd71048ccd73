/** What was given where something else was expected, for the message of an error. */

const lengthMax = 80;
const itemsMax = 10;
const nestingMax = 3;

/** As it would be written in a program, and short. */
export function shown(given: unknown): string {
  if (typeof given === 'string') return `'${cut(given)}'`;
  try {
    return cut(written(given, 0));
  } catch {
    return 'an object that cannot be looked at';
  }
}

/** JSON would give null for Infinity, and leave out a function. */
function written(given: unknown, nesting: number): string {
  if (typeof given === 'string') return JSON.stringify(cut(given));
  if (typeof given === 'bigint') return `${given}n`;
  if (typeof given === 'function' || typeof given === 'symbol') return `a ${typeof given}`;
  if (typeof given !== 'object' || given === null) return String(given);
  // What holds itself ends here, too.
  if (nesting === nestingMax) return '…';
  if (Array.isArray(given)) {
    return `[${given.slice(0, itemsMax).map((item) => written(item, nesting + 1))}]`;
  }
  const properties = Object.entries(given).slice(0, itemsMax);
  const texts = properties.map(
    ([name, value]) => `${JSON.stringify(cut(name))}:${written(value, nesting + 1)}`,
  );
  return `{${texts}}`;
}

function cut(text: string): string {
  return text.slice(0, lengthMax);
}

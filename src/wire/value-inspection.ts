/** Looks through a value before it is encoded: what cannot be kept is named with its place. */

export interface ValueProblem {
  readonly found: string;
  readonly advice: string;
  /** From the value inwards: property names, indices, `<key>` for a key of a Map. */
  readonly path: readonly string[];
}

export interface Inspection {
  readonly problem: ValueProblem | undefined;
  /** It holds a Map, or an object in two places: the form that keeps these is needed. */
  readonly linked: boolean;
}

const fine: Inspection = { problem: undefined, linked: false };

export function inspectValue(value: unknown, nestingMax: number): Inspection {
  if (value === null || (typeof value !== 'object' && !isNeverKept(value))) return fine;
  const inspector = new Inspector(nestingMax);
  const problem = inspector.visit(value, 0);
  return { problem, linked: inspector.linked };
}

/** `value.orders[3].total`. */
export function pathText(path: readonly string[]): string {
  return path.reduce((text, step) => text + step, 'value');
}

class Inspector {
  linked = false;
  readonly #nestingMax: number;
  readonly #seen = new Set<object>();

  constructor(nestingMax: number) {
    this.#nestingMax = nestingMax;
  }

  visit(value: unknown, nesting: number): ValueProblem | undefined {
    switch (typeof value) {
      case 'object':
        return value === null ? undefined : this.#visitObject(value, nesting);
      case 'function':
        return problem('a function', 'Store what it computes, or name a processor.');
      case 'symbol':
        return problem('a symbol', 'Use a string.');
      default:
        return undefined;
    }
  }

  #visitObject(value: object, nesting: number): ValueProblem | undefined {
    // A second visit means one identity in two places; what is below was inspected at the first.
    if (this.#seen.has(value)) {
      this.linked = true;
      return undefined;
    }
    this.#seen.add(value);
    if (nesting === this.#nestingMax) {
      return problem(`nesting over ${this.#nestingMax} deep`, 'Make it flatter.');
    }
    if (Array.isArray(value)) return this.#visitItems(value, nesting);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return this.#visitProperties(value, nesting);
    }
    return this.#visitInstance(value, nesting);
  }

  #visitItems(items: readonly unknown[], nesting: number): ValueProblem | undefined {
    for (let index = 0; index < items.length; index++) {
      const found = this.visit(items[index], nesting + 1);
      if (found !== undefined) return within(found, `[${index}]`);
    }
    return undefined;
  }

  #visitProperties(value: object, nesting: number): ValueProblem | undefined {
    for (const name of Object.keys(value)) {
      if (name === '__proto__') {
        return problem('a property named "__proto__"', 'Use another name.');
      }
      const found = this.visit((value as Record<string, unknown>)[name], nesting + 1);
      if (found !== undefined) return within(found, `.${name}`);
    }
    return undefined;
  }

  #visitInstance(value: object, nesting: number): ValueProblem | undefined {
    if (value instanceof Map) return this.#visitMap(value, nesting);
    if (value instanceof Set) return this.#visitItems([...value], nesting);
    if (value instanceof AggregateError) {
      return problem('an AggregateError', 'Store its `errors` as an array.');
    }
    if (value instanceof Error) {
      const found = this.visit(value.cause, nesting + 1);
      return found === undefined ? undefined : within(found, '.cause');
    }
    if (isKept(value)) return undefined;
    // What keeps its state out of sight (a Promise, a URL, a WeakMap) would silently become {}.
    if (Object.keys(value).length === 0) {
      return problem(
        `an instance of ${className(value)} without fields`,
        'Store what it stands for.',
      );
    }
    return this.#visitProperties(value, nesting);
  }

  #visitMap(map: ReadonlyMap<unknown, unknown>, nesting: number): ValueProblem | undefined {
    if (Object.getPrototypeOf(map) !== Map.prototype) {
      return problem(`an instance of ${className(map)}`, 'Store a plain Map.');
    }
    this.linked = true;
    for (const [key, value] of map) {
      const found = this.visit(key, nesting + 1);
      if (found !== undefined) return within(found, '<key>');
      const foundInValue = this.visit(value, nesting + 1);
      if (foundInValue !== undefined) return within(foundInValue, `<${typeof key} key>`);
    }
    return undefined;
  }
}

function isNeverKept(value: unknown): boolean {
  return typeof value === 'function' || typeof value === 'symbol';
}

function isKept(value: object): boolean {
  return (
    value instanceof Date ||
    value instanceof RegExp ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value)
  );
}

function className(value: object): string {
  return value.constructor?.name ?? 'an unknown class';
}

function problem(found: string, advice: string): ValueProblem {
  return { found, advice, path: [] };
}

function within(inner: ValueProblem, step: string): ValueProblem {
  return { found: inner.found, advice: inner.advice, path: [step, ...inner.path] };
}

/** Looks through a value before it is encoded: what cannot be kept is named with its place. */

export interface ValueProblem {
  readonly found: string;
  readonly advice: string;
  readonly code: 'GRID_BAD_VALUE' | 'GRID_TOO_LARGE';
  /** From the value inwards: property names, indices, `<key>` for a key of a Map. */
  readonly path: readonly string[];
}

export interface Inspection {
  readonly problem: ValueProblem | undefined;
  /** It holds a Map, or an object in two places: the form that keeps these is needed. */
  readonly linked: boolean;
}

/** Of the place that a message names. */
const pathMax = 120;
const errorFields = ['name', 'message', 'cause'] as const;
const boxes = [String, Number, Boolean, BigInt, Symbol];
const fine: Inspection = { problem: undefined, linked: false };

export function inspectValue(value: unknown, nestingMax: number): Inspection {
  if (value === null || isPlain(value)) return fine;
  const inspector = new Inspector(nestingMax);
  const problem = inspector.visit(value, 0);
  return { problem, linked: inspector.linked };
}

/** `value.orders[3].total`, cut short where it is long. */
export function pathText(path: readonly string[]): string {
  const text = path.reduce((before, step) => before + step, 'value');
  return text.length <= pathMax ? text : `${text.slice(0, pathMax)}…`;
}

class Inspector {
  linked = false;
  readonly #nestingMax: number;
  readonly #seen = new Set<object>();
  /** Errors whose cause is being looked through: it is read before the error is made, so it cannot hold it. */
  readonly #errors = new Set<object>();

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
      case 'string':
        return value.isWellFormed() ? undefined : halfPair();
      default:
        return undefined;
    }
  }

  #visitObject(value: object, nesting: number): ValueProblem | undefined {
    // A second visit means one identity in two places; what is below was inspected at the first.
    if (this.#seen.has(value)) {
      this.linked = true;
      if (!this.#errors.has(value)) return undefined;
      return problem('an Error that its cause leads back to', 'Leave that out of the cause.');
    }
    this.#seen.add(value);
    if (nesting === this.#nestingMax) {
      return problem(`nesting over ${nesting} deep`, 'Make it flatter.', 'GRID_TOO_LARGE');
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
      if (!name.isWellFormed()) return within(halfPair(), '<name>');
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
    if (value instanceof Error) return this.#visitError(value, nesting);
    if (value instanceof RegExp) return this.visit(value.source, nesting);
    if (isKept(value)) return undefined;
    if (boxes.some((box) => value instanceof box))
      return problem(`a boxed ${className(value)}`, 'Store what is in it.');
    // What keeps its state out of sight (a Promise, a URL, a WeakMap) would silently become {}.
    if (Object.keys(value).length === 0) {
      return problem(
        `an instance of ${className(value)} without fields`,
        'Store what it stands for.',
      );
    }
    return this.#visitProperties(value, nesting);
  }

  #visitError(error: Error, nesting: number): ValueProblem | undefined {
    this.#errors.add(error);
    for (const name of errorFields) {
      const found = this.visit(error[name], nesting + 1);
      if (found !== undefined) return within(found, `.${name}`);
    }
    this.#errors.delete(error);
    return undefined;
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

/** Nothing to look through, and nothing that is not kept. */
function isPlain(value: unknown): boolean {
  const type = typeof value;
  return type === 'number' || type === 'boolean' || type === 'undefined' || type === 'bigint';
}

function isKept(value: object): boolean {
  return value instanceof Date || value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

function className(value: object): string {
  return value.constructor?.name ?? 'an unknown class';
}

function problem(
  found: string,
  advice: string,
  code: ValueProblem['code'] = 'GRID_BAD_VALUE',
): ValueProblem {
  return { found, advice, code, path: [] };
}

function halfPair(): ValueProblem {
  return problem('a text with half of a surrogate pair', 'Cut texts between characters.');
}

function within(inner: ValueProblem, step: string): ValueProblem {
  return { ...inner, path: [step, ...inner.path] };
}

/**
 * One text for each value, the same for values that a structured clone keeps equal and for no others
 * of the kinds below. The order in which an object's properties were written does not count.
 */
import { AssertionError } from '../../base/assert.ts';

export function canonicalText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : objectText(value);
    case 'function':
    case 'symbol':
      throw new AssertionError(`a ${typeof value} has no canonical text: record a plain value`);
  }
}

function objectText(value: object): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (ArrayBuffer.isView(value)) return bytesText(value);
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `${canonicalText(key)}:${canonicalText(item)}`);
    return `Map{${entries.sort().join(',')}}`;
  }
  if (value instanceof Set) return `Set{${[...value].map(canonicalText).sort().join(',')}}`;
  const properties = Object.entries(value).map(
    ([name, item]) => `${JSON.stringify(name)}:${canonicalText(item)}`,
  );
  return `{${properties.sort().join(',')}}`;
}

function bytesText(view: ArrayBufferView): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  // A Buffer comes back as a Uint8Array: they are one kind.
  const kind = view instanceof Uint8Array ? 'Uint8Array' : view.constructor.name;
  return `${kind}(${bytes.join(' ')})`;
}

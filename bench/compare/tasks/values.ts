/** Keys and values of the comparison: the same for every client, and not made while it is measured. */
import type { ValueKind } from '../drivers/driver.ts';

/** 12 characters. */
export function keysOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `key:${`${index}`.padStart(8, '0')}`);
}

const textLength = 100;
const objectJsonLength = 1_023;
const different = 1_024;

/** So many different values, to be set in turn. */
export function valuesOf(kind: ValueKind): readonly unknown[] {
  const valueAt = kind === 'strings' ? textOf : objectOf;
  return Array.from({ length: different }, (_, index) => valueAt(index));
}

/** 100 characters of one byte each. */
export function textOf(index: number): string {
  return `value ${index} `.padEnd(textLength, 'abcdefghijklmnopqrstuvwxyz');
}

/** A record as programs keep them: 1,023 bytes as JSON. */
function objectOf(index: number): object {
  const record = {
    id: 1_000_000 + index,
    name: `user number ${index}`,
    email: `user.${index}@example.com`,
    isActive: index % 2 === 0,
    balance: 1_234.5 + index,
    tags: ['alpha', 'beta', 'gamma', 'delta'],
    address: { street: 'Long Street', number: index % 200, city: 'Harbour', zip: '12345' },
    visits: Array.from({ length: 20 }, (_, at) => 1_700_000_000 + at * 3_600 + index),
    settings: { theme: 'dark', language: 'en', pageSize: 50, notifications: { mail: true } },
    notes: '',
  };
  const missing = objectJsonLength - JSON.stringify(record).length;
  return { ...record, notes: 'lorem ipsum dolor sit amet '.repeat(40).slice(0, missing) };
}

/** Whether this is such a value, as far as a look can tell that costs little. */
export function isWhole(kind: ValueKind, value: unknown): boolean {
  if (kind === 'strings') return typeof value === 'string' && value.length === textLength;
  return typeof value === 'object' && value !== null && 'notes' in value;
}

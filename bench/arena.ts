/** What the arena costs: `node --expose-gc --import tsx bench/arena.ts [entries]`. */
import { murmur3 } from '../src/base/hash.ts';
import { RecordTable } from '../src/partition/arena/record-table.ts';

const entries = Number(process.argv[2] ?? 500_000);
const valueBytes = 100;
const keys = Array.from({ length: entries }, (_, i) => new TextEncoder().encode(`user:${i}`));
const value = new Uint8Array(valueBytes).fill(7);
const keyBytes = keys.reduce((sum, key) => sum + key.length, 0);
const order = Uint32Array.from({ length: entries }, (_, i) => (i * 7_368_787) % entries);

function measure(name: string, act: (i: number) => void): void {
  const from = performance.now();
  for (let i = 0; i < entries; i++) act(i);
  const ns = ((performance.now() - from) * 1e6) / entries;
  console.log(`${name.padEnd(34)} ${ns.toFixed(0).padStart(6)} ns`);
}

globalThis.gc?.();
const before = process.memoryUsage();
const table = new RecordTable();
let found = 0;

const put = (i: number) => {
  const key = keys[order[i]!]!;
  const meta = { version: i, deadline: 0, created: 1_753_000_000_000, updated: 1_753_000_000_000 };
  table.put(murmur3(key), key, value, meta);
};
console.log(
  `${entries} entries, values of ${valueBytes} bytes, each line with the hash of the key`,
);
measure('put, new', put);
measure('put, in place', put);
measure('get, a view of the value', (i) => {
  const key = keys[order[i]!]!;
  found += table.value(table.find(murmur3(key), key)).length;
});
const missing = new TextEncoder().encode('user:none');
measure('get, absent', (i) => {
  missing[5] = i & 0xff;
  found += table.find(murmur3(missing), missing);
});
globalThis.gc?.();
const after = process.memoryUsage();
const perEntry = (bytes: number) => (bytes / entries).toFixed(1);
const payload = keyBytes + entries * valueBytes;
console.log(`key and value             ${perEntry(payload)} bytes an entry`);
console.log(`beside them               ${perEntry(table.capacityBytes - payload)} bytes an entry`);
console.log(
  `V8 heap                   ${perEntry(after.heapUsed - before.heapUsed)} bytes an entry`,
);
measure('delete and put, another size', (i) => {
  const key = keys[order[i]!]!;
  table.delete(murmur3(key), key);
  const meta = { version: i, deadline: 0, created: 0, updated: 0 };
  table.put(murmur3(key), key, value.subarray(i % valueBytes), meta);
});
console.log(
  `waste after that          ${perEntry(table.capacityBytes - table.bytes)} bytes an entry`,
);
if (found === 0) throw new Error('nothing was found');

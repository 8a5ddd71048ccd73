/** A map in Redis: texts as they are, under the keys as they are; objects as JSON, under keys of their own. */
import { inChunks, type MapPort, type ValueKind } from './driver.ts';

/** What the clients of Redis have in common. */
interface TextStore {
  get(key: string): Promise<string | null>;
  set(key: string, text: string): Promise<unknown>;
  /** Keys and texts in turn. */
  mset(pairs: string[]): Promise<unknown>;
}

export function textMap(store: TextStore, values: ValueKind): MapPort {
  const isText = values === 'strings';
  const fill: MapPort['fill'] = (keys, valueAt) =>
    inChunks(keys, (chunk, from) =>
      store.mset(
        chunk.flatMap((key, index) => {
          const value = valueAt(from + index);
          return isText ? [key, String(value)] : [`o:${key}`, JSON.stringify(value)];
        }),
      ),
    );
  if (isText) {
    return {
      get: (key) => store.get(key),
      set: (key, value) => store.set(key, value as string),
      fill,
    };
  }
  return {
    get: (key) => store.get(`o:${key}`).then(parsed),
    set: (key, value) => store.set(`o:${key}`, JSON.stringify(value)),
    fill,
  };
}

function parsed(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}

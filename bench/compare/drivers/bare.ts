/**
 * What Node gives at most on this machine, beside Shoal and its peers: a bare store, or two that keep each other's
 * sets (bare-store.ts), and a plain `Map` of bytes in the caller's own process. All hold texts alone. A bare store
 * sleeps between frames, which with one call outstanding Shoal does not where it pays (docs/decisions/0015).
 */
import { type BareMessage, bareFrames, dialBare, type SendBare } from '../bare-frames.ts';
import { inBatches } from './batches.ts';
import { type Addresses, inChunks, type MapDriver, type MapPort } from './driver.ts';

export async function openBareStores(
  kind: 'bare-store' | 'bare-pair' | 'bare-pair-batch',
  { bare = [] }: Addresses,
): Promise<MapDriver> {
  const open = new Map<number, (text?: string) => void>();
  const sockets = bare.map(dialBare);
  const stores: SendBare[] = sockets.map((socket) =>
    bareFrames(socket, ([, id, text]) => {
      const resolve = open.get(id);
      open.delete(id);
      resolve?.(text);
    }),
  );
  await Promise.all(sockets.map((socket) => new Promise((ready) => socket.once('open', ready))));
  let last = 0;
  const asked = (message: (id: number) => BareMessage) =>
    new Promise<string | undefined>((resolve) => {
      const id = ++last;
      open.set(id, resolve);
      stores[id % stores.length]?.(message(id));
    });
  const setOne = (key: string, text: string) => asked((id) => ['set', id, key, text]);
  const setTogether = inBatches((batch) =>
    Promise.all(batch.map(({ key, text }) => setOne(key, text))),
  );
  const set = kind === 'bare-pair-batch' ? setTogether : setOne;
  return {
    map: textsOnly({
      // Of two, each has all keys.
      get: (key) => asked((id) => ['get', id, key]),
      set: (key, text) => set(key, text as string),
      fill: (keys, valueAt) =>
        inChunks(keys, (chunk, from) =>
          Promise.all(chunk.map((key, index) => setOne(key, String(valueAt(from + index))))),
        ),
    }),
    async close() {
      for (const socket of sockets) socket.terminate();
    },
  };
}

/** Texts kept as bytes, as who hands them on has to, and read as texts behind a promise. */
export async function openBareMap(): Promise<MapDriver> {
  const store = new Map<string, Buffer>();
  const put = (key: string, text: unknown) => store.set(key, Buffer.from(String(text)));
  const port: MapPort = {
    get: (key) => Promise.resolve(store.get(key)?.toString()),
    set: (key, text) => Promise.resolve(put(key, text)),
    async fill(keys, valueAt) {
      for (const [index, key] of keys.entries()) put(key, valueAt(index));
    },
  };
  return { map: textsOnly(port), close: async () => {} };
}

function textsOnly(port: MapPort): MapDriver['map'] {
  return (values) => {
    if (values !== 'strings') throw new Error(`a bare store holds strings, found ${values}`);
    return port;
  };
}

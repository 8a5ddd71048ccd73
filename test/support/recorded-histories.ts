/**
 * Histories recorded elsewhere, with known verdicts: registers in etcd (Jepsen's log) and a
 * key-value store (one EDN map a line). They lie outside the project; see `recordedHistories`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HistoryRecorder } from '../../src/testing/linearizability/history-recorder.ts';
import type {
  KeyValueInput,
  KeyValueOutput,
} from '../../src/testing/linearizability/key-value-model.ts';
import type { History } from '../../src/testing/linearizability/model.ts';
import type {
  RegisterInput,
  RegisterOutput,
  RegisterValue,
} from '../../src/testing/linearizability/register-model.ts';

/** By kind and file: whether the history is linearizable. */
export interface Verdicts {
  readonly jepsen: Readonly<Record<string, boolean>>;
  readonly kv: Readonly<Record<string, boolean>>;
}

export interface RecordedHistories {
  readonly verdicts: Verdicts;
  /** Files of that kind that there are, with or without a verdict. */
  files(kind: keyof Verdicts): string[];
  read(kind: keyof Verdicts, file: string): string;
}

/** From the folder that SHOAL_HISTORIES names, else ../shared/histories; undefined where there is none. */
export function recordedHistories(): RecordedHistories | undefined {
  const folder = resolve(process.env.SHOAL_HISTORIES ?? '../shared/histories');
  if (!existsSync(join(folder, 'verdicts.json'))) return undefined;
  const read = (path: string) => readFileSync(join(folder, path), 'utf8');
  return {
    verdicts: JSON.parse(read('verdicts.json')) as Verdicts,
    files: (kind) => readdirSync(join(folder, kind)),
    read: (kind, file) => read(join(kind, file)),
  };
}

const jepsenLine = /^INFO +jepsen\.util - (\d+)\s+:(\w+)\s+:(\w+)\s+(.*?)\s*$/;

/** Lines such as `INFO  jepsen.util - 3 :invoke :cas [1 2]`, with tabs between the last four. */
export function parseJepsenLog(text: string): History<RegisterInput, RegisterOutput> {
  const recorder: RegisterRecorder = new HistoryRecorder();
  const underWay = new Map<string, number>();
  for (const [process, type, call, value] of fieldsOf(text, jepsenLine)) {
    if (type === 'invoke') {
      underWay.set(process!, recorder.invoke(Number(process), registerInput(call!, value!)));
    } else {
      recordEnd(recorder, underWay.get(process!)!, `${type} ${call}`, value!);
      underWay.delete(process!);
    }
  }
  return recorder.history();
}

type RegisterRecorder = HistoryRecorder<RegisterInput, RegisterOutput>;

function recordEnd(recorder: RegisterRecorder, operation: number, end: string, value: string) {
  switch (end) {
    case 'ok read':
      return recorder.ok(operation, registerValue(value));
    case 'ok write':
    case 'ok cas':
      return recorder.ok(operation, true);
    case 'fail cas': // Its answer: the register held something else.
      return recorder.ok(operation, false);
    case 'fail read':
      return recorder.fail(operation);
    case 'info write':
    case 'info cas':
      return recorder.unknown(operation);
    default:
      throw new Error(`no meaning for: ${end}`);
  }
}

function fieldsOf(text: string, pattern: RegExp): string[][] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const match = pattern.exec(line);
    if (match === null) throw new Error(`not a line of this kind of log: ${line}`);
    return match.slice(1);
  });
}

function registerInput(call: string, value: string): RegisterInput {
  if (call === 'read') return { call };
  if (call === 'write') return { call, value: registerValue(value) };
  const match = /^\[(\d+) (\d+)\]$/.exec(value);
  if (call !== 'cas' || match === null) throw new Error(`not an operation: ${call} ${value}`);
  return { call, expected: Number(match[1]), next: Number(match[2]) };
}

function registerValue(text: string): RegisterValue {
  if (text === 'nil') return null;
  if (!/^\d+$/.test(text)) throw new Error(`not a value: ${text}`);
  return Number(text);
}

const keyValueLine =
  /^\{:process (\d+), :type :(invoke|ok), :f :(get|put|append), :key "([^"]*)", :value (nil|"[^"]*")\}$/;

/** Lines such as `{:process 0, :type :invoke, :f :append, :key "0", :value "x"}`. */
export function parseKeyValueLog(text: string): History<KeyValueInput, KeyValueOutput> {
  const recorder = new HistoryRecorder<KeyValueInput, KeyValueOutput>();
  const underWay = new Map<string, number>();
  for (const [process, type, call, key, quoted] of fieldsOf(text, keyValueLine)) {
    const value = quoted === 'nil' ? '' : quoted!.slice(1, -1);
    if (type === 'invoke') {
      const input = (call === 'get' ? { call, key } : { call, key, value }) as KeyValueInput;
      underWay.set(process!, recorder.invoke(Number(process), input));
    } else {
      recorder.ok(underWay.get(process!)!, value);
      underWay.delete(process!);
    }
  }
  return recorder.history();
}

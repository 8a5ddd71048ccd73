/** Says in a few lines where a history stops making sense. */
import { canonicalText } from './canonical-text.ts';
import { type History, neverReturned, type Operation } from './model.ts';

/** Of the operations before the failure, and of those around it. */
const linesMax = 8;
const stateLengthMax = 200;

export function explainIllegal(
  key: string,
  history: History<unknown, unknown>,
  prefix: History<unknown, unknown>,
  stateText: string,
): string {
  const taken = new Set(prefix);
  const left = history.filter((operation) => !taken.has(operation));
  const deadline = left.reduce(
    (least, operation) => Math.min(least, operation.return),
    neverReturned,
  );
  const around = left
    .filter((operation) => operation.call <= deadline)
    .sort((a, b) => a.return - b.return || a.call - b.call);
  return [
    `key ${shorten(key)}: no order of its ${history.length} operations explains their outputs.`,
    `The longest order that does takes ${prefix.length} of them, to the state ${shorten(stateText)}:`,
    ...(prefix.length > linesMax ? ['  ...'] : []),
    ...prefix.slice(-linesMax).map(line),
    `Then one of these had to come next, by ${deadline} at the latest, and none can:`,
    ...around.slice(0, linesMax).map(line),
    ...(around.length > linesMax ? [`  and ${around.length - linesMax} more`] : []),
  ].join('\n');
}

export function explainUnknown(
  open: readonly (readonly [key: string, history: History<unknown, unknown>])[],
  stepsMax: number,
): string {
  const keys = open.slice(0, linesMax).map(([key]) => shorten(key));
  const more = open.length > keys.length ? ` and ${open.length - keys.length} more` : '';
  return (
    `no verdict within ${stepsMax} steps for ${keys.join(', ')}${more}: ` +
    'record fewer operations a key, or fewer at a time, or raise stepsMax'
  );
}

function line({ client, input, output, call, return: end }: Operation<unknown, unknown>): string {
  const times = end === neverReturned ? `${call}, no reply` : `${call} to ${end}`;
  const reply = output === undefined ? '?' : shorten(canonicalText(output));
  return `  client ${client} [${times}] ${shorten(canonicalText(input))} -> ${reply}`;
}

function shorten(text: string): string {
  if (text.length <= stateLengthMax) return text;
  const half = stateLengthMax / 2;
  return `${text.slice(0, half)} ... ${text.slice(-half)}`;
}

/**
 * Builds a history from what a test sees happen: calls, and how each ended. Time is the count of
 * what was recorded, so recording must happen in the very turn in which the call or the reply does.
 */
import { assert } from '../../base/assert.ts';
import { type History, neverReturned, type Operation } from './model.ts';

/** Past it `invoke` throws: a test with more wants several histories. */
const recordedMax = 1_000_000;

interface Pending<Input> {
  readonly client: number;
  readonly input: Input;
  readonly call: number;
}

export class HistoryRecorder<Input, Output> {
  readonly #pending = new Map<number, Pending<Input>>();
  readonly #ended: Operation<Input, Output>[] = [];
  #time = 0;
  #operations = 0;

  /** A call begins. Gives the number by which its end is recorded. */
  invoke(client: number, input: Input): number {
    assert(this.#operations < recordedMax, `a history of over ${recordedMax} operations`);
    const operation = this.#operations++;
    this.#pending.set(operation, { client, input, call: this.#time++ });
    return operation;
  }

  /** It returned. An output is never undefined, as that stands for an unknown one. */
  ok(operation: number, output: Output): void {
    assert(output !== undefined, 'an output of undefined stands for an unknown one: wrap it');
    const { client, input, call } = this.#end(operation);
    this.#ended.push({ client, input, output, call, return: this.#time++ });
  }

  /** It is certain not to have happened (an error of outcome `not-applied`), so it is left out. */
  fail(operation: number): void {
    this.#end(operation);
  }

  /** Nobody knows (a timeout, a lost connection): it may still happen at any time. */
  unknown(operation: number): void {
    const { client, input, call } = this.#end(operation);
    this.#ended.push({ client, input, output: undefined, call, return: neverReturned });
  }

  /** What was recorded up to now; a call that has not ended counts as unknown. */
  history(): History<Input, Output> {
    const open = [...this.#pending.values()].map(({ client, input, call }) => ({
      client,
      input,
      output: undefined,
      call,
      return: neverReturned,
    }));
    return [...this.#ended, ...open];
  }

  #end(operation: number): Pending<Input> {
    const pending = this.#pending.get(operation);
    assert(pending !== undefined, `operation ${operation} ended that was not under way`);
    this.#pending.delete(operation);
    return pending;
  }
}

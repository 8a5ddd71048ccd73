/**
 * The words of the checker: what a history is made of, and what a sequential model must say.
 *
 * A history is linearizable when each operation can be given one moment between its call and its
 * return such that, in the order of these moments, a single copy of the object gives the same
 * outputs. A model is that single copy.
 */

/** The return of an operation whose outcome nobody knows. */
export const neverReturned = Number.POSITIVE_INFINITY;

/**
 * One operation as its client saw it. An operation without a reply has no output and returns at
 * `neverReturned`: it may have happened at any time after its call, or not at all. One that is known
 * not to have happened does not belong in a history.
 */
export interface Operation<Input, Output> {
  readonly client: number;
  readonly input: Input;
  readonly output: Output | undefined;
  readonly call: number;
  readonly return: number;
}

export type History<Input, Output> = readonly Operation<Input, Output>[];

export interface Model<State, Input, Output> {
  init(): State;
  /**
   * The state after the operation, or undefined where this output cannot come of this state. An
   * output of undefined is an unknown one: whatever it was, it is allowed. The given state is not
   * changed.
   */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
  /** The same text for equal states, and for no others. */
  textOf(state: State): string;
  /**
   * The same text for inputs that do the same, and for no others: of several such operations without
   * a reply, the search tries one at a time.
   */
  inputText(input: Input): string;
  /** Whether the operation leaves every state as it is. A wrong yes makes the search unsound. */
  isRead(input: Input, output: Output | undefined): boolean;
  /**
   * Of a model whose states are sets of possibilities: whether the operation changes none of them, and at
   * most rules some out. @default none does
   */
  isLook?(input: Input): boolean;
  /** Histories that are linearizable together if and only if each one is, by key. */
  partition(history: History<Input, Output>): ReadonlyMap<string, History<Input, Output>>;
}

/** Splits a history by the key of each input, in order of first appearance. */
export function partitionBy<Input, Output>(
  history: History<Input, Output>,
  keyOf: (input: Input) => string,
): ReadonlyMap<string, History<Input, Output>> {
  const partitions = new Map<string, Operation<Input, Output>[]>();
  for (const operation of history) {
    const key = keyOf(operation.input);
    const partition = partitions.get(key);
    if (partition === undefined) partitions.set(key, [operation]);
    else partition.push(operation);
  }
  return partitions;
}

/** The definition of linearizability as it stands, with no cleverness: for tiny histories only. */
import {
  type History,
  type Model,
  neverReturned,
} from '../../src/testing/linearizability/model.ts';

export function isLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: History<Input, Output>,
  state: State = model.init(),
): boolean {
  if (history.every((operation) => operation.return === neverReturned)) return true;
  return history.some((operation) => {
    const rest = history.filter((other) => other !== operation);
    if (rest.some((other) => other.return < operation.call)) return false;
    const after = model.step(state, operation.input, operation.output);
    return after !== undefined && isLinearizable(model, rest, after);
  });
}

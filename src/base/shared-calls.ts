/** Calls that ask the same at the same time share one answer. */

type Done<Result> = (result: Result) => void;

export class SharedCalls<Result> {
  readonly #open = new Map<string, Done<Result>[]>();

  /** `begin` is called where nobody is waiting for the same; what it ends with goes to all who are by then. */
  call(question: string, done: Done<Result>, begin: (done: Done<Result>) => void): void {
    const others = this.#open.get(question);
    if (others !== undefined) {
      others.push(done);
      return;
    }
    const all = [done];
    this.#open.set(question, all);
    begin((result) => {
      this.#open.delete(question);
      for (const each of all) each(result);
    });
  }
}

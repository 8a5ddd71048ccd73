/** How often what happened: a simulation in which nothing happens proves nothing. */

export class Counts {
  readonly messages = new Map<string, number>();
  readonly faults = new Map<string, number>();

  /** What became of the sockets of light clients. */
  readonly sockets = new Map<string, number>();

  message(kind: string): void {
    this.messages.set(kind, (this.messages.get(kind) ?? 0) + 1);
  }

  fault(kind: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }

  socket(what: string): void {
    this.sockets.set(what, (this.sockets.get(what) ?? 0) + 1);
  }
}

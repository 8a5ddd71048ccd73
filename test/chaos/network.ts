/** What a run asks of the network between its members and clients. */

/** Where one member listens, and where others find it. */
export interface Place {
  readonly listen: { readonly host: string; readonly port: number };
  readonly advertise: string;
  /** The address from which it dials others. */
  readonly dialFrom: string;
  /** What stands before the command of its process. */
  readonly prefix: readonly string[];
}

/** A member by its number, or the process with all the clients. */
export type End = number | 'clients';

export interface Network {
  /** What it is, for the report. */
  readonly name: string;
  readonly places: readonly Place[];
  /** Whether it can lose single packets. */
  readonly canLose: boolean;
  /** Nothing that one end says reaches the other, in one direction for each pair, until all is healed. */
  drop(pairs: readonly (readonly [from: End, to: End])[]): Promise<void>;
  /** Connections between the member and the others end with a RST. */
  reset(member: number, others: readonly End[]): Promise<void>;
  /** This share of all packets is lost until all is healed. */
  lose(share: number): Promise<void>;
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** Both directions between each of one side and each of the other. */
export function between(
  side: readonly End[],
  other: readonly End[],
): (readonly [from: End, to: End])[] {
  return side.flatMap((one) => other.flatMap((two) => [[one, two] as const, [two, one] as const]));
}

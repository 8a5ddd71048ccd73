/** What a member's process and the run that started it say to each other. */
import type { JoinOptions } from '../../src/grid.ts';

/** Given on the command line, as JSON. */
export interface MemberConfig extends JoinOptions {
  readonly name: string;
  /** The loopback address from which it dials others, so that a proxy knows whose a connection is. */
  readonly dialFrom: string;
}

export type ToMember = { readonly do: 'leave' };

export type FromMember =
  | { readonly tell: 'ready' }
  /** It is out of the grid without having been asked to leave. */
  | { readonly tell: 'closed' };

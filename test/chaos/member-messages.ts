/** What a member's process and the run that started it say to each other. */
import type { JoinOptions } from '../../src/grid.ts';
import type { CopyDigest } from '../../src/member/local-view.ts';
import type { FromCalled, ToCalled } from './called-messages.ts';
import type { TrapOrder } from './trap.ts';

/** Given on the command line, as JSON. */
export interface MemberConfig extends JoinOptions {
  readonly name: string;
  /** The address from which it dials others, so that a proxy knows whose a connection is. */
  readonly dialFrom: string;
}

export type ToMember =
  | ToCalled
  | { readonly do: 'digests'; readonly request: number }
  /** Its thread does nothing else for so long. */
  | { readonly do: 'block'; readonly ms: number }
  | ({ readonly do: 'trap' } & TrapOrder)
  | { readonly do: 'leave' };

export type FromMember =
  | FromCalled
  /** A trap springs in it: that member is killed now, which may be itself. */
  | { readonly tell: 'sprung'; readonly victim: string }
  | {
      readonly tell: 'digests';
      readonly request: number;
      readonly digests: readonly CopyDigest[];
    };

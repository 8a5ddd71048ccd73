/** What a member's process and the run that started it say to each other. */
import type { JoinOptions } from '../../src/grid.ts';
import type { TopicGap } from '../../src/grid-topic.ts';
import type { CopyDigest } from '../../src/member/local-view.ts';
import type { From } from '../../src/structures/topic/topic-reader.ts';
import type { Answer, Call } from './calls.ts';
import type { TrapOrder } from './trap.ts';

/** Given on the command line, as JSON. */
export interface MemberConfig extends JoinOptions {
  readonly name: string;
  /** The address from which it dials others, so that a proxy knows whose a connection is. */
  readonly dialFrom: string;
}

/** `request`: a number that the answer repeats. */
export type ToMember =
  | { readonly do: 'call'; readonly request: number; readonly call: Call }
  | {
      readonly do: 'subscribe';
      readonly request: number;
      readonly topic: string;
      readonly from: From;
    }
  /** `request`: that of the subscription. */
  | { readonly do: 'unsubscribe'; readonly request: number }
  | { readonly do: 'digests'; readonly request: number }
  /** Its thread does nothing else for so long. */
  | { readonly do: 'block'; readonly ms: number }
  | ({ readonly do: 'trap' } & TrapOrder)
  | { readonly do: 'leave' };

export type FromMember =
  | { readonly tell: 'ready' }
  /** It is out of the grid without having been asked to leave. */
  | { readonly tell: 'closed' }
  /** A trap springs in it: that member is killed now, which may be itself. */
  | { readonly tell: 'sprung'; readonly victim: string }
  | { readonly tell: 'answer'; readonly request: number; readonly answer: Answer }
  /** With a code where it is not in force. */
  | { readonly tell: 'subscribed'; readonly request: number; readonly code?: string }
  | {
      readonly tell: 'message';
      readonly request: number;
      readonly sequence: number;
      readonly message: unknown;
    }
  | { readonly tell: 'gap'; readonly request: number; readonly gap: TopicGap }
  | {
      readonly tell: 'digests';
      readonly request: number;
      readonly digests: readonly CopyDigest[];
    };

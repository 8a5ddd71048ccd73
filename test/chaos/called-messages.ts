/** What a process that calls the grid and the run that started it say to each other, be it a member or a client. */
import type { TopicGap } from '../../src/grid-topic.ts';
import type { From } from '../../src/structures/topic/topic-reader.ts';
import type { Answer, Call } from './calls.ts';

/** `request`: a number that the answer repeats. */
export type ToCalled =
  | { readonly do: 'call'; readonly request: number; readonly call: Call }
  | {
      readonly do: 'subscribe';
      readonly request: number;
      readonly topic: string;
      readonly from: From;
    }
  /** `request`: that of the subscription. */
  | { readonly do: 'unsubscribe'; readonly request: number };

export type FromCalled =
  | { readonly tell: 'ready' }
  /** It is out of the grid without having been asked to leave. */
  | { readonly tell: 'closed' }
  | { readonly tell: 'answer'; readonly request: number; readonly answer: Answer }
  /** With a code where it is not in force. */
  | { readonly tell: 'subscribed'; readonly request: number; readonly code?: string }
  | {
      readonly tell: 'message';
      readonly request: number;
      readonly sequence: number;
      readonly message: unknown;
    }
  | { readonly tell: 'gap'; readonly request: number; readonly gap: TopicGap };

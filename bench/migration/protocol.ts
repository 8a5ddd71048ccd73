/** What the processes of the migration bench say to each other. */
import type { Lateness } from '../compare/lateness.ts';

export const mapName = 'load';
export const entries = 1_000_000;

/** With its key and its head about 100 bytes. */
export function textOf(number: number): string {
  return `${number}`.padStart(60, 'v');
}

/** When a partition stopped or began to serve somewhere, on the wall clock that all processes share. */
export interface Handover {
  readonly partition: number;
  readonly at: number;
  readonly kind: 'stops' | 'serves';
}

export type ToMember =
  | { readonly kind: 'join'; readonly seeds: readonly string[] }
  | { readonly kind: 'fill'; readonly from: number; readonly to: number }
  | { readonly kind: 'watch' }
  | { readonly kind: 'report' }
  | { readonly kind: 'leave' };

export type FromMember =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'ready'; readonly address: string }
  | { readonly kind: 'progress'; readonly made: number; readonly left: number }
  /** A partition has another primary. */
  | { readonly kind: 'moved' }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly why: string }
  | {
      readonly kind: 'report';
      readonly handovers: readonly Handover[];
      readonly lateness: Lateness | undefined;
      /** What the process has used, ever. */
      readonly cpuMs: number;
    };

export type ToCaller =
  /** As many as go, for the peak. */
  | { readonly kind: 'flood'; readonly seconds: number }
  /** So many a second, whatever becomes of them; until `stop`. */
  | { readonly kind: 'offer'; readonly perSecond: number }
  /** The figures since the last of these, and new ones from here on. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'stop' };

export interface CallFigures {
  readonly calls: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly errors: number;
  /** What the process has used, ever. */
  readonly cpuMs: number;
}

export type FromCaller =
  | { readonly kind: 'ready' }
  | { readonly kind: 'figures'; readonly figures: CallFigures }
  | { readonly kind: 'failed'; readonly why: string };

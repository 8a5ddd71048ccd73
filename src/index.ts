/** The public entry of `shoal`: what is exported here is the contract, everything else may change. */
export { GridError, type GridErrorCode, type Outcome } from './base/errors.ts';
export type {
  CallOptions,
  Duration,
  GridEvent,
  GridMap,
  JoinOptions,
  Key,
  LocalMap,
  MapEntry,
  MapOptions,
  Member,
  TlsOptions,
} from './grid.ts';

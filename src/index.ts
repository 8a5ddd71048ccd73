/** The public entry of `shoal`: what is exported here is the contract, everything else may change. */
export { GridError, type GridErrorCode, type Outcome } from './base/errors.ts';

/** What a light client's process and the run that started it say to each other. */
import type { ConnectOptions } from '../../src/grid.ts';
import type { FromCalled } from './called-messages.ts';

/** Given on the command line, as JSON. */
export interface ClientConfig extends Pick<ConnectOptions, 'cluster' | 'routing' | 'token'> {
  readonly urls: readonly string[];
}

export type FromClient =
  | FromCalled
  /** It relies on another member from now on: its address, empty where it is connected to none. */
  | { readonly tell: 'gateway'; readonly address: string };

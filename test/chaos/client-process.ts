/** A light client as a process of its own: when it is killed its session ends without a word. */
import { fileURLToPath } from 'node:url';
import type { FromCalled } from './called-messages.ts';
import { CalledProcess, type CalledProcessOptions } from './called-process.ts';
import type { ClientConfig, FromClient } from './client-messages.ts';

const program = fileURLToPath(new URL('./client-program.ts', import.meta.url));

type Told = Exclude<FromClient, FromCalled>;

export interface ClientProcessOptions extends Omit<CalledProcessOptions, 'words' | 'prefix'> {
  readonly config: ClientConfig;
}

export class ClientProcess extends CalledProcess<never, Told> {
  /** The address of the member that it relies on; empty where it is connected to none. */
  gateway = '';

  constructor(name: string, { config, ...options }: ClientProcessOptions) {
    super(name, { ...options, prefix: [], words: [program, JSON.stringify(config)] });
  }

  protected receive({ address }: Told): void {
    this.gateway = address;
  }

  protected forget(): void {
    this.gateway = '';
  }
}

/** What passes between the comparison and the process of a driver. */
import type { Addresses, DriverName, ValueKind } from './drivers/driver.ts';
import type { Lateness } from './lateness.ts';
import type { Task, TaskResult } from './tasks/task.ts';

export type ToDriver =
  | { readonly do: 'open'; readonly driver: DriverName; readonly addresses: Addresses }
  | { readonly do: 'fill'; readonly values: ValueKind; readonly count: number }
  | { readonly do: 'run'; readonly task: Task; readonly seconds: number }
  /** From now on it is measured how late the event loop is. */
  | { readonly do: 'watch-loop' }
  | { readonly do: 'tell-loop' }
  | { readonly do: 'close' };

/** Each message is answered by one of these, in turn. */
export type FromDriver =
  | { readonly told: 'done' }
  /** The address is that of a member. */
  | { readonly told: 'opened'; readonly address: string | undefined }
  | { readonly told: 'ran'; readonly result: TaskResult }
  | { readonly told: 'loop'; readonly lateness: Lateness }
  | { readonly told: 'failed'; readonly why: string };

export type Told<Kind extends FromDriver['told']> = Extract<FromDriver, { told: Kind }>;

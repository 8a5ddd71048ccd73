/** What passes between the comparison and the process of a driver. */
import type { Addresses, DriverName, ValueKind } from './drivers/driver.ts';
import type { Task, TaskResult } from './tasks/task.ts';

export type ToDriver =
  | { readonly do: 'open'; readonly driver: DriverName; readonly addresses: Addresses }
  | { readonly do: 'fill'; readonly values: ValueKind }
  | { readonly do: 'run'; readonly task: Task; readonly seconds: number }
  | { readonly do: 'close' };

/** Each message is answered by one of these, in turn. */
export type FromDriver =
  | { readonly told: 'done'; readonly result?: TaskResult }
  | { readonly told: 'failed'; readonly why: string };

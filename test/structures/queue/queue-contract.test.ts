import { systemClock } from '../../../src/base/clock.ts';
import { QueueHandle } from '../../../src/structures/queue/queue-handle.ts';
import { queueContract } from '../../contract/queue-contract.ts';
import { LocalRouter } from '../../support/local-router.ts';

queueContract(
  'a local router',
  async (definition = {}) =>
    new QueueHandle({
      router: new LocalRouter(),
      clock: systemClock,
      name: 'jobs',
      definition: { ...definition },
    }),
);

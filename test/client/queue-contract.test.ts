/** The queue's contract on light clients over real sockets: straight to the primary, and through one member. */
import { queueContract } from '../contract/queue-contract.ts';
import { describeBothRoutings } from '../support/clients.ts';

describeBothRoutings('clients over real sockets, with queues', (clients) => {
  let queues = 0;

  queueContract('a client that goes to each primary', async (options) =>
    clients.direct.queue(`queue ${queues++}`, options),
  );
  queueContract('a client behind one member', async (options) =>
    clients.through.queue(`queue ${queues++}`, options),
  );
});

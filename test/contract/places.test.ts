/** The contracts of all structures, from every place from which a grid is used. */
import { describePlaces } from '../support/places.ts';
import { mapContract } from './map-contract.ts';
import { queueContract } from './queue-contract.ts';
import { topicContract } from './topic-contract.ts';

let made = 0;

describePlaces('the contract over real sockets', (places) => {
  for (const { title, user, other } of places) {
    mapContract(title, async () => user().map(`map ${made++}`));
    queueContract(title, async (options) => user().queue(`queue ${made++}`, options));
    topicContract(title, async (options) => {
      const name = `topic ${made++}`;
      return { topic: user().topic(name, options), other: other().topic(name, options) };
    });
  }
});

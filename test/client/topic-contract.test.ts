/** The topic's contract on light clients over real sockets: straight to the primary, and through one member. */
import { topicContract } from '../contract/topic-contract.ts';
import { describeBothRoutings } from '../support/clients.ts';

describeBothRoutings('topics of clients over real sockets', (clients) => {
  let topics = 0;

  topicContract('a client that goes to each primary', async (options) => {
    const name = `topic ${topics++}`;
    const { direct, through } = clients;
    return { topic: direct.topic(name, options), other: through.topic(name, options) };
  });
  topicContract('a client behind one member', async (options) => {
    const name = `topic ${topics++}`;
    const { direct, through } = clients;
    return { topic: through.topic(name, options), other: direct.topic(name, options) };
  });
});

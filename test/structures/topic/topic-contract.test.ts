import { systemClock } from '../../../src/base/clock.ts';
import { defaultLimits } from '../../../src/base/limits.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { TopicHandle } from '../../../src/structures/topic/topic-handle.ts';
import { Topics } from '../../../src/structures/topic/topics.ts';
import { topicContract } from '../../contract/topic-contract.ts';
import { LocalRouter } from '../../support/local-router.ts';

describe('a local router', () => {
  const open: Topics[] = [];

  afterEach(() => {
    for (const topics of open.splice(0)) topics.close(undefined);
  });

  topicContract('a local router', async (options = {}) => {
    const router = new LocalRouter();
    const make = () => {
      const common = { router, clock: systemClock, limits: defaultLimits, logger: silentLogger };
      const topics = new Topics(common);
      open.push(topics);
      return new TopicHandle({ topics, name: 'news', definition: { ...options } });
    };
    return { topic: make(), other: make() };
  });
});

import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.ts';
import { defaultLimits } from '../../../src/base/limits.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { TopicHandle } from '../../../src/structures/topic/topic-handle.ts';
import { topicOps } from '../../../src/structures/topic/topic-ops.ts';
import { Topics } from '../../../src/structures/topic/topics.ts';
import { LocalRouter } from '../../support/local-router.ts';
import { until } from '../../transport/until.ts';

function topicsAlone() {
  const router = new LocalRouter();
  const topics = new Topics({
    router,
    clock: systemClock,
    limits: defaultLimits,
    logger: silentLogger,
  });
  const topic = (name: string) => new TopicHandle<number>({ topics, name });
  return { router, topics, topic };
}

describe('the topics of a process', () => {
  it('are kept for as long as somebody subscribes to them', async () => {
    const { router, topics, topic } = topicsAlone();
    for (let at = 0; at < 50; at++) {
      const subscription = await topic(`reply ${at}`).subscribe(() => {});
      expect(topics.size).to.equal(1);
      await subscription.close();
      expect(topics.size).to.equal(0);
    }
    router.intercept = ({ op, reject }) => {
      if (op[0] !== topicOps.head) return false;
      reject(new Error('not now') as never);
      return true;
    };
    const failed = await topic('reply')
      .subscribe(() => {})
      .catch(() => 'failed');
    expect([failed, topics.size]).to.deep.equal(['failed', 0]);
  });

  it('stay where one subscriber leaves while another is coming', async () => {
    const { topics, topic } = topicsAlone();
    const got: number[] = [];
    const first = await topic('news').subscribe(() => {});
    const coming = topic('news').subscribe((message) => void got.push(message));
    await first.close();
    const second = await coming;
    expect(topics.size).to.equal(1);
    await topic('news').publish(7);
    await until(() => got.length === 1, 'the message');
    await second.close();
    expect(topics.size).to.equal(0);
  });
});

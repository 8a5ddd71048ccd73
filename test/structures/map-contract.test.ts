import { MapHandle } from '../../src/structures/map/map-handle.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { mapContract } from '../contract/map-contract.ts';
import { LocalRouter } from '../support/local-router.ts';

mapContract('a local router', async () => {
  const router = new LocalRouter();
  router.msPerOperation = 1;
  return new MapHandle({ router, clock: new HandClock(), name: 'users' });
});

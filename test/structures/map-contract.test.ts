import { MapHandle } from '../../src/structures/map/map-handle.ts';
import { HandClock } from '../actors/hand-clock.ts';
import { mapContract } from '../contract/map-contract.ts';
import { LocalRouter } from '../support/local-router.ts';

mapContract(
  'a local router',
  async () => new MapHandle({ router: new LocalRouter(), clock: new HandClock(), name: 'users' }),
);

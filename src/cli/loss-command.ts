/** `shoal accept-loss` and `shoal go-on-alone`: somebody's word that what is gone will not come back. */
import { clientCommand } from './client-command.ts';

export const acceptLoss = clientCommand({
  name: 'accept-loss',
  description:
    'gives up the members that are suspended: partitions that nobody else has a copy of begin anew, empty',
  words: [],
  run: async ({ client, call, show }) => {
    await client.acceptLoss(call);
    await show({ accepted: true }, 'accepted');
  },
});

export const goOnAlone = clientCommand({
  name: 'go-on-alone',
  description:
    'has the member at --url go on with what it holds where a majority of the voters is gone for good',
  words: [],
  run: async ({ client, call, show }) => {
    await client.goOnAlone(call);
    await show({ goesOn: true }, 'it goes on alone');
  },
});

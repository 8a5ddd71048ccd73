/** `shoal accept-loss`: somebody's word that what is gone will not come back. */
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

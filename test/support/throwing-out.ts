/** Has a member believe that the others removed it, so that its process comes back as another one. */
import type { Address, MemberId } from '../../src/base/ids.ts';
import type { Grid } from '../../src/index.ts';
import { WebSocketTransport } from '../../src/transport/websocket.ts';
import type { Message } from '../../src/wire/messages.ts';
import { until } from '../transport/until.ts';

/** Resolves when the identity is over, for which there is another one as a rule; that may not be in yet. */
export async function throwOut(grid: Grid, isOver?: () => boolean): Promise<void> {
  const { id, address } = grid.self;
  const liar = await WebSocketTransport.open({ id: 'liar#1' as MemberId, cluster: 'shoal' });
  let lineage = '';
  const onMessage = (_: unknown, message: Message) => {
    if (message.kind === 'meta.proposed') lineage = message.lineage;
  };
  liar.listen({ onMessage, onUp: () => {}, onDown: () => {} });
  const tell = (message: Message) =>
    liar.send(address as Address, id as MemberId, 'control', message);
  const command = new Uint8Array(0);
  tell({ kind: 'meta.propose', request: 1, command, lineage });
  await until(() => lineage !== '', 'the lineage of the member');
  tell({ kind: 'meta.removed', sentAt: 0, lineage: 'another' });
  tell({ kind: 'meta.removed', sentAt: 0, lineage });
  await until(isOver ?? (() => grid.self.id !== id), 'another identity');
  await liar.closed();
}

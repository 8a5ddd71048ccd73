/** One member process of a run: joins, and does what the run says. Its log goes to its standard error. */
import net from 'node:net';
import { destination, pino } from 'pino';
import { Grid } from '../../src/index.ts';
import type { FromMember, MemberConfig, ToMember } from './member-messages.ts';

const { dialFrom, ...options } = JSON.parse(process.argv[2] ?? '{}') as MemberConfig;

const connect = net.connect;
/** Called by the sockets of `ws`, with options. */
net.connect = ((given: net.NetConnectOpts, ...rest: []) =>
  connect({ ...given, localAddress: dialFrom } as net.NetConnectOpts, ...rest)) as typeof connect;

// Whoever started it is gone.
process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => {});

const logger = pino({ level: 'warn', name: options.name }, destination(2));
const grid = await Grid.join({ ...options, logger, timeout: '60s' });
let isLeaving = false;

process.on('message', (message: ToMember) => {
  switch (message.do) {
    case 'leave':
      isLeaving = true;
      void grid.leave({ timeout: '60s' }).then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ error: String(error) }, 'leaving failed');
          process.exit(3);
        },
      );
      break;
  }
});
void grid.closed.then(() => {
  if (!isLeaving) tell({ tell: 'closed' });
});
tell({ tell: 'ready' });

function tell(message: FromMember): void {
  process.send?.(message);
}

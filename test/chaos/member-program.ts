/** One member process of a run: joins, and does what the run says. Its log goes to its standard error. */
import net from 'node:net';
import { destination, pino } from 'pino';
import { adminOf } from '../../src/admin/http.ts';
import type { Grid } from '../../src/grid.ts';
import { GridMember } from '../../src/member/grid-member.ts';
import type { LocalView } from '../../src/member/local-view.ts';
import { Obedience } from './called-program.ts';
import type { FromMember, MemberConfig, ToMember } from './member-messages.ts';
import { SetTrap } from './trap.ts';

const { dialFrom, ...options } = JSON.parse(process.argv[2] ?? '{}') as MemberConfig;

const connect = net.connect;
/** Called by the sockets of `ws`, with options. */
net.connect = ((given: net.NetConnectOpts, ...rest: []) =>
  connect({ ...given, localAddress: dialFrom } as net.NetConnectOpts, ...rest)) as typeof connect;

// Whoever started it is gone.
process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => {});

const logger = pino({ level: 'warn', name: options.name }, destination(2));
let view: LocalView | undefined;
const trap = new SetTrap(
  () => view,
  (victim) => tell({ tell: 'sprung', victim }),
);
// A trap may be set before it is in.
const early = (message: ToMember) => {
  if (message.do === 'trap') trap.set(message);
};
process.on('message', early);
const grid: Grid = await GridMember.join(
  { ...options, logger, timeout: '60s' },
  (given) => {
    view = given;
    return adminOf(given);
  },
  trap.beforeStep,
);
process.off('message', early);
const obedience = new Obedience(grid, tell);
let isLeaving = false;

process.on('message', (message: ToMember) => {
  // What is thrown here is a bug, and ends the process with a trace in its log.
  void obey(message);
});
void grid.closed.then(() => {
  if (!isLeaving) tell({ tell: 'closed' });
});
tell({ tell: 'ready' });

async function obey(message: ToMember): Promise<void> {
  switch (message.do) {
    case 'call':
    case 'subscribe':
    case 'unsubscribe':
      return obedience.obey(message);
    case 'digests': {
      const { request } = message;
      tell({ tell: 'digests', request, digests: [...(view?.digests() ?? [])] });
      return;
    }
    case 'block': {
      const end = performance.now() + message.ms;
      while (performance.now() < end);
      return;
    }
    case 'trap':
      trap.set(message);
      return;
    case 'leave':
      return leave();
  }
}

async function leave(): Promise<void> {
  isLeaving = true;
  try {
    await grid.leave({ timeout: '60s' });
    process.exit(0);
  } catch (error) {
    logger.error({ error: String(error) }, 'leaving failed');
    process.exit(3);
  }
}

function tell(message: FromMember): void {
  process.send?.(message);
}

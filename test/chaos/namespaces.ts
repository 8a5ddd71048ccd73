/**
 * Network namespaces: one for each member and one for the run with its clients, joined by a bridge. They are
 * the kernel's own network, cut by its own packet filter, so that what is lost is lost as on a real wire.
 *
 * The process that makes them starts the run inside the one with the bridge, waits, and takes all away.
 */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Namespaces {
  /** The one with the bridge, where the run is. */
  readonly hub: string;
  readonly hubAddress: string;
  readonly members: readonly { readonly name: string; readonly address: string }[];
}

/** Why this machine can make none; empty where it can. */
export function whyNoNamespaces(): string {
  const isRoot = process.getuid?.() === 0;
  if (process.platform !== 'linux' || !isRoot) return 'they take Linux, and root';
  const probe = `shoal${process.pid}probe`;
  const tries: readonly (readonly [string, ...string[]])[] = [
    ['ip', 'netns', 'add', probe],
    ['ip', '-n', probe, 'link', 'add', 'shoalbr', 'type', 'bridge'],
    [
      'ip',
      'netns',
      'exec',
      probe,
      'iptables',
      '-w',
      '-A',
      'INPUT',
      '-m',
      'statistic',
      '--mode',
      'random',
      '--probability',
      '0.05',
      '-j',
      'DROP',
    ],
    [
      'ip',
      'netns',
      'exec',
      probe,
      'iptables',
      '-w',
      '-A',
      'INPUT',
      '-p',
      'tcp',
      '-j',
      'REJECT',
      '--reject-with',
      'tcp-reset',
    ],
  ];
  let reason = '';
  for (const [command, ...args] of tries) {
    const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
    if (status === 0) continue;
    reason = `${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`;
    break;
  }
  spawnSync('ip', ['netns', 'delete', probe]);
  return reason;
}

export async function makeNamespaces(members: number): Promise<Namespaces> {
  await deleteLeftOver();
  const hub = `shoal${process.pid}hub`;
  const hubAddress = '10.77.0.254';
  await run('ip', ['netns', 'add', hub]);
  await run('ip', ['-n', hub, 'link', 'set', 'lo', 'up']);
  await run('ip', ['-n', hub, 'link', 'add', 'br0', 'type', 'bridge']);
  await run('ip', ['-n', hub, 'address', 'add', `${hubAddress}/24`, 'dev', 'br0']);
  await run('ip', ['-n', hub, 'link', 'set', 'br0', 'up']);
  const made: { readonly name: string; readonly address: string }[] = [];
  for (let member = 0; member < members; member++) {
    const name = `shoal${process.pid}m${member}`;
    const address = `10.77.0.${member + 1}`;
    const near = `veth${member}`;
    await run('ip', ['netns', 'add', name]);
    await run('ip', [
      '-n',
      hub,
      'link',
      'add',
      near,
      'type',
      'veth',
      'peer',
      'eth0',
      'netns',
      name,
    ]);
    await run('ip', ['-n', hub, 'link', 'set', near, 'master', 'br0', 'up']);
    await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    await run('ip', ['-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
    await run('ip', ['-n', name, 'link', 'set', 'eth0', 'up']);
    made.push({ name, address });
  }
  return { hub, hubAddress, members: made };
}

export async function deleteNamespaces({ hub, members }: Namespaces): Promise<void> {
  for (const name of [hub, ...members.map((member) => member.name)]) {
    await run('ip', ['netns', 'delete', name]);
  }
}

/** Of runs whose process is gone. */
async function deleteLeftOver(): Promise<void> {
  const { stdout } = await run('ip', ['netns', 'list']);
  for (const [name, pid] of stdout.matchAll(/^shoal(\d+)(?:hub|m\d+|probe)\b/gm)) {
    try {
      process.kill(Number(pid), 0);
    } catch {
      await run('ip', ['netns', 'delete', name]);
    }
  }
}

/** What the short ways of the hot path have to keep, taken out (docs/decisions/0012). */
import { inTest, type Mutant } from './mutant.ts';

const primary = 'src/partition/primary.ts';
const replica = 'src/partition/replica.ts';
const replicas = 'partition/replica';

export const shortcutMutants: readonly Mutant[] = [
  {
    name: 'what waited for the table is taken whatever stream it came by',
    edits: [
      { file: 'src/partition/backup.ts', from: 'if (!this.#isCurrent(message)) continue;', to: '' },
    ],
    checks: [inTest(replicas, 'takes nothing that waited for the table once another stream')],
  },
  {
    name: 'what waits for the table waits for a resend',
    edits: [
      {
        file: replica,
        from: "if (this.role === 'backup') this.#backup.catchUp(nowMs);",
        to: "if (this.role === 'backup' && nowMs < 0) this.#backup.catchUp(nowMs);",
      },
    ],
    checks: [inTest(replicas, 'is followed by a peer whose table is behind as soon as')],
  },
  {
    name: 'a look on the spot sees what is not committed',
    edits: [
      {
        file: primary,
        from: 'return needs <= this.#state.commit ? seen : undefined;',
        to: 'return needs >= 0 ? seen : undefined;',
      },
    ],
    checks: [inTest(replicas, 'lets itself be looked at where a read would be answered at once')],
  },
  {
    name: 'a look on the spot asks for no lease',
    edits: [
      {
        file: primary,
        from: "if (typeof store === 'string' || this.#admission(store, nowMs) !== undefined) return undefined;",
        to: "if (typeof store === 'string') return undefined;",
      },
    ],
    checks: [inTest(replicas, 'lets itself be looked at where a read would be answered at once')],
  },
  {
    name: 'a look at what is settled asks for no lease',
    edits: [
      {
        file: replica,
        from: 'if (!this.#surroundings.isLeaseValid(nowMs)) return undefined;',
        to: '',
      },
    ],
    checks: [inTest(replicas, 'lets itself be looked at where a read would be answered at once')],
  },
  {
    name: 'a primary that waits for its backups counts as settled',
    edits: [
      {
        file: primary,
        from: 'return this.isServing && this.#pending.writes === 0;',
        to: 'return this.isServing;',
      },
    ],
    checks: [inTest(replicas, 'lets itself be looked at where a read would be answered at once')],
  },
  {
    name: 'a primary that is about to hand over counts as settled',
    edits: [
      {
        file: primary,
        from: 'return this.isServing && this.#pending.writes === 0;',
        to: 'return this.#pending.writes === 0;',
      },
    ],
    checks: [inTest(replicas, 'lets itself be looked at where a read would be answered at once')],
  },
  {
    name: 'what was given away is still looked at',
    edits: [
      {
        file: replica,
        from: 'this.#isSettled = false;\n    this.#primary?.stepDown(out);',
        to: 'this.#primary?.stepDown(out);',
      },
    ],
    checks: [inTest('partition/partition-host', 'lets nobody look at what it has given away')],
  },
  {
    name: 'a frame of a member is used again before it has left',
    edits: [
      {
        file: 'src/transport/link.ts',
        from: 'this.#connection?.send(frame, () => {\n      giveBack(frame);',
        to: 'giveBack(frame);\n    this.#connection?.send(frame, () => {',
      },
    ],
    checks: [inTest('transport/contract', 'a transport over WebSockets')],
  },
  {
    name: 'a frame for a client is used again before it has left',
    edits: [
      {
        file: 'src/member/client-connection.ts',
        from: 'this.#connection.send(frame, () => this.#written(frame));',
        to: 'giveBack(frame);\n      this.#connection.send(frame, () => this.#written(new Uint8Array()));',
      },
    ],
    checks: [
      inTest(
        'member/client-connection',
        'uses the memory of a frame again when the frame has left',
      ),
    ],
  },
  {
    name: 'what waits of a reply is lent still',
    edits: [
      {
        file: 'src/transport/outbox.ts',
        from: 'message: keptMessage(message)',
        to: 'message',
      },
    ],
    checks: [inTest('transport/outbox', 'keeps a reply as it was when it was given')],
  },
  {
    name: 'any number of reads is made within one turn',
    edits: [
      { file: 'src/partition/router.ts', from: 'this.#glancesLeft <= -glancesMax || ', to: '' },
    ],
    checks: [inTest('partition/router', 'reads on the spot for two shares of a turn')],
  },
  {
    name: 'a look on the spot overtakes what waits',
    edits: [
      { file: 'src/partition/partition-host.ts', from: ' || hosted.ref.waiting > 0', to: '' },
    ],
    checks: [inTest('partition/partition-host', 'lets nobody look past what waits')],
  },
  {
    name: 'looks on the spot never let go of the thread',
    edits: [
      { file: 'src/partition/router.ts', from: 'if (this.#glancesLeft > 0) return', to: 'return' },
    ],
    checks: [inTest('member/manners', 'while a caller reads its own keys')],
  },
  {
    name: 'data for another process at an address is sent to the one that is there',
    edits: [
      {
        file: 'src/transport/link.ts',
        from: 'if (id !== undefined && id !== this.#peer?.id) return true;',
        to: '',
      },
    ],
    checks: [inTest('transport/websocket', 'give a process what was sent to it')],
  },
  {
    name: 'a frame keeps the thread for longer than a turn',
    edits: [
      {
        file: 'src/actors/scheduler.ts',
        from: 'if (!this.#isGathering || this.#isHandling || !this.#hasBudget()) return false;',
        to: 'if (!this.#isGathering || this.#isHandling) return false;',
      },
    ],
    checks: [inTest('actors/actor-system', 'handles what is brought there and then')],
  },
  {
    name: 'what an actor tells while it handles something is handled within it',
    edits: [
      {
        file: 'src/actors/scheduler.ts',
        from: 'if (!this.#isGathering || this.#isHandling || !this.#hasBudget()) return false;',
        to: 'if (!this.#isGathering || !this.#hasBudget()) return false;',
      },
    ],
    checks: [
      inTest('actors/actor-system', 'handles what is brought there and then, one at a time'),
    ],
  },
  {
    name: 'an only copy answers without a lease',
    edits: [
      {
        file: primary,
        from: 'if (!isNext || !this.#state.options.surroundings.isLeaseValid(nowMs)) return false;',
        to: 'if (!isNext) return false;',
      },
    ],
    checks: [inTest(replicas, 'answers as the only copy, too, only where it still has a lease')],
  },
  {
    name: 'a primary without a tick forgets reads that wait',
    edits: [
      {
        file: primary,
        from: ' || (this.#polls?.count ?? 0) > 0) return false;',
        to: ') return false;',
      },
    ],
    checks: [inTest('partition/partition-host', 'gives no ticks to a primary that has nothing')],
  },
  {
    name: 'a primary without a tick forgets what is due',
    edits: [
      {
        file: primary,
        from: 'if (options.content.isDue(options.surroundings.gridTime(nowMs))) return false;',
        to: '',
      },
    ],
    checks: [inTest(replicas, 'does what time brings')],
  },
  {
    name: 'a structure that was destroyed is asked whether something is due',
    edits: [
      {
        file: 'src/partition/due-stores.ts',
        from: 'store === undefined || !this.#isThere(id) || ',
        to: 'store === undefined || ',
      },
    ],
    checks: [inTest(replicas, 'does what time brings')],
  },
  {
    name: 'a structure that was asked for last is used again without a note that it was',
    edits: [
      {
        file: 'src/partition/content.ts',
        from: 'if (this.#due.hasUsed) this.#lastStore = undefined;',
        to: '',
      },
    ],
    checks: [inTest('partition/content', 'asks again what is due where a structure was used')],
  },
  {
    name: 'a primary looks for what is due a second ahead, and never again',
    edits: [
      {
        file: 'src/partition/due-stores.ts',
        from: 'if (gridTime >= this.#lookAt) this.#lookAhead(gridTime);',
        to: 'if (this.#lookAt < 0) this.#lookAhead(gridTime);',
      },
    ],
    checks: [inTest('partition/due-stores', 'is found at its time')],
  },
  {
    name: 'a primary without a tick forgets peers that lack something',
    edits: [
      {
        file: 'src/partition/sync-set.ts',
        from: 'for (const peer of this.#peers.values()) if (!peer.isCalm) return false;',
        to: '',
      },
    ],
    checks: [inTest(replicas, 'tells an idle peer what is committed')],
  },
];

/** Rules taken out by which a lineage takes a copy over of a partition that it has lost (decision 18). */
import { inSplits, inTest, type Mutant } from './mutant.ts';

const adoption = 'src/partition/adoption.ts';
const revival = 'src/member/revival.ts';
const history = 'src/member/common-history.ts';
const copies = 'src/member/brought-parts.ts';
const parts = 'src/partition/parts.ts';
const record = 'src/member/merge-record.ts';
const merges = 'partition/merges';
const mergers = 'member/merger';
const shared = 'member/shared-copies';
const topicMerge = 'src/structures/topic/topic-merge.ts';
const histories = 'member/common-history';

export const adoptionMutants: readonly Mutant[] = [
  {
    name: 'a lost partition begins empty, and what another lineage has of it is brought like anything new',
    edits: [{ file: revival, from: 'if (this.#isSame(estate, shared))', to: 'if (partition < 0)' }],
    checks: [inTest(mergers, 'goes on with its own copy of a lost partition'), inSplits(104)],
  },
  {
    name: 'with a copy that is taken over it is forgotten where it comes from',
    edits: [
      {
        file: adoption,
        from: '...further({ path, steps }, {',
        to: '...further({ path: [], steps: [] }, {',
      },
    ],
    checks: [inTest(merges, 'have a lost partition go on with a copy'), inSplits(104)],
  },
  {
    name: 'a copy that is taken over stays below the versions that it has',
    edits: [{ file: adoption, from: 'rankOf(left)', to: '0' }],
    checks: [inTest(merges, 'have a lost partition go on with a copy')],
  },
  {
    name: 'a partition that began anew counts as what it was',
    edits: [
      {
        file: 'src/partition/meta-machine.ts',
        from: 'if (row.generation > 0) this.#goOn(begunAnew(this, partition));',
        to: '',
      },
    ],
    checks: [inTest(merges, 'has nothing in common any more')],
  },
  {
    name: 'a copy is taken over in which a structure is not what it is there',
    edits: [
      {
        file: revival,
        from: 'shared.has(id) || entries === 0 || !structures.has(id)',
        to: 'structures.has(id) || entries >= 0',
      },
    ],
    checks: [inTest(mergers, 'where a structure in it is not the same there')],
  },
  {
    name: 'what is on its way to a lost partition arrives in what comes back',
    edits: [
      { file: revival, from: 'for (const partition of busy) lost.delete(partition);', to: '' },
    ],
    checks: [inTest(mergers, 'adopts nothing to which something is still on its way')],
  },
  {
    name: 'what a copy had told nobody of is taken over with it',
    edits: [{ file: 'src/member/merger.ts', from: '    content.takeBack(untold);', to: '' }],
    checks: [inTest(mergers, 'takes back what it had told nobody of')],
  },
  {
    name: 'a copy that is taken over is not looked for',
    edits: [
      {
        file: 'src/partition/partition-host.ts',
        from: 'const content = this.#options.heirloom?.(partition);',
        to: 'const content = partition < 0 ? this.#options.heirloom?.(partition) : undefined;',
      },
    ],
    checks: [inTest('partition/partition-host', 'goes on with a content from another lineage')],
  },
  {
    name: 'who has brought what it had is waited for again',
    edits: [
      {
        file: 'src/partition/merges.ts',
        from: '[...all].filter((id) => !closed.includes(id))',
        to: '[...all]',
      },
    ],
    checks: [inTest(merges, 'waits for nobody again')],
  },
  {
    name: 'whoever went on alone is waited for by what it began',
    edits: [
      {
        file: 'src/partition/merges.ts',
        from: 'contributors.filter((id) => survivors.includes(id))',
        to: 'contributors.slice(0, 0)',
      },
    ],
    checks: [inTest(merges, 'waits for nothing from whoever went on alone')],
  },
  {
    name: 'a lineage asks to be taken in while others bring what they have',
    edits: [
      {
        file: 'src/partition/healer.ts',
        from: 'nowMs - this.#heldSince < this.#timings.removeAfterMs',
        to: 'nowMs < this.#heldSince',
      },
    ],
    checks: [inTest('partition/healer', 'asks for nothing while others bring')],
  },
  {
    name: 'a fork brings again what its lineage has brought of a copy that that had taken over',
    edits: [
      {
        file: record,
        from: 'const { path, steps } = lineOf(state.lineage, partition);',
        to: 'const { path, steps } = lineOf({ ...state.lineage, lines: [] }, partition);',
      },
    ],
    checks: [inTest(mergers, 'tells how that came about which it has brought')],
  },
  {
    name: 'what was brought of an earlier history counts as all that was',
    edits: [
      {
        file: history,
        from: 'after: Math.max(brought, theirsFrom(parting), theirsFrom(other))',
        to: 'after: Math.max(brought, theirsFrom(other ?? parting))',
      },
    ],
    checks: [inTest(histories, 'ends with the last fork'), inSplits(121)],
  },
  {
    name: 'of what was brought before only that of the lineage that was taken in last is known',
    edits: [
      {
        file: copies,
        from: 'if (last === undefined || theirsFrom(parting) > theirsFrom(last)) last = parting;',
        to: 'last = parting;',
      },
    ],
    checks: [inTest(histories, 'come since from further back'), inSplits(2105)],
  },
  {
    name: 'of an older copy that was brought before a fork all counts that the fork took along',
    edits: [
      {
        file: parts,
        from: 'commonUpTo: Math.min(commonUpTo, upTo) };',
        to: 'commonUpTo };',
      },
    ],
    checks: [inTest(histories, 'no more than was brought of an older copy')],
  },
  {
    name: 'what the primaries of a lineage had told nobody of is brought by its fork',
    edits: [
      {
        file: parts,
        from: 'if (isWhole && rankOf(upTo) >= rankOf(commonUpTo)) return parting;',
        to: 'if (isWhole && upTo >= commonUpTo) return parting;',
      },
    ],
    checks: [inTest(histories, 'come since from further back'), inSplits(2105)],
  },
  {
    name: 'what a primary has brought is brought again by a copy that goes further',
    edits: [{ file: history, from: ' || this.#brought.isByPrimary(partition)', to: '' }],
    checks: [inTest(histories, 'whatever a copy has beyond'), inSplits(686)],
  },
  {
    name: 'what another member of the lineage has brought is brought once more',
    edits: [{ file: history, from: 'after: Math.max(brought, ', to: 'after: Math.max(0, ' }],
    checks: [inTest(histories, 'another member of the same lineage has brought')],
  },
  {
    name: 'what a lineage has brought that forked from the same is brought again',
    edits: [
      {
        file: parts,
        from: 'const parting = partingOf(line, other);',
        to: 'const parting = partingOf({ ...line, path: [endOf(line)] }, other);',
      },
    ],
    checks: [inTest(histories, 'also for another fork of the same lineage')],
  },
  {
    name: 'a partition that began anew since a fork counts as what the fork has of it',
    edits: [
      {
        file: copies,
        from: 'one.end === end',
        to: 'one.end !== null',
      },
    ],
    checks: [inTest(histories, 'that began anew since the fork')],
  },
  {
    name: 'two lineages bring the same partition at a time',
    edits: [
      {
        file: 'src/partition/merges.ts',
        from: 'state.merges.flatMap((one)',
        to: '[merge].flatMap((one)',
      },
    ],
    checks: [
      inTest(merges, 'of whichever lineage'),
      inTest(shared, 'into two lineages that are taken in'),
    ],
  },
  {
    name: 'a fork waits for nobody who is on the way with what its lineage had',
    edits: [
      {
        file: 'src/member/precedence.ts',
        from: 'if (now - this.#earlySince <= comingMs) return true;',
        to: '',
      },
    ],
    checks: [inTest(mergers, 'brings of a partition that was brought before it came to a fork')],
  },
  {
    name: 'who brings what it had in two lineages is missed in the older one',
    edits: [
      {
        file: 'src/partition/healer.ts',
        from: 'flatMap(({ formerly }) => formerly)',
        to: 'map(({ formerly }) => formerly[0])',
      },
    ],
    checks: [inTest('partition/healer', 'waits for who is here and is at it')],
  },
  {
    name: 'messages that came by way of another lineage are brought again',
    edits: [
      {
        file: topicMerge,
        from: 'since.isBroughtAgain || since.isPartlyThere',
        to: 'since.isBroughtAgain',
      },
    ],
    checks: [inTest('structures/merging', 'brings of the same history a second time')],
  },
  {
    name: 'a message stands for all that are like it',
    edits: [
      {
        file: topicMerge,
        from: 'reader.varint() <= counts.of(',
        to: 'reader.varint() > 0 < counts.of(',
      },
    ],
    checks: [
      inTest('structures/merging', 'takes nothing for brought that both had before'),
      inTest('structures/merging', 'brings all that are alike'),
    ],
  },
  {
    name: 'who brings says nothing of what had been brought there before',
    edits: [{ file: record, from: 'return [...before, {', to: 'return [{' }],
    checks: [inTest(mergers, 'tells how that came about which it has brought')],
  },
  {
    name: 'what was brought counts where the partition goes on with another content',
    edits: [
      {
        file: 'src/partition/lineage.ts',
        from: 'parts: lineage.parts.filter(isOther)',
        to: 'parts: lineage.parts',
      },
    ],
    checks: [
      inTest(histories, 'has lost the partition since'),
      inTest(merges, 'to what has begun anew since'),
      inTest(merges, 'have a lost partition go on with a copy'),
    ],
  },
  {
    name: 'who brings to a partition goes on where that has begun anew',
    edits: [
      {
        file: adoption,
        from: 'merges: withoutUndertakings(state, new Set([partition]))',
        to: 'merges: state.merges',
      },
    ],
    checks: [inTest(merges, 'to what has begun anew since')],
  },
  {
    name: 'of a copy that is taken over it is forgotten what had been brought to it',
    edits: [
      {
        file: adoption,
        from: 'withParts(withLines(state.lineage, lines), parts)',
        to: 'withLines(state.lineage, lines)',
      },
    ],
    checks: [
      inTest(merges, 'have a lost partition go on with a copy'),
      inTest(mergers, 'goes on with its own copy of a lost partition'),
    ],
  },
  {
    name: 'what an orphan has brought counts as all that its lineage had',
    edits: [{ file: parts, from: 'if (isWhole && rankOf(upTo)', to: 'if (rankOf(upTo)' }],
    checks: [inTest(histories, 'is brought by an orphan only as far as it had it')],
  },
  {
    name: 'what a copy brings that came alone counts as all that was committed',
    edits: [{ file: record, from: 'const isWhole = !isAlone && ', to: 'const isWhole = ' }],
    checks: [inTest(shared, 'but not where it came alone')],
  },
  {
    name: 'messages come twice where two took them in of a third',
    edits: [{ file: history, from: ' || this.#brought.hasCommonParts(partition)', to: '' }],
    checks: [inTest(histories, 'is there also where that came to another lineage first')],
  },
  {
    name: 'a part is told of which went to a lineage that has ended',
    edits: [
      {
        file: record,
        from: 'if (this.#begunIn.get(partition) !== winner.lineage.id) return [];',
        to: '',
      },
    ],
    checks: [inTest(shared, 'where some of it went to one that has ended')],
  },
  {
    name: 'a part is told where what it follows is not here',
    edits: [
      {
        file: record,
        from: 'if (!isBroughtHere) this.skips(partition);\n    else if (',
        to: 'if (',
      },
    ],
    checks: [inTest(shared, 'is no part where another member was to bring it')],
  },
  {
    name: 'a part is told of what was left to others',
    edits: [
      {
        file: 'src/member/merger.ts',
        from: 'task.at = -1;\n      this.#record.skips(partition);',
        to: 'task.at = -1;\n      this.#record.begins(partition, true);',
      },
    ],
    checks: [inTest(shared, 'is no part where another member was to bring it')],
  },
  {
    name: 'what a lineage refused that has ended counts as brought to it',
    edits: [
      {
        file: 'src/member/merger.ts',
        from: 'this.#record.keepBegun(touchedIn(this.#tasks));',
        to: '',
      },
    ],
    checks: [inTest(shared, 'where some of it went to one that has ended')],
  },
  {
    name: 'a fork waits for ever for one that is away',
    edits: [
      {
        file: 'src/member/precedence.ts',
        from: '.filter(({ id }) => !this.#isLongAway(id))',
        to: '',
      },
    ],
    checks: [inTest(mergers, 'waits for those of the lineage from which it came')],
  },
  {
    name: 'items of two contents of a lineage get the same numbers',
    edits: [
      {
        file: history,
        from: 'ofPartition(this.#merge?.brought ?? [], partition).length > 0',
        to: 'brought > 0',
      },
    ],
    checks: [inTest(histories, 'that began anew since the fork')],
  },
  {
    name: 'what was not brought is forgotten when the lineage ends to which it was to be brought',
    edits: [
      {
        file: 'src/member/member.ts',
        from: 'const besides = this.unfinished;',
        to: 'const besides = undefined;',
      },
    ],
    checks: [inTest('mutants/aimed', 'brings what its last lineage wrote')],
  },
  {
    name: 'who brings something says nothing of it where nobody knows of it',
    edits: [{ file: 'src/member/merger.ts', from: 'if (!this.isKnown) {', to: 'if (false) {' }],
    checks: [inTest(mergers, 'says that it comes where nobody has')],
  },
  {
    name: 'what was handed over to one that never learnt of it is brought by nobody',
    edits: [
      {
        file: 'src/member/inheritance.ts',
        from: 'primary === from || isNext || ',
        to: 'primary === from || ',
      },
    ],
    checks: [inTest(shared, 'leaves to the primary what was handed over'), inSplits(641)],
  },
  {
    name: 'what was handed over is brought beside who may bring it',
    edits: [
      {
        file: 'src/member/precedence.ts',
        from: 'return !isOver && history',
        to: 'return isAlone && !isOver && history',
      },
    ],
    checks: [inTest(shared, 'leaves to the primary what was handed over')],
  },
  {
    name: 'who came over alone brings a copy before its primary',
    edits: [
      {
        file: 'src/member/precedence.ts',
        from: 'return !isOver && history',
        to: 'return !isAlone && !isOver && history',
      },
    ],
    checks: [inTest(shared, 'leaves to the primary what it has a copy of')],
  },
  {
    name: 'two take the same copy upon themselves',
    edits: [
      {
        file: 'src/partition/merges.ts',
        from: 'other.by !== by && !isAway(state, other.holder)',
        to: 'false',
      },
    ],
    checks: [inTest(merges, 'has one member at a time bring a partition')],
  },
  {
    name: 'a copy is brought beside who is at it',
    edits: [
      {
        file: 'src/member/precedence.ts',
        from: 'return bringer.by !== from && !this.#isLongAway(bringer.holder);',
        to: 'return false;',
      },
      {
        file: 'src/member/merger.ts',
        from: ' || !this.#isMine(task)) continue;\n      if',
        to: ') continue;\n      if',
      },
    ],
    checks: [inTest(shared, 'is brought by one at a time')],
  },
  {
    name: 'a copy waits for ever for one that was at it and has gone',
    edits: [
      {
        file: history,
        from: 'found !== undefined && this.#winner.members.has(found.holder) ? found : undefined',
        to: 'found',
      },
    ],
    checks: [inTest(shared, 'is brought by another where who was at it has gone')],
  },
  {
    name: 'what a member has brought it tells only with the last',
    edits: [{ file: 'src/member/merger.ts', from: 'if (done.size === 0 ||', to: 'if (true ||' }],
    checks: [inTest(shared, 'tells what it has brought before it waits for others')],
  },
  {
    name: 'what was told to a lineage that has ended is told to nobody again',
    edits: [
      { file: 'src/member/merger.ts', from: 'if (this.#record.isBehind) {', to: 'if (false) {' },
    ],
    checks: [inTest(shared, 'is told again where the lineage has ended')],
  },
  {
    name: 'items of a second copy take the places of those of the first',
    edits: [
      {
        file: 'src/structures/queue/queue-merge.ts',
        from: 'isAgain ? afterBrought(records, floor) : floor',
        to: 'isAgain ? floor - broughtMax + place : floor',
      },
    ],
    checks: [inTest(shared, 'takes the place of nothing that the first has brought')],
  },
  {
    name: 'items are brought that another has brought since the first of them went',
    edits: [
      {
        file: 'src/structures/queue/queue-merge.ts',
        from: '(this.#own[from] as number) <= after',
        to: 'false',
      },
    ],
    checks: [inTest(shared, 'beyond what another has brought')],
  },
  {
    name: 'what is done is not told while the rest is in doubt',
    edits: [
      {
        file: 'src/member/merger.ts',
        from: 'done.size === 0 || (open.length > 0 && waiting.size === 0)',
        to: 'done.size === 0 || waiting.size === 0',
      },
    ],
    checks: [inTest(shared, 'where all that is left is in doubt')],
  },
  {
    name: 'who is at a copy and stays away is waited for',
    edits: [
      {
        file: 'src/member/precedence.ts',
        from: 'now - since > patienceMs',
        to: 'now - since > 1_000 * patienceMs',
      },
    ],
    checks: [inTest(shared, 'where who was at it stays away')],
  },
  {
    name: 'who was given up and is at a copy loses it to another',
    edits: [
      {
        file: 'src/partition/merges.ts',
        from: '((isLast && isWhole) || told',
        to: '(isLast || told',
      },
    ],
    checks: [inTest(merges, 'has one member at a time bring a partition')],
  },
];

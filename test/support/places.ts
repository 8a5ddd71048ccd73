/**
 * The places from which a grid is used: as a member that is primary of all there is or of nothing, as one
 * among equals, as a lite member, as a client straight to primaries or through one member.
 *
 * Two clusters of three, over real sockets: in one a single member is primary of every partition, since
 * the others weigh next to nothing; in the other all are equal.
 */
import { expect } from 'chai';
import type { Grid, GridClient } from '../../src/grid.ts';
import { closeClients, connectTo } from './clients.ts';
import { closeAll, joinGrid, joinThree } from './grids.ts';

export type GridUser = Pick<Grid | GridClient, 'map' | 'queue' | 'topic'>;

interface Unequal {
  readonly owner: Grid;
  readonly stranger: Grid;
}

interface PartitionRow {
  readonly backups: number;
  readonly primary: string;
  readonly term: number;
}

/** A few partitions, so that calls on a whole map do not dominate the time. */
const partitions = 11;
const backups = 1;

const titles = [
  'a member that is primary of everything',
  'a member that is primary of nothing',
  'a member among equals',
  'a lite member',
  'a client that goes to each primary',
  'a client behind one member',
] as const;
type Title = (typeof titles)[number];

/** One place while its tests run, and another process of the same grid. */
export interface Place {
  readonly title: Title;
  readonly user: () => GridUser;
  readonly other: () => GridUser;
}

/** Defines suites that share the grids; the places are there while their tests run, and not before. */
export function describePlaces(title: string, define: (places: readonly Place[]) => void): void {
  describe(title, function () {
    this.timeout(20_000);
    const users = new Map<Title, GridUser>();
    const userAt = (at: Title) => (): GridUser => {
      const user = users.get(at);
      if (user === undefined) throw new Error(`${at} is there only while tests run`);
      return user;
    };
    let unequal: Unequal;
    let terms: readonly number[];

    before(async () => {
      unequal = await joinUnequal();
      terms = await termsOf(unequal);
      users.set('a member that is primary of everything', unequal.owner);
      users.set('a member that is primary of nothing', unequal.stranger);
      const [first, second, third] = await joinThree({ partitions });
      users.set('a member among equals', third);
      users.set(
        'a lite member',
        await joinGrid({ data: false, partitions, seeds: seedsOf(third) }),
      );
      await second.safe();
      users.set('a client that goes to each primary', await connectTo(first));
      users.set('a client behind one member', await connectTo(second, { routing: 'gateway' }));
    });
    after(async () => {
      try {
        // Nothing has moved meanwhile: what the titles say was so all the time.
        expect(await termsOf(unequal)).to.deep.equal(terms);
      } finally {
        await closeClients();
        await closeAll();
      }
    });

    define(titles.map((at, index) => ({
      title: at,
      user: userAt(at),
      // The neighbour within the pair of its grid.
      other: userAt(titles[index ^ 1] as Title),
    })));
  });
}

async function joinUnequal(): Promise<Unequal> {
  const owner = await joinGrid({ name: 'owner', weight: 100, partitions });
  const light = { weight: 0.01, partitions, seeds: seedsOf(owner) };
  const [stranger] = await Promise.all([joinGrid(light), joinGrid(light)]);
  // The partitions come to be with the first structure.
  await stranger.map('the first').set('key', 'value');
  await Promise.all([owner.safe(), stranger.safe()]);
  return { owner, stranger };
}

function seedsOf(grid: Grid): readonly string[] {
  return [grid.self.address];
}

/** The terms of all partitions as the stranger sees them, each of which has the owner as its primary. */
async function termsOf({ owner, stranger }: Unequal): Promise<readonly number[]> {
  const response = await fetch(`http://${stranger.self.address}/v1/partitions`);
  const answer = (await response.json()) as { readonly partitions: readonly PartitionRow[] };
  const rows = answer.partitions.filter((row) => row.backups === backups);
  expect(rows).to.have.length(partitions);
  for (const { primary } of rows) expect(primary).to.equal(owner.self.id);
  return rows.map(({ term }) => term);
}

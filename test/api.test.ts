import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import * as shoal from '../src/index.ts';

/** What may not vanish or appear by accident. Additions are made here on purpose. */
const values = ['Grid', 'GridError'];
const types = [
  'CallOptions',
  'ConnectOptions',
  'Duration',
  'Grid',
  'GridClient',
  'GridErrorCode',
  'GridEvent',
  'GridMap',
  'GridQueue',
  'GridTopic',
  'JoinOptions',
  'Key',
  'LocalMap',
  'MapChange',
  'MapEntry',
  'MapOptions',
  'Member',
  'MergePolicy',
  'MergePolicyName',
  'MergedStructure',
  'MessageContext',
  'Outcome',
  'OverflowPolicy',
  'QueueOptions',
  'SetOptions',
  'StructureSummary',
  'SubscribeOptions',
  'Subscription',
  'TlsOptions',
  'TopicGap',
  'TopicListener',
  'TopicOptions',
  'UserOptions',
];

describe('the public entry', () => {
  it('exports these values and no others', () => {
    expect(Object.keys(shoal).sort()).to.deep.equal(values);
    expect(Object.keys(shoal.Grid)).to.deep.equal(['join', 'connect']);
  });

  it('exports these types and no others', () => {
    const text = readFileSync('src/index.ts', 'utf8');
    const lists = [...text.matchAll(/export (type )?\{([^}]*)\}/g)].flatMap((match) =>
      match[2]!
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '')
        .map((name) => (match[1] === undefined ? name : `type ${name}`)),
    );
    const single = [...text.matchAll(/export type (\w+)/g)].map((match) => `type ${match[1]}`);
    const found = [...lists, ...single]
      .filter((name) => name.startsWith('type '))
      .map((name) => name.slice('type '.length));
    expect(found.sort()).to.deep.equal(types);
  });
});

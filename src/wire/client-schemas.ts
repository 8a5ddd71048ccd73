/** The fields of what clients and members exchange beside ops, in the order on the wire. */
import type {
  ClientGroup,
  ClientKind,
  ClientMember,
  ClientMessage,
  ClientRow,
} from './client-messages.ts';
import {
  boolean,
  count,
  list,
  name,
  oneOf,
  type RecordField,
  record,
  sentence,
  time,
} from './fields.ts';

type Body<K extends ClientKind> = Omit<Extract<ClientMessage, { kind: K }>, 'kind'>;

const clientMember = record<ClientMember>({
  id: name(),
  name: name(),
  address: name(),
  zone: name(),
  state: oneOf({ joining: 0, up: 1, suspected: 2, leaving: 3 }),
});

const clientGroup = record<ClientGroup>({
  backups: count(),
  primaries: list(count()),
  generations: list(count()),
});

const clientRow = record<ClientRow>({
  id: count(),
  name: name(),
  type: name(),
  backups: count(),
  options: sentence,
});

export const clientSchemas: { readonly [K in ClientKind]: RecordField<Body<K>> } = {
  'client.welcome': record({
    member: name(),
    lineage: name(),
    ancestors: list(name()),
    merged: list(name()),
    followAfterMs: time,
  }),
  'client.table': record({
    cluster: name(),
    index: count(),
    partitions: count(),
    isSafe: boolean,
    members: list(clientMember),
    groups: list(clientGroup),
  }),
  'client.define': record({ request: count(), type: name(), name: name(), options: sentence }),
  'client.destroy': record({ request: count(), structure: count() }),
  'client.list': record({ request: count(), after: count() }),
  'client.safe': record({ request: count() }),
  'client.accept-loss': record({ request: count() }),
  'client.rows': record({ request: count(), rows: list(clientRow) }),
  'client.done': record({ request: count(), code: name(), message: sentence, isDoubtful: boolean }),
  'client.watch': record({ structures: list(count()) }),
  'client.dropped': record({ structures: list(count()) }),
  'client.ping': record({}),
  'client.pong': record({}),
};

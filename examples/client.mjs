// A process that only uses the grid: `node examples/client.mjs`, beside a member at port 7400.
import { connect } from 'shoal/client';

const client = await connect(process.argv[2] ?? 'ws://127.0.0.1:7400');
const visits = client.map('visits');

console.log(`visit ${await visits.increment('total')}`);
console.log(`told by ${client.members.map(({ address }) => address)}`);
await client.close();

// A process that only uses the grid: `node examples/client.mjs`, beside a member.
import { connect } from 'shoal/client';

const [url = 'ws://127.0.0.1:7400', cluster = 'shop'] = process.argv.slice(2);
const client = await connect(url, { cluster });
const visits = client.map('visits');

console.log(`visit ${await visits.increment('total')}`);
console.log(`told by ${client.members.map(({ address }) => address)}`);
await client.close();

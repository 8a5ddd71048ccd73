// A process that only uses the grid: `node examples/client.mjs [url]`, beside a member.
import { connect } from 'shoal/client';

const client = await connect(process.argv[2] ?? 'ws://127.0.0.1:7400');
const visits = client.map('visits');
const visit = await visits.increment('front page');
console.log(`visit ${visit}, told by ${client.members.length} member(s)`);
await client.close();

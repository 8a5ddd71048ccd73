import { expect } from 'chai';
import type { HistoryEvent } from './history.ts';
import { plotOf } from './plot.ts';

const events: HistoryEvent[] = [
  { t: 0, type: 'invoke', op: 1, by: 'a', call: { on: 'topic', name: 't', message: 'm' } },
  { t: 100, type: 'end', op: 1, answer: { how: 'ok' } },
  { t: 1_000, type: 'fault', fault: 1, kind: 'kill', detail: 'ann <1> & bob' },
  { t: 4_000, type: 'healed', fault: 1 },
  { t: 5_000, type: 'equal', fault: 1 },
  { t: 10_000, type: 'complete' },
];

describe('the plot of a run', () => {
  it('has a band for each fault, under its name, and a line of answers', () => {
    const svg = plotOf(events, 'seed 1');
    expect(svg).to.match(/^<svg [^>]*>\n<title>seed 1<\/title>/);
    expect(svg.match(/<polyline /g)).to.have.length(2);
    expect(svg.match(/<rect /g)).to.have.length(4);
    expect(svg).to.include('>kill</text>');
    expect(svg).to.include('0 s</text>').and.to.include('10 s</text>');
  });

  it('is well formed whatever a fault is called', () => {
    expect(plotOf(events, 'seed 1')).to.include('kill: ann &lt;1> &amp; bob');
  });
});

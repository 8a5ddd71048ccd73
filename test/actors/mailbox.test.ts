import { expect } from 'chai';
import { Mailbox, type MailboxOptions } from '../../src/actors/mailbox.ts';

interface Note {
  readonly text: string;
}

const note = (text: string): Note => ({ text });

function emptied(mailbox: Mailbox<Note>): string {
  const texts: string[] = [];
  for (let next = mailbox.take(); next !== undefined; next = mailbox.take()) texts.push(next.text);
  return texts.join(' ');
}

describe('a mailbox', () => {
  it('gives messages in the order in which they came', () => {
    const mailbox = new Mailbox<Note>();
    for (let turn = 0; turn < 3; turn++) {
      // More than the first slots of its ring, from a head that has moved.
      const texts = Array.from({ length: 40 }, (_, index) => `m${index}`);
      for (const text of texts) mailbox.offer(note(text), 1);
      expect(emptied(mailbox)).to.equal(texts.join(' '));
    }
    expect(mailbox.count).to.equal(0);
    expect(mailbox.bytes).to.equal(0);
  });

  it('keeps its order while messages come and go and the ring grows and shrinks', () => {
    const mailbox = new Mailbox<Note>();
    const taken: string[] = [];
    let sent = 0;
    for (let round = 0; round < 60; round++) {
      for (let more = 0; more < 70; more++) mailbox.offer(note(`${sent++}`), 1);
      for (let less = 0; less < 30; less++) taken.push(mailbox.take()!.text);
    }
    taken.push(...emptied(mailbox).split(' '));
    expect(taken).to.deep.equal(Array.from({ length: sent }, (_, index) => `${index}`));
  });

  it('lets control overtake', () => {
    const mailbox = new Mailbox<Note>();
    mailbox.offer(note('write'), 1);
    mailbox.offerControl(note('lease'), 1);
    mailbox.offerControl(note('table'), 1);
    expect(emptied(mailbox)).to.equal('lease table write');
  });

  it('counts what waits in both lanes', () => {
    const mailbox = new Mailbox<{ text: string }>({ normal: { countMax: 1, bytesMax: 100 } });
    const message = { text: 'a' };
    expect([mailbox.take(), mailbox.count]).to.deep.equal([undefined, 0]);
    mailbox.offer(message, 1);
    mailbox.offer(message, 1);
    mailbox.offerControl(message, 1);
    expect(mailbox.count, 'one was rejected').to.equal(2);
    mailbox.take();
    expect(mailbox.count).to.equal(1);
    mailbox.clear();
    expect([mailbox.take(), mailbox.count]).to.deep.equal([undefined, 0]);
  });

  it('rejects at its bound of messages, and takes again when one has left', () => {
    const mailbox = new Mailbox<Note>({ normal: { countMax: 2, bytesMax: 100 } });
    expect(mailbox.offer(note('1'), 1)).to.equal(true);
    expect(mailbox.offer(note('2'), 1)).to.equal(true);
    expect(mailbox.offer(note('3'), 1)).to.equal(false);
    mailbox.take();
    expect(mailbox.offer(note('4'), 1)).to.equal(true);
    expect(emptied(mailbox)).to.equal('2 4');
  });

  it('rejects at its bound of bytes, but lets one large message through an empty lane', () => {
    const mailbox = new Mailbox<Note>({ normal: { countMax: 9, bytesMax: 100 } });
    expect(mailbox.offer(note('large'), 500)).to.equal(true);
    expect(mailbox.offer(note('small'), 1)).to.equal(false);
    mailbox.take();
    expect(mailbox.offer(note('60'), 60)).to.equal(true);
    expect(mailbox.offer(note('41'), 41)).to.equal(false);
    expect(mailbox.offer(note('40'), 40)).to.equal(true);
  });

  it('never drops control, and reports each message past the bound', () => {
    let overflows = 0;
    const mailbox = new Mailbox<Note>({
      control: { countMax: 2, bytesMax: 100 },
      onOverflow: () => void overflows++,
    });
    for (const text of ['1', '2', '3', '4']) mailbox.offerControl(note(text), 1);
    expect(overflows).to.equal(2);
    expect(emptied(mailbox)).to.equal('1 2 3 4');
  });

  it('lets control in where the normal lane is full', () => {
    const mailbox = new Mailbox<Note>({ normal: { countMax: 1, bytesMax: 100 } });
    mailbox.offer(note('write'), 1);
    mailbox.offerControl(note('lease'), 1);
    expect(emptied(mailbox)).to.equal('lease write');
  });

  describe('with marks', () => {
    function marked(bounds: { countMax: number; bytesMax: number }) {
      const calls: string[] = [];
      const options: MailboxOptions = {
        normal: bounds,
        onPause: () => void calls.push('pause'),
        onResume: () => void calls.push('resume'),
      };
      return { mailbox: new Mailbox<Note>(options), calls };
    }

    it('pauses its source once at the high mark and resumes it once below the low mark', () => {
      const { mailbox, calls } = marked({ countMax: 8, bytesMax: 1_000 });
      for (let count = 1; count <= 5; count++) mailbox.offer(note(`${count}`), 1);
      expect(calls).to.deep.equal([]);
      for (let count = 6; count <= 8; count++) mailbox.offer(note(`${count}`), 1);
      expect(calls).to.deep.equal(['pause']);
      for (let left = 7; left >= 2; left--) mailbox.take();
      expect(calls).to.deep.equal(['pause']);
      mailbox.take();
      expect(calls).to.deep.equal(['pause', 'resume']);
      emptied(mailbox);
      expect(calls).to.deep.equal(['pause', 'resume']);
    });

    it('pauses by bytes too', () => {
      const { mailbox, calls } = marked({ countMax: 1_000, bytesMax: 100 });
      mailbox.offer(note('large'), 75);
      expect(calls).to.deep.equal(['pause']);
      mailbox.take();
      expect(calls).to.deep.equal(['pause', 'resume']);
    });

    it('resumes a source whose messages were all discarded', () => {
      const { mailbox, calls } = marked({ countMax: 1, bytesMax: 100 });
      mailbox.offer(note('only'), 1);
      mailbox.clear();
      expect(calls).to.deep.equal(['pause', 'resume']);
      expect(mailbox.count).to.equal(0);
    });
  });
});

import { expect } from 'chai';
import type { Clock } from '../../src/base/clock.ts';
import { presets } from '../../src/base/timings.ts';
import { Lease } from '../../src/partition/lease.ts';

const { leaseMs } = presets.lan;

function leaseAt(monotonic: number, wall: number) {
  const time = { monotonic, wall };
  const clock: Clock = {
    monotonic: () => time.monotonic,
    wall: () => time.wall,
    setTimer: () => ({ cancel: () => {} }),
    defer: () => {},
    endOfTask: () => {},
  };
  const lease = new Lease(clock, presets.lan);
  return {
    lease,
    time,
    pass(ms: number) {
      time.monotonic += ms;
      time.wall += ms;
    },
    isValid: () => lease.isValid(time.monotonic),
    sent: () => lease.sent(time.monotonic),
    acknowledged: (sentAt: number, gridTime = 0) =>
      lease.acknowledged(sentAt, gridTime, time.monotonic),
  };
}

describe('a lease', () => {
  it('is not there before a heartbeat was acknowledged', () => {
    const { isValid, sent } = leaseAt(1_000, 5_000_000);
    sent();
    expect(isValid()).to.equal(false);
  });

  it('counts from the sending of the heartbeat, however late its acknowledgement comes', () => {
    const { isValid, sent, acknowledged, pass } = leaseAt(1_000, 5_000_000);
    sent();
    pass(1_400);
    acknowledged(1_000);
    expect(isValid()).to.equal(true);
    pass(100);
    expect(isValid()).to.equal(false);
  });

  it('ends before the leader’s word does, by what two clocks may drift', () => {
    const { isValid, sent, acknowledged, pass } = leaseAt(0, 5_000_000);
    sent();
    acknowledged(0);
    pass(leaseMs * 0.98 - 1);
    expect(isValid()).to.equal(true);
    pass(1);
    expect(isValid()).to.equal(false);
  });

  it('ends with the acknowledgement of a heartbeat that was never sent, or too long ago', () => {
    const { isValid, sent, acknowledged, pass } = leaseAt(0, 5_000_000);
    acknowledged(0);
    sent();
    pass(leaseMs * 2);
    sent();
    acknowledged(0);
    expect(isValid()).to.equal(false);
    acknowledged(leaseMs * 2);
    expect(isValid()).to.equal(true);
  });

  it('is not shortened by an older acknowledgement that comes later', () => {
    const { isValid, sent, acknowledged, pass } = leaseAt(0, 5_000_000);
    sent();
    pass(1_000);
    sent();
    acknowledged(1_000);
    acknowledged(0);
    pass(1_400);
    expect(isValid()).to.equal(true);
  });

  it('is over when the wall clock went on while the monotonic stood still', () => {
    const { isValid, sent, acknowledged, time } = leaseAt(0, 5_000_000);
    sent();
    acknowledged(0);
    time.wall += leaseMs;
    expect(isValid()).to.equal(false);
  });

  it('gains nothing from a wall clock that is set back', () => {
    const { isValid, sent, acknowledged, time, pass } = leaseAt(0, 5_000_000);
    sent();
    acknowledged(0);
    time.wall -= 3_600_000;
    pass(leaseMs);
    expect(isValid()).to.equal(false);
  });

  it('ends when it is given back', () => {
    const { lease, isValid, sent, acknowledged } = leaseAt(0, 5_000_000);
    sent();
    acknowledged(0);
    lease.end();
    expect(isValid()).to.equal(false);
    acknowledged(0);
    expect(isValid()).to.equal(false);
  });

  it('says since when it is over', () => {
    const { lease, sent, acknowledged, pass, time } = leaseAt(0, 5_000_000);
    sent();
    acknowledged(0);
    expect(lease.voidSince(time.monotonic)).to.equal(undefined);
    pass(5_000);
    expect(lease.voidSince(time.monotonic)).to.equal(leaseMs * 0.98);
  });

  it('keeps grid time with that of the leader, though the own clock runs fast', () => {
    const { lease, sent, acknowledged, time, pass } = leaseAt(0, 5_000_000);
    let ofLeader = 9_000;
    let last = 0;
    // A clock that is 1 % fast would be 10 s ahead after these 1,000 s.
    for (let round = 0; round < 4_000; round++) {
      const sentAt = time.monotonic;
      sent();
      pass(10);
      acknowledged(sentAt, ofLeader);
      pass(242.5);
      ofLeader += 250;
      expect(lease.gridTime(time.monotonic)).to.be.at.least(last);
      last = lease.gridTime(time.monotonic);
    }
    expect(last).to.be.within(ofLeader - 10, ofLeader + 20);
  });

  it('learns before its first acknowledgement how late it is at least', () => {
    const { lease, time, pass } = leaseAt(100, 5_000_000);
    lease.passGridTime(5_000_000, time.monotonic);
    pass(50);
    lease.passGridTime(5_000_010, time.monotonic);
    expect(lease.gridTime(time.monotonic)).to.equal(5_000_050);
  });

  it('does not hold grid time back for an acknowledgement that was late', () => {
    const { lease, sent, acknowledged, time, pass } = leaseAt(0, 5_000_000);
    sent();
    acknowledged(0, 9_000);
    pass(100);
    sent();
    pass(800);
    acknowledged(100, 9_100);
    expect(lease.gridTime(time.monotonic)).to.equal(9_900);
    pass(50);
    expect(lease.gridTime(time.monotonic)).to.equal(9_950);
  });

  it('brings grid time that goes on by itself and never backwards', () => {
    const { lease, sent, acknowledged, time, pass } = leaseAt(0, 5_000_000);
    sent();
    acknowledged(0, 9_000);
    pass(500);
    expect(lease.gridTime(time.monotonic)).to.equal(9_500);
    sent();
    acknowledged(500, 9_100);
    expect(lease.gridTime(time.monotonic)).to.equal(9_500);
    acknowledged(500, 9_900);
    expect(lease.gridTime(time.monotonic)).to.equal(9_900);
    expect(lease.gridTime(time.monotonic - 300)).to.equal(9_900);
  });
});

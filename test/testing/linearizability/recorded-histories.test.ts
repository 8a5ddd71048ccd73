/** The checker against histories that others recorded and judged. */
import { expect } from 'chai';
import { type CheckResult, checkLinearizable } from '../../../src/testing/linearizability/check.ts';
import { keyValueModel } from '../../../src/testing/linearizability/key-value-model.ts';
import { registerModel } from '../../../src/testing/linearizability/register-model.ts';
import {
  parseJepsenLog,
  parseKeyValueLog,
  recordedHistories,
  type Verdicts,
} from '../../support/recorded-histories.ts';

const recorded = recordedHistories();

const check: Record<keyof Verdicts, (text: string) => CheckResult> = {
  jepsen: (text) => checkLinearizable(registerModel, parseJepsenLog(text)),
  kv: (text) => checkLinearizable(keyValueModel, parseKeyValueLog(text)),
};

function disagreements(kind: keyof Verdicts): string[] {
  return Object.entries(recorded!.verdicts[kind]).flatMap(([file, isOk]) => {
    const { verdict } = check[kind](recorded!.read(kind, file));
    return verdict === (isOk ? 'ok' : 'illegal') ? [] : [`${file}: ${verdict}`];
  });
}

describe('the recorded histories', function () {
  this.timeout(20_000);

  if (recorded === undefined) {
    it('DID NOT RUN: no folder ../shared/histories, and SHOAL_HISTORIES names none', () => {
      console.error('\n  !!! The recorded histories were NOT checked: there are none here.');
      console.error('  !!! Set SHOAL_HISTORIES to the folder that holds verdicts.json.\n');
      // Who names a folder wants it read: a slip of the pen must not pass as success.
      expect(process.env.SHOAL_HISTORIES, 'holds no verdicts.json').to.equal(undefined);
    });
    return;
  }

  it('of etcd get the verdict that they are known to have, all 102', () => {
    expect(Object.keys(recorded.verdicts.jepsen)).to.have.length(102);
    expect(disagreements('jepsen')).to.deep.equal([]);
  });

  it('of a key-value store get the verdict that they are known to have, all 6', () => {
    expect(Object.keys(recorded.verdicts.kv)).to.have.length(6);
    expect(disagreements('kv')).to.deep.equal([]);
  });

  it('all have a verdict, save the one that is empty', () => {
    const { verdicts, files } = recorded;
    expect(files('jepsen').filter((file) => !(file in verdicts.jepsen))).to.deep.equal([
      'etcd_095.log',
    ]);
    expect(recorded.read('jepsen', 'etcd_095.log')).to.equal('');
    expect(files('kv').filter((file) => !(file in verdicts.kv))).to.deep.equal([]);
  });
});

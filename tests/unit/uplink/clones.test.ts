/** Two machines under one agent id, as the city's receiver sees them. */
import { expect, test } from 'vitest';
import { ReceiverLedger } from '../../../agent/cli/verify/ledger.ts';
import { reportText } from '../../../agent/cli/verify/report.ts';

const sent = new Map<string, number>();

/** The next live message of an epoch. */
function message(epoch: string, stream: 'live' | 'backlog' = 'live', repeat = false) {
  const prev = (sent.get(epoch) ?? 0) - (repeat ? 1 : 0);
  sent.set(epoch, prev + 1);
  const seq = prev + 1;
  const record = { seq, device: 'meter', point: 'power', value: seq, unit: 'W', quality: 'good', time: 1 };
  const envelope = {
    v: 1,
    agent: 'pole-1',
    epoch,
    lane: 'telemetry',
    stream,
    first: seq,
    last: seq,
    count: 1,
    prev,
  };
  return { ...envelope, omitted: [], records: [record] };
}

test('two machines that send in turn under one id are named', () => {
  sent.clear();
  const ledger = new ReceiverLedger({ complete: true });
  for (let turn = 0; turn < 4; turn++) for (const epoch of ['aa', 'bb']) ledger.take(message(epoch));
  const report = ledger.report();
  expect(report.clones).toEqual([{ agent: 'pole-1', epochs: ['aa', 'bb'] }]);
  expect(report.balanced).toBe(true);
  expect(reportText(report, 0)).toContain(
    'agent pole-1: more than one machine sends under this id (epochs aa, bb in turn)',
  );
});

test('a log that was followed by another, with its backlog and what a broker delivered twice, is one machine', () => {
  sent.clear();
  const ledger = new ReceiverLedger({ complete: true });
  for (let n = 0; n < 5; n++) ledger.take(message('aa'));
  for (let n = 0; n < 5; n++) {
    ledger.take(message('bb'));
    ledger.take(message('aa', 'backlog'));
    ledger.take(message('bb', 'live', true));
  }
  expect(ledger.report().clones).toEqual([]);
});

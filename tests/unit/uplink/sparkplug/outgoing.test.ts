/** How a message of the pump is cut into payloads, and what a receiver makes of them again. */
import { describe, expect, it } from 'vitest';
import { ReceiverLedger } from '../../../../agent/cli/verify/ledger.ts';
import { SparkplugReceiver } from '../../../../agent/cli/verify/sparkplug.ts';
import type { LoggedRecord } from '../../../../agent/core/record.ts';
import type { Envelope, Message } from '../../../../agent/core/uplink.ts';
import { birthMetric } from '../../../../agent/uplink/sparkplug/metrics.ts';
import { planOf } from '../../../../agent/uplink/sparkplug/outgoing.ts';
import { encodePayload, framePayload } from '../../../../agent/uplink/sparkplug/payload.ts';
import { Roster } from '../../../../agent/uplink/sparkplug/roster.ts';
import { reading } from '../../../support/memory-log.ts';
import { wireMetrics } from './life.ts';

const NOW = Date.UTC(2027, 0, 1);
const style = { alias: true, types: false };

function message(records: readonly LoggedRecord[], more: Partial<Envelope> = {}): Message {
  const envelope: Envelope = {
    v: 1,
    agent: 'pole-1',
    epoch: 'e1',
    lane: 'telemetry',
    stream: 'live',
    first: 1,
    last: records.length,
    count: records.length,
    prev: 0,
    omitted: [],
    ...more,
  };
  return { envelope, records };
}

/** What a receiver that has heard the births books of the payloads. */
function heard(roster: Roster, messages: readonly Message[]) {
  const ledger = new ReceiverLedger({ complete: true });
  const receiver = new SparkplugReceiver(ledger);
  const births = [...roster.node.values()].map((known) => birthMetric(known, true, NOW));
  let seq = 0;
  const frame = (metrics: Uint8Array) => framePayload(metrics, NOW, seq++ % 256);
  const plans = messages.map((one) => planOf(one, roster, style, NOW));
  receiver.take('spBv1.0/G/NBIRTH/N', encodePayload({ timestamp: NOW, seq: seq++, metrics: births }));
  for (const { id, metrics } of roster.devices.values()) {
    const own = [...metrics.values()].map((known) => birthMetric(known, true, NOW));
    receiver.take(`spBv1.0/G/DBIRTH/N/${id}`, encodePayload({ timestamp: NOW, seq: seq++, metrics: own }));
  }
  for (const { packets } of plans) {
    for (const { device, metrics } of packets) {
      const topic = device === undefined ? 'spBv1.0/G/NDATA/N' : `spBv1.0/G/DDATA/N/${device}`;
      receiver.take(topic, frame(metrics));
    }
  }
  receiver.end();
  return ledger.report();
}

function rosterWith(...devices: readonly string[]): Roster {
  const roster = new Roster({ 'Properties/Agent': 'pole-1' });
  for (const id of devices) roster.device(id).alive = true;
  return roster;
}

const at = (seq: number, device: string, time = seq): LoggedRecord => ({
  ...reading(seq),
  seq,
  device,
  time: NOW + time,
});

describe('a message as payloads', () => {
  it('is one for each device, in the order of times, and comes together again by number', () => {
    const roster = rosterWith('a', 'b');
    const records = [at(1, 'a', 30), at(2, 'b', 5), at(3, 'a', 10), at(4, 'a', 20)];
    const { packets } = planOf(message(records), roster, style, NOW);
    expect(packets.map(({ device }) => device)).toEqual(['a', 'b']);
    const times = wireMetrics(packets[0]?.metrics ?? new Uint8Array()).map(
      ({ timestamp }) => Number(timestamp) - NOW,
    );
    expect(times).toEqual([10, 20, 30]);
    expect(heard(roster, [message(records)])).toMatchObject({ balanced: true, records: 4, messages: 1 });
  });

  it('without records still carries its books', () => {
    const roster = rosterWith('a');
    const left = message([], {
      first: 2,
      last: 10_001,
      count: 0,
      prev: 1,
      omitted: [{ rule: 'selection', count: 10_000 }],
    });
    const report = heard(roster, [message([at(1, 'a')]), left]);
    expect(report).toMatchObject({ balanced: true, records: 1, messages: 2 });
    expect(report.lanes[0]?.explained).toEqual({ selection: 10_000 });
  });

  it('of the past goes by name and never beside what is live', () => {
    const roster = rosterWith('a');
    const { packets, historical } = planOf(message([at(1, 'a')], { stream: 'backlog' }), roster, style, NOW);
    expect(historical).toBe(true);
    const [metric] = wireMetrics(packets[0]?.metrics ?? new Uint8Array());
    expect(metric).toMatchObject({ name: 'energy', isHistorical: true });
    expect(metric).not.toHaveProperty('alias');
    expect(heard(roster, [message([at(1, 'a')], { stream: 'backlog' })])).toMatchObject({
      balanced: true,
      records: 1,
    });
  });

  it('that is not whole is told as such', () => {
    const roster = rosterWith('a', 'b');
    const whole = message([at(1, 'a'), at(2, 'b')]);
    const ledger = new ReceiverLedger();
    const receiver = new SparkplugReceiver(ledger);
    const births = encodePayload({ timestamp: NOW, seq: 0, metrics: [] });
    receiver.take('spBv1.0/G/NBIRTH/N', births);
    const { packets } = planOf(whole, roster, style, NOW);
    const metrics = [...(roster.devices.get('a')?.metrics.values() ?? [])].map((known) =>
      birthMetric(known, true, NOW),
    );
    receiver.take('spBv1.0/G/DBIRTH/N/a', encodePayload({ timestamp: NOW, seq: 1, metrics }));
    receiver.take('spBv1.0/G/DDATA/N/a', framePayload(packets[0]?.metrics ?? new Uint8Array(), NOW, 2));
    receiver.end();
    expect(ledger.report().brokenBecause).toEqual(['the last message is not whole']);
  });

  it('keeps the unit, the reason and the doubt of its clock', () => {
    const roster = rosterWith('a');
    planOf(message([at(1, 'a')]), roster, style, NOW);
    const odd: LoggedRecord = {
      ...reading(5),
      seq: 1,
      device: 'a',
      unit: 'MW.h',
      quality: 'uncertain',
      reason: 'substituted',
      rank: 'none',
    };
    const { packets } = planOf(message([odd]), roster, style, NOW);
    const [metric] = wireMetrics(packets[0]?.metrics ?? new Uint8Array());
    const { keys = [], values = [] } = metric?.properties ?? {};
    const told = Object.fromEntries(
      keys.map((key, i) => [key, values[i]?.stringValue ?? values[i]?.intValue]),
    );
    expect(told).toMatchObject({ engUnit: 'MW.h', reason: 'substituted', Quality: 500, clock: 'none' });
  });
});

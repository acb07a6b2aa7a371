/** Whatever bytes come in, the answer is a value: payloads, commands, states, and what a receiver's books are fed. */
import { describe, expect, it } from 'vitest';
import { ReceiverLedger } from '../../../../agent/cli/verify/ledger.ts';
import { SparkplugReceiver } from '../../../../agent/cli/verify/sparkplug.ts';
import { readWire } from '../../../../agent/cli/verify/sparkplug-wire.ts';
import { silent } from '../../../../agent/core/log.ts';
import { HostCommands } from '../../../../agent/uplink/sparkplug/commands.ts';
import { decoder } from '../../../../agent/uplink/sparkplug/decode.ts';
import { HostWatch, readHostState } from '../../../../agent/uplink/sparkplug/host-state.ts';
import { encodePayload, readPayload } from '../../../../agent/uplink/sparkplug/payload.ts';
import { Roster } from '../../../../agent/uplink/sparkplug/roster.ts';
import { readTopic } from '../../../../agent/uplink/sparkplug/topics.ts';
import { seeded } from '../../../support/seeded.ts';
import { foreign } from '../../../support/sparkplug-host.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { LAMP } from './street.ts';

const SEED = 20270101;

/** Payloads of a host that is not ours, with sets, templates, arrays of properties. */
const SEEDS: readonly Uint8Array[] = [
  foreign.encodePayload({
    timestamp: 1,
    seq: 3,
    metrics: [
      {
        name: 'a',
        type: 'Int8',
        value: -5,
        properties: { p: { type: 'Int32', value: 3 }, q: { type: 'String', value: 'x' } },
      },
      { name: 'b', type: 'UInt64', value: 123_456 },
      { name: 'c', type: 'Boolean', value: true },
      { name: 'd', type: 'Bytes', value: Uint8Array.of(1, 2, 3) },
      {
        name: 'e',
        type: 'DataSet',
        value: { numOfColumns: 2, types: ['Int8', 'String'], columns: ['x', 'y'], rows: [[1, 'z']] },
      },
      {
        name: 'f',
        type: 'Template',
        value: {
          isDefinition: true,
          metrics: [{ name: 'g', type: 'Int32', value: 1 }],
          parameters: [{ name: 'h', type: 'Float', value: 1 }],
        },
      },
    ],
  }),
  foreign.encodePayload({ timestamp: 1, metrics: [{ name: 'level', type: 'Double', value: 35 }] }),
  encodePayload({
    timestamp: 5,
    seq: 1,
    metrics: [
      {
        alias: 4,
        timestamp: 5,
        type: 'Double',
        withType: false,
        value: 1,
        properties: { seq: { type: 'UInt64', value: 9 } },
      },
    ],
  }),
];

function mutate(next: () => number, bytes: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(bytes);
  const times = 1 + Math.floor(next() * 4);
  for (let i = 0; i < times; i++) changed[Math.floor(next() * changed.length)] = Math.floor(next() * 256);
  const cut = next();
  return cut < 0.3 ? changed.subarray(0, Math.floor(next() * changed.length)) : changed;
}

function noise(next: () => number): Uint8Array {
  return Uint8Array.from({ length: Math.floor(next() * 60) }, () => Math.floor(next() * 256));
}

describe('bytes from outside', () => {
  it('of payloads give a payload or a reason, in both readers and the decoder', () => {
    const next = seeded(SEED);
    let read = 0;
    for (let i = 0; i < 60_000; i++) {
      const bytes = i % 4 === 0 ? noise(next) : mutate(next, SEEDS[i % SEEDS.length] ?? new Uint8Array());
      const payload = readPayload(bytes);
      if (typeof payload !== 'string') {
        read += 1;
        for (const metric of payload.metrics) metric.as(Math.floor(next() * 36));
      }
      readWire(bytes);
      const decoded = decoder.decode('sparkplug-b', bytes, undefined, { topic: 'spBv1.0/G/DDATA/N/d' });
      expect(decoded.ok === true || typeof decoded.error === 'string').toBe(true);
      if (i % 64 === 0) JSON.stringify(decoded);
    }
    expect(read).toBeGreaterThan(1000);
  });

  it('of commands reach the router only as commands of known points', async () => {
    const next = seeded(SEED + 1);
    const roster = new Roster({});
    roster.describe([{ hash: '1', description: LAMP }]);
    const seen: unknown[] = [];
    const commands = new HostCommands({
      uplink: 'scada',
      group: 'G',
      node: 'N',
      life: 60_000,
      roster,
      clock: new VirtualClock(),
      log: silent,
      submit: async (command) => {
        seen.push(command);
        expect(Number.isFinite(command.issued)).toBe(true);
        expect(['number', 'boolean', 'string']).toContain(typeof command.value);
        expect(LAMP.points.some(({ id }) => id === command.point)).toBe(true);
        return { id: command.id, state: 'done', at: 0 };
      },
      answer: ({ state }) => expect(['done', 'rejected']).toContain(state),
      rebirth: () => seen.push('rebirth'),
    });
    for (let i = 0; i < 20_000; i++) {
      const bytes = i % 4 === 0 ? noise(next) : mutate(next, SEEDS[i % SEEDS.length] ?? new Uint8Array());
      commands.take(i % 2 === 0 ? 'spBv1.0/G/DCMD/N/lamp-1' : 'spBv1.0/G/NCMD/N', bytes, false);
      if (i % 16 === 0) await Promise.resolve();
    }
    await new Promise((done) => setImmediate(done));
    expect(seen.length).toBeGreaterThan(0);
  });

  it('of states are states, or nothing', () => {
    const next = seeded(SEED + 2);
    const encode = (text: string) => new TextEncoder().encode(text);
    const good = encode('{"online":true,"timestamp":1795803126001}');
    let valid = 0;
    for (let i = 0; i < 50_000; i++) {
      const state = readHostState(i % 3 === 0 ? noise(next) : mutate(next, good));
      if (state === undefined) continue;
      valid += 1;
      expect([typeof state.online, Number.isFinite(state.timestamp)]).toEqual(['boolean', true]);
    }
    expect(valid).toBeGreaterThan(100);
    for (const text of [
      '',
      'null',
      '[]',
      'ONLINE',
      '{}',
      '{"online":"true","timestamp":1}',
      '{"online":true}',
      '{"online":true,"timestamp":"1"}',
      '{"online":true,"timestamp":1e999}',
    ]) {
      expect(readHostState(encode(text)), text).toBeUndefined();
    }
    expect(readHostState(new Uint8Array(5000))).toBeUndefined();
    const watch = new HostWatch();
    expect(watch.hear(encode('{"online":true,"timestamp":5}'))?.online).toBe(true);
    expect(watch.hear(encode('{"online":false,"timestamp":4}'))).toBeUndefined();
    expect(watch.online).toBe(true);
    expect(watch.hear(encode('{"online":false,"timestamp":5}'))?.online).toBe(false);
    expect(watch.online).toBe(false);
  });

  it('of topics are addresses, or nothing', () => {
    const next = seeded(SEED + 3);
    const parts = ['spBv1.0', 'G', 'NCMD', 'DCMD', 'N', 'd', '', '/', 'STATE', '+', 'spAv1.0'];
    for (let i = 0; i < 20_000; i++) {
      const topic = Array.from(
        { length: Math.floor(next() * 7) },
        () => parts[Math.floor(next() * parts.length)],
      ).join('/');
      const at = readTopic(topic);
      if (at !== undefined) expect(at.verb.startsWith('D')).toBe(at.device !== undefined);
    }
  });

  it('never end the books of a receiver', () => {
    const next = seeded(SEED + 4);
    const receiver = new SparkplugReceiver(new ReceiverLedger());
    const verbs = ['NBIRTH', 'DBIRTH', 'NDATA', 'DDATA', 'NDEATH', 'DDEATH', 'STATE'];
    for (let i = 0; i < 20_000; i++) {
      const bytes = i % 4 === 0 ? noise(next) : mutate(next, SEEDS[i % SEEDS.length] ?? new Uint8Array());
      const verb = verbs[Math.floor(next() * verbs.length)] ?? '';
      receiver.take(`spBv1.0/G/${verb}/N${verb.startsWith('D') ? '/d' : ''}`, bytes);
    }
    receiver.end();
  });
});

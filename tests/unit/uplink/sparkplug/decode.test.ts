/** Payloads serialised by Google's protobuf, and payloads that break a rule, explained by `kerbside decode`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { fromHex } from '../../../../agent/core/bytes.ts';
import { decoder } from '../../../../agent/uplink/sparkplug/decode.ts';
import { encodePayload, type WrittenMetric } from '../../../../agent/uplink/sparkplug/payload.ts';

interface Vector {
  readonly id: string;
  readonly topic: string;
  readonly hex: string;
}
const VECTORS: readonly Vector[] = JSON.parse(
  readFileSync(new URL('../../../vectors/sparkplug-payloads.json', import.meta.url), 'utf8'),
);

/** What the vectors say of themselves, in the fields that decode gives. */
const EXPECTED: Readonly<Record<string, object>> = {
  'spb-ndeath': { message: 'NDEATH', bdSeq: 3, metrics: [{ name: 'bdSeq', value: 3 }] },
  'spb-nbirth': {
    message: 'NBIRTH',
    seq: 0,
    bdSeq: 3,
    rebirth: false,
    metrics: [
      { name: 'bdSeq' },
      { name: 'Node Control/Rebirth', type: 'Boolean' },
      { name: 'Properties/Hardware', alias: 1, value: 'pole-A' },
    ],
  },
  'spb-dbirth': {
    message: 'DBIRTH',
    device: 'meter1',
    seq: 1,
    metrics: [
      { name: 'Energy/Import', alias: 10, type: 'Double', value: 1234.56 },
      { name: 'Voltage/L1', type: 'Float', value: 230.25 },
      { name: 'Status/Online', type: 'Boolean', value: true },
      { name: 'Counter', type: 'UInt32', value: 4_000_000_000 },
      { name: 'Temp', type: 'Int16', value: -101 },
    ],
  },
  'spb-ddata-alias': { message: 'DDATA', seq: 2, metrics: [{ alias: 10, value: 1234.57 }] },
  'spb-ddeath': { message: 'DDEATH', seq: 5, metrics: [] },
  'spb-ncmd-rebirth': { message: 'NCMD', rebirth: true },
  'spb-seq255': { message: 'DDATA', seq: 255, metrics: [{ alias: 10, value: 1.5 }] },
};

describe('decode of Sparkplug B', () => {
  it('has an expectation for each vector', () => {
    expect(Object.keys(EXPECTED)).toEqual(VECTORS.map(({ id }) => id));
  });

  test.each(VECTORS)('$id', ({ id, topic, hex }) => {
    const bytes = fromHex(hex) ?? new Uint8Array();
    const decoded = decoder.decode('sparkplug-b', bytes, undefined, { topic });
    expect(decoded).toMatchObject({ ok: true, ...EXPECTED[id] });
    // Without a topic there is nothing to judge by, and the same fields.
    expect(decoder.decode('sparkplug-b', hex)).toMatchObject({ ok: true, metrics: expect.any(Array) });
  });

  it('gives an absent number of a death as absent', () => {
    const death = VECTORS.find(({ id }) => id === 'spb-ndeath');
    expect(decoder.decode('sparkplug-b', death?.hex ?? '')).not.toHaveProperty('seq');
    const data = VECTORS.find(({ id }) => id === 'spb-ddata-alias');
    expect(JSON.stringify(decoder.decode('sparkplug-b', data?.hex ?? ''))).not.toContain('"name":"Energy');
  });

  const metric = (more: Partial<WrittenMetric>): WrittenMetric => ({
    name: 'x',
    timestamp: 5,
    type: 'Double',
    withType: true,
    value: 1,
    ...more,
  });
  test.each([
    ['NDEATH', { seq: 0, metrics: [metric({ name: 'bdSeq', type: 'Int64' })] }, 'must not have a seq'],
    ['NDEATH', { metrics: [] }, 'bdSeq must be its only metric'],
    ['NDATA', { timestamp: 1, metrics: [] }, 'has no seq'],
    ['NDATA', { timestamp: 1, seq: 256, metrics: [] }, 'seq 256 is above 255'],
    ['NDATA', { seq: 1, metrics: [] }, 'no timestamp'],
    ['NBIRTH', { timestamp: 1, seq: 3, metrics: [] }, 'seq 3 instead of 0'],
    ['NBIRTH', { timestamp: 1, seq: 0, metrics: [metric({})] }, 'no bdSeq'],
    ['NBIRTH', { timestamp: 1, seq: 0, metrics: [metric({ name: 'bdSeq' })] }, 'Node Control/Rebirth'],
    ['NCMD', { timestamp: 1, seq: 3, metrics: [] }, 'a command must not have a seq'],
    ['DBIRTH', { timestamp: 1, seq: 3, metrics: [metric({ withType: false })] }, 'x has no data type'],
  ] as const)('%s %j is refused: %s', (verb, payload, why) => {
    const topic = `spBv1.0/G/${verb}/N${verb.startsWith('D') ? '/d' : ''}`;
    const decoded = decoder.decode('sparkplug-b', encodePayload(payload), undefined, { topic });
    expect(decoded).toMatchObject({ ok: false, error: expect.stringContaining(why) });
  });

  it('refuses other topics and bytes that are no payload', () => {
    for (const topic of [
      'spAv1.0/G/NDATA/N',
      'spBv1.0/G/NDATA',
      'spBv1.0/G/NDATA/N/d',
      'spBv1.0/G/DDATA/N',
    ]) {
      expect(decoder.decode('sparkplug-b', '', undefined, { topic })).toMatchObject({ ok: false });
    }
    expect(decoder.decode('sparkplug-b', '0A FF')).toMatchObject({ ok: false });
    expect(decoder.decode('sparkplug-b', 'zz')).toMatchObject({ ok: false });
  });

  it('reads the state of a host, which is JSON', () => {
    const topic = 'spBv1.0/STATE/scada';
    const text = '{"online":true,"timestamp":1795803126001}';
    const state = { ok: true, message: 'STATE', host: 'scada', online: true, timestamp: 1_795_803_126_001 };
    for (const input of [text, new TextEncoder().encode(text), Buffer.from(text).toString('hex')]) {
      expect(decoder.decode('sparkplug-b', input, undefined, { topic })).toEqual(state);
    }
    expect(decoder.decode('sparkplug-b', 'ONLINE', undefined, { topic })).toMatchObject({ ok: false });
  });

  it('answers lines of JSON, with a topic or without', async () => {
    const main = new URL('../../../../agent/main.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [main, 'decode', '--jsonl'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (bytes: Buffer) => {
      out += bytes.toString();
    });
    child.stdin.end(VECTORS.map((one) => JSON.stringify({ protocol: 'sparkplug-b', ...one })).join('\n'));
    await once(child, 'close');
    const answers = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map(({ id, ok }) => [id, ok])).toEqual(VECTORS.map(({ id }) => [id, true]));
    expect(answers[0]).toMatchObject(EXPECTED['spb-ndeath'] ?? {});
  });
});

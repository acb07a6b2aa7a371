/** What others have written: examples of ASHRAE 135 Annex F, keys of RFC 3414 §A.3, and a captured SNMP request. */
import { describe, expect, it } from 'vitest';
import { Client } from '../../../drivers/bacnet/client.ts';
import { decode } from '../../../drivers/index.ts';
import { identityOf } from '../../../drivers/snmp/match.ts';
import { SnmpAgent } from '../../../hw-sim/devices/snmp-agent.ts';
import { localKey } from '../../../hw-sim/devices/snmp-codec.ts';
import { SNMP_MODELS } from '../../../hw-sim/devices/snmp-models.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';

const never = new AbortController().signal;
const PRESENT_VALUE = 85;
const RELIABILITY = 103;

/** A device that answers with `apdu`; what it was asked. */
function saying(apdu: string, invoke: number) {
  const asked: string[] = [];
  const client = new Client(
    { invoke: () => invoke },
    async ({ bytes, match }) => {
      asked.push(Buffer.from(bytes).toString('hex'));
      const body = Buffer.from(apdu.replaceAll(' ', ''), 'hex');
      const frame = Buffer.concat([Buffer.from([0x81, 0x0a, 0, 6 + body.length, 1, 0]), body]);
      expect(match?.(frame)).toEqual({ kind: 'frame', length: frame.length });
      return { bytes: frame, time: 5 };
    },
    never,
  );
  return { client, asked };
}

// The requests of the standard differ in the longest APDU they take, 50 and 1024 octets: ours takes 1476 (5).
it('F.3.5: one property of one object', async () => {
  const { client, asked } = saying('30 01 0C 0C 00000005 19 55 3E 44 4290999A 3F', 1);
  const { said } = await client.read(0, 5, PRESENT_VALUE);
  expect(asked).toEqual(['810a00110104' + '0005010c0c000000051955']);
  expect([...said]).toEqual([['0,5,85', { parts: [{ type: 4, value: Math.fround(72.3), len: 5 }] }]]);
});

it('F.3.7: two properties of one object', async () => {
  const ack = '30 F1 0E 0C 00000010 1E 29 55 4E 44 4290999A 4F 29 67 4E 91 00 4F 1F';
  const { client, asked } = saying(ack, 0xf1);
  const properties = [PRESENT_VALUE, RELIABILITY];
  const { said } = await client.readMultiple([{ type: 0, instance: 16, properties }]);
  expect(asked).toEqual(['810a00150104' + '0005f10e0c000000101e095509671f']);
  expect([...said]).toEqual([
    ['0,16,85', { parts: [{ type: 4, value: Math.fround(72.3), len: 5 }] }],
    ['0,16,103', { parts: [{ type: 9, value: 0, len: 2 }] }],
  ]);
});

it('F.3.7: three objects, one of them unknown', async () => {
  const ack =
    '30 02 0E 0C 00000021 1E 29 55 4E 44 42293333 4F 1F 0C 00000032 1E 29 55 5E 91 01 91 1F 5F 1F 0C 00000023 1E 29 55 4E 44 43D9D99A 4F 1F';
  const { client, asked } = saying(ack, 2);
  const wanted = [33, 50, 35].map((instance) => ({ type: 0, instance, properties: [PRESENT_VALUE] }));
  const { said } = await client.readMultiple(wanted);
  expect(asked).toEqual(['810a00250104' + '0005020e0c000000211e09551f0c000000321e09551f0c000000231e09551f']);
  expect([...said]).toEqual([
    ['0,33,85', { parts: [{ type: 4, value: Math.fround(42.3), len: 5 }] }],
    ['0,50,85', { error: 31 }],
    ['0,35,85', { parts: [{ type: 4, value: Math.fround(435.7), len: 5 }] }],
  ]);
});

it('RFC 3414 §A.3: the key of "maplesyrup" at one engine', () => {
  const engine = Buffer.from('000000000000000000000002', 'hex');
  expect(localKey('md5', 'maplesyrup', engine).toString('hex')).toBe('526f5eed9fcce26f8964c2930787d82b');
  expect(localKey('sha1', 'maplesyrup', engine).toString('hex')).toBe(
    '6695febc9288e36282235fc7151f128497b38f3f',
  );
});

// A probe for sysDescr.0 as seen in the field; quoted in the documentation of Alibaba Cloud's DescribeSdlLastPayload.
it('a captured request is understood, and answered with its number', () => {
  const request = Buffer.from(
    '302902010004067075626c6963a01c0204036a5f43020100020100300e300c06082b060102010101000500',
    'hex',
  );
  expect(identityOf(request)).toMatchObject({ version: 0, community: 'public', id: 0x036a5f43, pdu: 0xa0 });
  const model = SNMP_MODELS.get('generic-snmp-interface');
  if (model === undefined) throw new Error('no simulated agent');
  const world = createWorld({ seed: 7, start: 0, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
  const told = new SnmpAgent({ model, world, clock: worldClock(0, 1, () => 0) }).answer(request);
  const text = Buffer.from('Simulated switch, 8 ports').toString('hex');
  expect(Buffer.from(told?.bytes ?? []).toString('hex')).toBe(
    `304202010004067075626c6963a2350204036a5f43020100020100302730250608${'2b06010201010100'}0419${text}`,
  );
});

describe('decode', () => {
  it('explains an answer of BACnet', () => {
    const apdu =
      '30020e0c000000211e29554e44422933334f1f0c000000321e29555e9101911f5f1f0c000000231e29554e4443d9d99a4f1f';
    expect(decode('bacnet', `810a00380100${apdu}`)).toEqual({
      ok: true,
      function: 'original-unicast',
      length: 56,
      apdu: 'complex-ack',
      invoke_id: 2,
      service: 'read-property-multiple',
      objects: [33, 50, 35].map((instance, i) => ({
        object: 'analog-input',
        instance,
        properties: [
          {
            property: 'present-value',
            ...(i === 1 ? { error: [1, 31] } : { values: [[42.3, 0, 435.7][i]] }),
          },
        ],
      })),
    });
  });

  it.each([
    [
      '810a00110104' + '0005010c0c000000051955',
      {
        apdu: 'confirmed-request',
        service: 'read-property',
        objects: [{ object: 'analog-input', instance: 5, property: 'present-value' }],
      },
    ],
    [
      '810a0018012407d1010cff' + '0005010c0c0008000119552901',
      { ok: true, to: '2001:0C', objects: [{ object: 'analog-input', instance: 524_289, index: 1 }] },
    ],
    ['810a000d0100' + '50010c91029120', { apdu: 'error', error_class: 2, error_code: 32 }],
    ['810a00090100' + '600109', { apdu: 'reject', reason: 9 }],
    ['810a00090100' + '710104', { apdu: 'abort', reason: 4 }],
    ['810b000c0120ffff00ff' + '1008', { function: 'original-broadcast', to: '65535:', service: 'who-is' }],
    [
      '8104000e0a000005bac00100' + '1000',
      { function: 'forwarded-npdu', origin: '10.0.0.5:47808', service: 'i-am' },
    ],
    ['810000060000', { function: 'result', data: '00 00' }],
    ['810a0012', { ok: false, error: 'cut off: expected 18 bytes, got 4' }],
    ['55', { ok: false, error: 'no BACnet/IP message: expected 81' }],
  ])('explains %s', (frame, expected) => {
    expect(decode('bacnet', frame)).toMatchObject(expected);
  });

  it.each([
    [
      '302902010004067075626c6963a01c0204036a5f43020100020100300e300c06082b060102010101000500',
      {
        ok: true,
        version: '1',
        community: 'public',
        pdu: 'get',
        request_id: 0x036a5f43,
        varbinds: [{ oid: '1.3.6.1.2.1.1.1.0', type: 'null', value: null }],
      },
    ],
    [
      '302902010004067075626c6963a21c0204036a5f43020102020101300e300c06082b060102010101000500',
      { pdu: 'response', error: 'noSuchName', error_index: 1 },
    ],
    ['300502010104' + '00', { ok: false, version: '2c', community: '' }],
    ['3029020100', { ok: false, error: 'cut off: expected 43 bytes, got 5' }],
    ['0102', { ok: false }],
  ])('explains %s', (frame, expected) => {
    expect(decode('snmp', frame)).toMatchObject(expected);
  });

  it('explains what the simulated agent says', () => {
    const world = createWorld({ seed: 7, start: 0, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
    const model = SNMP_MODELS.get('generic-snmp-interface');
    if (model === undefined) throw new Error('no simulated agent');
    const agent = new SnmpAgent({ model, world, clock: worldClock(0, 1, () => 0) });
    const request = '302902010104067075626c6963a01c0204036a5f43020100020100300e300c06082b060102010103000500';
    const told = agent.answer(Buffer.from(request, 'hex'));
    expect(decode('snmp', told?.bytes ?? '')).toMatchObject({
      version: '2c',
      varbinds: [{ oid: '1.3.6.1.2.1.1.3.0', type: 'ticks', value: 8_640_037 }],
    });
  });
});

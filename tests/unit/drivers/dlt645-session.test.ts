import { describe, expect, it } from 'vitest';
import type { Log } from '../../../agent/core/log.ts';
import { silent } from '../../../agent/core/log.ts';
import type { ProfilePoint } from '../../../agent/core/profile.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import dlt645 from '../../../drivers/dlt645/index.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from './load.ts';
import { type AskedDevice, meterLine } from './meter-line.ts';

const never = new AbortController().signal;
const ADDRESS = '114712000003';
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 2400, dataBits: 8, parity: 'even', stopBits: 1 },
};
const bytesOf = (text: string) => [...Buffer.from(text.replaceAll(' ', ''), 'hex')];

/** A frame as the standard has it, written apart from driver and simulator. */
function frame(address: string, control: number, data: readonly number[]): Uint8Array {
  const body = [
    0x68,
    ...bytesOf(address).reverse(),
    0x68,
    control,
    data.length,
    ...data.map((byte) => (byte + 0x33) % 256),
  ];
  return Uint8Array.from([...body, body.reduce((sum, byte) => sum + byte, 0) % 256, 0x16]);
}

/** What the meter answers to the DATA of a request, in hex: control code and DATA. */
type Script = Readonly<Record<string, readonly [control: number, data: string]>>;

function meter(script: Script, address = ADDRESS): AskedDevice & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    answer(request) {
      const at = request.indexOf(0x68);
      const data = [...request.subarray(at + 10, -2)].map((byte) => (byte + 256 - 0x33) % 256);
      const key = Buffer.from(data).toString('hex').toUpperCase();
      asked.push(key);
      const [control, text] = script[key] ?? [0xd1, '02'];
      return { bytes: frame(address, control, bytesOf(text)), served: [] };
    },
  };
}

const point = (id: string, wire: object, more: Partial<ProfilePoint> = {}): ProfilePoint => ({
  id,
  title: { en: id },
  type: 'number',
  unit: 'V',
  decimals: 1,
  access: 'read',
  aggregation: 'mean',
  lane: 'telemetry',
  wire,
  ...more,
});
const phases = ['l1', 'l2', 'l3'].map((phase, index) => point(`voltage-${phase}`, { di: '0201FF00', index }));

function open(
  points: readonly ProfilePoint[],
  more: { readonly address?: string; readonly log?: Log; readonly clock?: VirtualClock } = {},
) {
  const { address = ADDRESS, log = silent, clock = new VirtualClock() } = more;
  const config = device({ ...profile('dlt645-2007-three-phase'), points }, { address });
  expect(dlt645.checkProfile(config.profile)).toEqual([]);
  return dlt645.open({ device: config, clock, log }, line);
}

async function readAll(session: ReturnType<typeof open>, exchange: ReturnType<typeof meterLine>['exchange']) {
  const readings = [];
  for (const poll of [...session.polls]) readings.push(...(await poll.execute(exchange, never)));
  return Object.fromEntries(readings.map(({ point, value, reason }) => [point, value ?? reason]));
}

describe('a read', () => {
  it('of a block is one request; an absent phase has no value', async () => {
    const played = meter({ '00FF0102': [0x91, '00FF0102 5622 FFFF FFFF'] });
    const session = open(phases);
    expect(session.polls).toHaveLength(1);
    expect(await readAll(session, meterLine([played]).exchange)).toEqual({
      'voltage-l1': 225.6,
      'voltage-l2': 'not-available',
      'voltage-l3': 'not-available',
    });
  });

  it('takes the sign from the highest bit: what is exported is negative', async () => {
    const played = meter({ '00000302': [0x91, '00000302 122580'] });
    const power = point('power', { di: '02030000' }, { unit: 'W' });
    expect(await readAll(open([power]), meterLine([played]).exchange)).toEqual({ power: -251.2 });
  });

  it('passes over the echo, noise, another master and another meter', async () => {
    const others = [
      frame('999900000001', 0x91, bytesOf('00010102 0123')),
      frame(ADDRESS, 0x11, bytesOf('00010102')),
    ];
    const noise = [0xfd, 0xbb, 0x68, 0xdd, 0xfe, 0xfe];
    const played = meter({ '00010102': [0x91, '00010102 0324'] });
    const { exchange } = meterLine([played], {
      before: (request) =>
        Uint8Array.from([...request, ...noise, ...others.flatMap((one) => [...one]), ...noise]),
    });
    const voltage = point('voltage', { di: '02010100' });
    expect(await readAll(open([voltage]), exchange)).toEqual({ voltage: 240.3 });
  });

  it('takes no answer with another identifier or of another meter', async () => {
    const voltage = point('voltage', { di: '02010100' });
    const late = meter({ '00010102': [0x91, '00020102 0324'] });
    await expect(readAll(open([voltage]), meterLine([late]).exchange)).rejects.toMatchObject({
      code: 'frame-invalid',
    });
    const stranger = meter({ '00010102': [0x91, '00010102 0324'] }, '114712000004');
    await expect(readAll(open([voltage]), meterLine([stranger]).exchange)).rejects.toMatchObject({
      code: 'frame-invalid',
    });
  });

  it('of whoever is there is answered by its real address', async () => {
    const played = meter({ '00010102': [0x91, '00010102 0324'] });
    const { exchange, requests } = meterLine([played]);
    const session = open([point('voltage', { di: '02010100' })], { address: 'AAAAAAAAAAAA' });
    expect(await readAll(session, exchange)).toEqual({ voltage: 240.3 });
    expect(Buffer.from(requests[0] ?? []).toString('hex')).toBe('fefefefe68aaaaaaaaaaaa68110433343435b116');
  });

  it('tolerates one byte too many, once told; more is another format', async () => {
    const warned: unknown[] = [];
    const log: Log = { ...silent, warn: (event, facts) => warned.push([event, facts]) };
    const voltage = point('voltage', { di: '02010100' });
    const session = open([voltage], { log });
    const longer = meterLine([meter({ '00010102': [0x91, '00010102 0324 01'] })]);
    expect(await readAll(session, longer.exchange)).toEqual({ voltage: 240.3 });
    expect(await readAll(session, longer.exchange)).toEqual({ voltage: 240.3 });
    expect(warned).toEqual([['dlt645.longer', { di: '02010100', got_bytes: 3, trailing_bytes: 1 }]]);
    const other = meterLine([meter({ '00010102': [0x91, '00010102 0324 0102'] })]);
    expect(await readAll(session, other.exchange)).toEqual({ voltage: 'configuration' });
  });
});

describe('what follows', () => {
  const script: Script = {
    '00FF0102': [0xb1, '00FF0102 5622'],
    '00FF010201': [0xb2, '00FF0102 5722 01'],
    '00FF010202': [0x92, '00FF0102 5822 02'],
  };

  it('is fetched by number and put together', async () => {
    const played = meter(script);
    expect(await readAll(open(phases), meterLine([played]).exchange)).toEqual({
      'voltage-l1': 225.6,
      'voltage-l2': 225.7,
      'voltage-l3': 225.8,
    });
    expect(played.asked).toEqual(['00FF0102', '00FF010201', '00FF010202']);
  });

  it('with another number is no answer', async () => {
    const played = meter({ ...script, '00FF010202': [0x92, '00FF0102 5822 03'] });
    await expect(readAll(open(phases), meterLine([played]).exchange)).rejects.toMatchObject({
      code: 'frame-invalid',
    });
  });

  it('that never ends is ended', async () => {
    const endless: AskedDevice = {
      answer(request) {
        const data = [...request.subarray(14, -2)].map((byte) => (byte + 256 - 0x33) % 256);
        const first = data.length === 4;
        return {
          bytes: frame(ADDRESS, first ? 0xb1 : 0xb2, [...data.slice(0, 4), 0, 0, ...data.slice(4)]),
          served: [],
        };
      },
    };
    const { exchange, requests } = meterLine([endless]);
    await expect(readAll(open(phases), exchange)).rejects.toThrow(/more than 99 frames/);
    expect(requests).toHaveLength(100);
  });
});

describe('a refusal', () => {
  it('of a block makes its parts be read, at once and from then on', async () => {
    const played = meter({
      '00010102': [0x91, '00010102 0324'],
      '00020102': [0x91, '00020102 0424'],
    });
    const session = open(phases);
    const { exchange } = meterLine([played]);
    const wanted = { 'voltage-l1': 240.3, 'voltage-l2': 240.4, 'voltage-l3': 'not-available' };
    expect(await readAll(session, exchange)).toEqual(wanted);
    expect(played.asked).toEqual(['00FF0102', '00010102', '00020102', '00030102']);
    expect(session.polls.flatMap(({ points }) => points)).toEqual(['voltage-l1', 'voltage-l2', 'voltage-l3']);
    expect(await readAll(session, exchange)).toEqual(wanted);
    // The third phase is not there and is not asked for again within the hour.
    expect(played.asked.slice(4)).toEqual(['00010102', '00020102']);
  });

  it('is not repeated; after an hour the meter may be another one', async () => {
    const clock = new VirtualClock();
    const played = meter({});
    const session = open([point('voltage', { di: '02010100' })], { clock });
    const { exchange } = meterLine([played]);
    for (let i = 0; i < 3; i++)
      expect(await readAll(session, exchange)).toEqual({ voltage: 'not-available' });
    expect(played.asked).toHaveLength(1);
    await clock.advance(3_600_001);
    await readAll(session, exchange);
    expect(played.asked).toHaveLength(2);
  });

  it('for another reason is an error that no repetition mends', async () => {
    const played = meter({ '00010102': [0xd1, '04'] });
    await expect(
      readAll(open([point('voltage', { di: '02010100' })]), meterLine([played]).exchange),
    ).rejects.toMatchObject({
      code: 'device-exception',
      retryable: false,
      message: expect.stringMatching(/^read of 02010100 from 114712000003 failed: .*not authorised/),
    });
    expect(played.asked).toHaveLength(1);
  });

  it('shows a probe that the meter is there', async () => {
    await open([point('voltage', { di: '02010100' })]).probe(meterLine([meter({})]).exchange, never);
  });
});

describe('checks', () => {
  const base = device(profile('dlt645-1997'), { address: ADDRESS });

  it.each([
    [161, []],
    ['000000000161', []],
    ['3a2107000481', []],
    [undefined, []],
    ['999999999999', ['expected the 12 digits printed on the meter, got "999999999999"']],
    ['1234567890123', ['expected the 12 digits printed on the meter, got "1234567890123"']],
    [-1, ['expected the 12 digits printed on the meter, got -1']],
  ])('address %s', (address, wanted) => {
    const { address: _own, ...rest } = base;
    const config = address === undefined ? rest : { ...rest, address };
    expect(dlt645.checkDevice(config, line).map(({ message }) => message)).toEqual(wanted);
  });

  it('an identifier of the other edition, a unit of another dimension, a block without FF', () => {
    const points = [
      point('a', { di: '9010' }),
      point('b', { di: '02010100' }, { unit: 'A' }),
      point('c', { di: '02010100', index: 1 }),
      point('d', { di: '07000001' }),
      point('e', { di: '04000102' }),
    ];
    const issues = dlt645.checkProfile({ ...profile('dlt645-2007-three-phase'), points });
    expect(issues.map(({ path, message }) => [path[1], message])).toEqual([
      [0, 'expected 8 hex digits in the edition of 2007, got 9010'],
      [1, 'expected current for "A", got voltage (voltage)'],
      [2, 'expected none, 02010100 is no block, got 1'],
      [3, 'expected an identifier of DL/T 645-2007, got 07000001'],
      [4, 'expected a number for a number point, got time'],
    ]);
  });

  it('a line of Modbus TCP frames', () => {
    const tcp: LineConfig = {
      id: 'line',
      kind: 'tcp',
      host: 'h',
      port: 502,
      framing: 'modbus-tcp',
      timeout: 300,
    };
    expect(dlt645.checkDevice(base, tcp)[0]?.fix).toBe('give the line framing: raw');
  });
});

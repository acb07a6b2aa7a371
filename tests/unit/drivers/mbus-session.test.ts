/** One M-Bus meter under what buses do: lost and repeated telegrams, collisions, errors, other meters. */
import { describe, expect, it } from 'vitest';
import { AgentError } from '../../../agent/core/errors.ts';
import type { Exchange } from '../../../agent/core/link.ts';
import { silent } from '../../../agent/core/log.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import mbus from '../../../drivers/mbus/index.ts';
import { MbusDevice, type MbusDeviceOptions } from '../../../hw-sim/devices/mbus-device.ts';
import { MBUS_MODELS } from '../../../hw-sim/devices/mbus-models.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from './load.ts';
import { meterLine } from './meter-line.ts';

const never = new AbortController().signal;
const START = Date.UTC(2027, 5, 1, 10, 7, 33);
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 2400, dataBits: 8, parity: 'even', stopBits: 1 },
};

function heat(more: Partial<MbusDeviceOptions> = {}) {
  const model = MBUS_MODELS.get('mbus-heat');
  if (model === undefined) throw new Error('no simulated meter');
  const world = createWorld({ seed: 7, start: START, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
  return new MbusDevice({ model, primary: 5, world, clock: worldClock(START, 1, () => 0), ...more });
}

const open = (address: number | string = 5, more: Readonly<Record<string, unknown>> = {}) =>
  mbus.open(
    {
      device: device(profile('mbus-heat'), { address, options: more }),
      clock: new VirtualClock(),
      log: silent,
    },
    line,
  );
const readAll = async (session: ReturnType<typeof open>, exchange: Exchange) => {
  const readings = (await session.polls[0]?.execute(exchange, never)) ?? [];
  return new Map(readings.map((reading) => [reading.point, reading]));
};
const timeout = () => new AgentError('timeout', 'no answer within 300 ms');
const sent = (requests: readonly Uint8Array[]) => requests.map((bytes) => Buffer.from(bytes).toString('hex'));

describe('the frame count bit', () => {
  it('toggles from reading to reading, after one reset', async () => {
    const { exchange, requests } = meterLine([heat()]);
    const session = open();
    for (let i = 0; i < 3; i++) await readAll(session, exchange);
    expect(sent(requests)).toEqual(['1040054516', '107b058016', '105b056016', '107b058016']);
  });

  it('toggles from telegram to telegram, and a reset begins anew', async () => {
    const { exchange, requests } = meterLine([heat({ perTelegram: 5 })]);
    const session = open();
    await readAll(session, exchange);
    await readAll(session, exchange);
    const round = ['1040054516', '107b058016', '105b056016', '107b058016'];
    expect(sent(requests)).toEqual([...round, ...round]);
  });

  it('stays where a telegram was lost, which then comes again', async () => {
    const played = meterLine([heat({ perTelegram: 5 })]);
    let count = 0;
    // The second telegram is lost on its way.
    const lossy: Exchange = async (request, signal) => {
      const answer = await played.exchange(request, signal);
      count += 1;
      if (count === 3) throw timeout();
      return answer;
    };
    const readings = await readAll(open(), lossy);
    expect([...readings.values()].filter(({ quality }) => quality !== 'good')).toEqual([]);
    expect(sent(played.requests)).toEqual([
      '1040054516',
      '107b058016',
      '105b056016',
      '105b056016',
      '107b058016',
    ]);
  });

  it('a late copy of the telegram before is not taken for the next one', async () => {
    const meter = heat({ perTelegram: 5 });
    let before: Uint8Array | undefined;
    const doubled = meterLine([
      {
        answer(frame) {
          const told = meter.answer(frame);
          if (told === undefined) return undefined;
          const bytes =
            before === undefined || told.bytes.length < 10
              ? told.bytes
              : Uint8Array.from([...before, ...told.bytes]);
          if (told.bytes.length > 10) before = told.bytes;
          return { ...told, bytes };
        },
      },
    ]);
    const readings = await readAll(open(), doubled.exchange);
    expect([...readings.values()].filter(({ quality }) => quality !== 'good')).toEqual([]);
  });
});

describe('several meters on a bus', () => {
  it('are selected one after the other by their numbers', async () => {
    const one = heat({ address: '11490378', primary: 0 });
    const other = heat({ address: '11490379', primary: 0 });
    const { exchange } = meterLine([one, other]);
    for (const address of ['11490378', '11490379']) {
      const readings = await readAll(open(address), exchange);
      expect(readings.get('energy-heat')?.quality).toBe('good');
    }
  });

  it('one that answers in place of the selected one is foreign', async () => {
    const stranger = heat({ address: '99999999', primary: 253 });
    const { exchange } = meterLine([heat({ address: '11490378', primary: 0 })]);
    const wrong: Exchange = async (request, signal) => {
      const asked = request.bytes[1] === 0x7b;
      if (!asked) return exchange(request, signal);
      const said = stranger.answer(request.bytes)?.bytes ?? new Uint8Array();
      expect(request.match?.(said)).toMatchObject({ kind: 'foreign' });
      throw timeout();
    };
    await expect(readAll(open('11490378'), wrong)).rejects.toMatchObject({ code: 'timeout' });
  });

  it('two of one address garble each other: nothing is read', async () => {
    const { exchange } = meterLine([heat({ address: '1', primary: 5 })], {
      through: (bytes) => (bytes.length < 10 ? bytes : bytes.map((byte, i) => (i === 30 ? byte ^ 4 : byte))),
    });
    await expect(readAll(open(), exchange)).rejects.toMatchObject({ code: 'frame-invalid' });
  });
});

describe('an error of the meter', () => {
  it.each([
    [8, 'device-busy', true],
    [1, 'device-exception', false],
  ])('%i is told as %s', async (refusal, code, retryable) => {
    const { exchange } = meterLine([heat({ refusal })]);
    await expect(readAll(open(), exchange)).rejects.toMatchObject({ code, retryable });
  });

  it('in its status makes values uncertain', async () => {
    const model = MBUS_MODELS.get('mbus-heat');
    if (model === undefined) throw new Error('no simulated meter');
    const { exchange } = meterLine([heat({ model: { ...model, status: 0x08 } })]);
    const readings = await readAll(open(), exchange);
    expect(readings.get('volume')).toMatchObject({ quality: 'uncertain', reason: 'device-failure' });
    expect(readings.get('meter-error')).toMatchObject({ quality: 'good', value: true });
  });

  it('in a record is no value; what it lacks is not available', async () => {
    const model = MBUS_MODELS.get('mbus-heat');
    if (model === undefined) throw new Error('no simulated meter');
    const records = model.records
      .filter(({ point }) => point !== 'flow')
      .map((record) =>
        record.point === 'volume'
          ? // VIFE 16: overflow.
            { ...record, head: [0x0c, 0x94, 0x16] }
          : record.point === 'power-thermal'
            ? { ...record, truth: () => null }
            : record,
      );
    const { exchange } = meterLine([heat({ model: { ...model, records } })]);
    const readings = await readAll(open(), exchange);
    expect(readings.get('volume')).toMatchObject({ value: null, reason: 'over-range' });
    expect(readings.get('power-thermal')).toMatchObject({ value: null, reason: 'not-available' });
    expect(readings.get('flow')).toMatchObject({ value: null, reason: 'not-available' });
    expect(readings.get('energy-heat')).toMatchObject({ quality: 'good' });
  });
});

it('telegrams beyond what is asked for stay unread, and the next reading begins anew', async () => {
  const { exchange, requests } = meterLine([heat({ perTelegram: 5 })]);
  const session = open(5, { telegrams: 1 });
  const first = await readAll(session, exchange);
  expect(first.get('operating-hours')).toMatchObject({ reason: 'not-available' });
  await readAll(session, exchange);
  expect(sent(requests)).toEqual(['1040054516', '107b058016', '1040054516', '107b058016']);
});

it('encrypted records are told as such', async () => {
  const frame = (data: readonly number[]) => {
    const body = [0x08, 5, 0x72, ...data];
    const sum = body.reduce((total, byte) => total + byte, 0) % 256;
    return Uint8Array.from([0x68, body.length, body.length, 0x68, ...body, sum, 0x16]);
  };
  const header = [0x78, 0x03, 0x49, 0x11, 0x77, 0x04, 0x0e, 0x16, 1, 0, 0x10, 0x05];
  const { exchange } = meterLine([
    {
      answer: (asked) => ({
        bytes: asked[1] === 0x40 ? Uint8Array.of(0xe5) : frame([...header, ...new Array<number>(16).fill(9)]),
        served: [],
      }),
    },
  ]);
  await expect(readAll(open(), exchange)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(/encrypted \(mode 5\)/),
  });
});

it('checks addresses, quantities, types and marks', () => {
  const of = profile('mbus-heat');
  const said = (address: number | string) => mbus.checkDevice(device(of, { address }), line);
  expect([0, 1, 250, 254, '254', '12345678', 'FFFF5678', '12345678ACFF0E16', 11490378].flatMap(said)).toEqual(
    [],
  );
  for (const wrong of [251, 253, 255, 'meter', '1234567890', '12G45678']) {
    expect(said(wrong).map(({ path }) => path)).toEqual([['address']]);
  }
  const [first] = of.points;
  if (first === undefined) throw new Error('no point');
  const points = [
    { ...first, id: 'a', wire: { quantity: 'enrgy' } },
    { ...first, id: 'b', wire: { status: 'power-low' } },
    { ...first, id: 'c', wire: { quantity: 'energy', with: ['BC'] } },
    { ...first, id: 'd', wire: { header: 'id' } },
    { ...first, id: 'e', wire: { name: 'C' } },
  ];
  expect(mbus.checkProfile({ ...of, points }).map(({ path }) => path[1])).toEqual([0, 1, 2, 3]);
});

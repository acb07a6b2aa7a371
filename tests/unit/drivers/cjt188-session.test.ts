import { describe, expect, it } from 'vitest';
import { AgentError } from '../../../agent/core/errors.ts';
import type { Exchange } from '../../../agent/core/link.ts';
import { silent } from '../../../agent/core/log.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import cjt188 from '../../../drivers/cjt188/index.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from './load.ts';
import { type AskedDevice, meterLine } from './meter-line.ts';

const never = new AbortController().signal;
const ADDRESS = '00201707010069';
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 2400, dataBits: 8, parity: 'even', stopBits: 1 },
};
const bytesOf = (text: string) => [...Buffer.from(text.replaceAll(' ', ''), 'hex')];

/** A frame as the standard has it, written apart from driver and simulator. */
function frame(
  control: number,
  data: readonly number[],
  { type = 0x10, address = ADDRESS } = {},
): Uint8Array {
  const body = [0x68, type, ...bytesOf(address).reverse(), control, data.length, ...data];
  return Uint8Array.from([...body, body.reduce((sum, byte) => sum + byte, 0) % 256, 0x16]);
}

const CONTENTS = '13 23 33 43 2C 14 24 34 44 2C 59 54 16 19 08 17 20 13 01';

interface Asked {
  readonly order: string;
  readonly serial: number;
  readonly frame: Uint8Array;
}

/** A meter whose answer is written by `answer`; undefined is silence. */
function meter(answer: (asked: Asked) => Uint8Array | undefined): AskedDevice & { readonly asked: Asked[] } {
  const asked: Asked[] = [];
  return {
    asked,
    answer(request) {
      const own = request.subarray(request.indexOf(0x68));
      const one = {
        order: Buffer.from(own.subarray(11, 13)).toString('hex').toUpperCase(),
        serial: own[13] ?? 0,
        frame: own,
      };
      asked.push(one);
      const bytes = answer(one);
      return bytes === undefined ? undefined : { bytes, served: [] };
    },
  };
}

const good = ({ frame: asked }: Asked, contents = CONTENTS) =>
  frame(0x81, [...asked.subarray(11, 14), ...bytesOf(contents)]);

function open(stem = 'cjt188-water', options: Readonly<Record<string, unknown>> = {}) {
  const config = device(profile(stem), { address: ADDRESS, options });
  expect(cjt188.checkDevice(config, line)).toEqual([]);
  return cjt188.open({ device: config, clock: new VirtualClock(), log: silent }, line);
}

async function readAll(session: ReturnType<typeof open>, exchange: Exchange) {
  const readings = [];
  for (const poll of session.polls) readings.push(...(await poll.execute(exchange, never)));
  return Object.fromEntries(readings.map(({ point, value, reason }) => [point, value ?? reason]));
}

const WATER = {
  volume: 433323.13,
  'volume-settlement': 443424.14,
  'meter-time': '2017-08-19 16:54:59',
  valve: 'abnormal',
  'battery-low': false,
};

describe('a read', () => {
  it('asks as public code does', async () => {
    const { exchange, requests } = meterLine([]);
    const config = device(profile('cjt188-water'), { address: '00201510270588' });
    const session = cjt188.open({ device: config, clock: new VirtualClock(), log: silent }, line);
    await expect(session.polls[0]?.execute(exchange, never)).rejects.toMatchObject({ code: 'timeout' });
    // Case cjt188-cs-req of the vectors.
    const wanted = 'FE FE FE FE 68 10 88 05 27 10 15 20 00 01 03 90 1F 01 25 16';
    expect([...(requests[0] ?? [])]).toEqual(bytesOf(wanted));
  });

  it('wakes with as many preambles as the meter wants', async () => {
    const { exchange, requests } = meterLine([meter((asked) => good(asked))]);
    await readAll(open('cjt188-water', { preambles: 20 }), exchange);
    expect(requests[0]?.subarray(0, 21)).toEqual(
      Uint8Array.from([...new Array<number>(20).fill(0xfe), 0x68]),
    );
  });

  it('takes another type, another serial number, the identifier the other way round, and texts around the frame', async () => {
    const played = meter(({ serial }) => {
      const told = frame(0x81, [0x1f, 0x90, (serial + 9) % 256, ...bytesOf(CONTENTS)], { type: 0x25 });
      return Uint8Array.from([...Buffer.from('CTRL:R20181h0'), ...told, ...Buffer.from('RO')]);
    });
    expect(await readAll(open(), meterLine([played]).exchange)).toEqual(WATER);
  });

  it('passes over the echo and other meters', async () => {
    const other = frame(0x81, [0x90, 0x1f, 1, ...bytesOf(CONTENTS)], { address: '00000000000007' });
    const { exchange } = meterLine([meter((asked) => good(asked))], {
      before: (request) => Uint8Array.from([...request, ...other]),
    });
    expect(await readAll(open(), exchange)).toEqual(WATER);
  });

  it('has no value where the meter has none', async () => {
    const none = '00 59 59 00 2C FF FF FF FF 2C FF FF FF FF FF FF FF 00 00';
    expect(await readAll(open(), meterLine([meter((asked) => good(asked, none))]).exchange)).toEqual({
      volume: 5959,
      'volume-settlement': 'not-available',
      'meter-time': 'not-available',
      valve: 'open',
      'battery-low': false,
    });
  });

  it('is uncertain where the unit is not in the standard, and bad where it measures something else', async () => {
    const session = open();
    const unknown = meterLine([meter((asked) => good(asked, CONTENTS.replace('2C', '00')))]);
    const [volume] = (await session.polls[0]?.execute(unknown.exchange, never)) ?? [];
    expect(volume).toMatchObject({ value: 433323.13, quality: 'uncertain', reason: 'configuration' });
    const litres = meterLine([meter((asked) => good(asked, CONTENTS.replace('2C', '29')))]);
    expect(await readAll(session, litres.exchange)).toMatchObject({ volume: 433.32 });
    const energy = meterLine([meter((asked) => good(asked, CONTENTS.replace('2C', '05')))]);
    expect(await readAll(session, energy.exchange)).toMatchObject({ volume: 'configuration' });
  });

  it('takes the decimals of the flow as the device is said to write them', async () => {
    const heat = `${'00 00 00 00 05'} 00 03 00 00 08 00 00 00 00 17 25 81 00 00 35 27 00 00 00 2C 60 14 00 74 14 00 46 54 00 51 49 09 22 04 10 20 00 00`;
    const { exchange } = meterLine([meter((asked) => good(asked, heat))]);
    expect(await readAll(open('cjt188-heat'), exchange)).toMatchObject({
      flow: 0.8125,
      'energy-heat': 3000,
      'temperature-supply': 14.6,
      hours: 5446,
    });
    expect(await readAll(open('cjt188-heat', { decimals: { flow: 2 } }), exchange)).toMatchObject({
      flow: 81.25,
    });
  });

  it('tolerates one byte too many; another length is another layout', async () => {
    const longer = meterLine([meter((asked) => good(asked, `${CONTENTS} 00`))]);
    expect(await readAll(open(), longer.exchange)).toEqual(WATER);
    const other = meterLine([meter((asked) => good(asked, `${CONTENTS} 00 00`))]);
    expect(await readAll(open(), other.exchange)).toMatchObject({
      volume: 'configuration',
      valve: 'configuration',
    });
  });
});

describe('the order of the identifier', () => {
  const lowOnly = () => meter((asked) => (asked.order === '1F90' ? good(asked) : undefined));

  it('is found by silence, once, and kept', async () => {
    const played = lowOnly();
    const session = open();
    const { exchange } = meterLine([played]);
    expect(await readAll(session, exchange)).toEqual(WATER);
    expect(await readAll(session, exchange)).toEqual(WATER);
    expect(played.asked.map(({ order }) => order)).toEqual(['901F', '1F90', '1F90']);
  });

  it('is found by a refusal', async () => {
    const played = meter((asked) =>
      asked.order === '1F90' ? good(asked) : frame(0xc1, [asked.serial, 0, 0]),
    );
    expect(await readAll(open(), meterLine([played]).exchange)).toEqual(WATER);
    expect(played.asked.map(({ order }) => order)).toEqual(['901F', '1F90']);
  });

  it('begins as the device says', async () => {
    const played = lowOnly();
    await readAll(open('cjt188-water', { order: 'low' }), meterLine([played]).exchange);
    expect(played.asked.map(({ order }) => order)).toEqual(['1F90']);
  });

  it('is not doubted by a meter that has answered and falls silent', async () => {
    let there = true;
    const played = meter((asked) => (there ? good(asked) : undefined));
    const session = open();
    const { exchange } = meterLine([played]);
    await readAll(session, exchange);
    there = false;
    await expect(readAll(session, exchange)).rejects.toMatchObject({ code: 'timeout' });
    expect(played.asked.map(({ order }) => order)).toEqual(['901F', '901F']);
  });

  it('of a meter that was never there stays open', async () => {
    const played = meter(() => undefined);
    const session = open();
    const { exchange } = meterLine([played]);
    await expect(readAll(session, exchange)).rejects.toMatchObject({ code: 'timeout', retryable: true });
    await expect(readAll(session, exchange)).rejects.toMatchObject({ code: 'timeout' });
    expect(played.asked.map(({ order }) => order)).toEqual(['901F', '1F90', '901F', '1F90']);
  });

  it('refused both ways is the meter saying no', async () => {
    const played = meter((asked) => frame(0xc1, [asked.serial, 0, 0]));
    const session = open();
    const { exchange } = meterLine([played]);
    await expect(readAll(session, exchange)).rejects.toMatchObject({
      code: 'device-exception',
      retryable: false,
    });
    await session.probe(exchange, never);
  });

  it('is not tried when the line is gone', async () => {
    let asked = 0;
    const gone: Exchange = async () => {
      asked++;
      throw new AgentError('link-lost', 'the port is closed');
    };
    await expect(readAll(open(), gone)).rejects.toMatchObject({ code: 'link-lost' });
    expect(asked).toBe(1);
  });
});

it('checks fields, units and types', () => {
  const base = profile('cjt188-water');
  const [first] = base.points;
  if (first === undefined) throw new Error('no point');
  const points = [
    { ...first, id: 'a', wire: { field: 'flow' } },
    { ...first, id: 'b', wire: { field: 'valve' } },
    { ...first, id: 'c', wire: { field: 'settlement-total', di: 'D120' } },
    { ...first, id: 'd', wire: { field: 'current-total', di: 'D120' } },
    { ...first, id: 'e', wire: { field: 'current-total', di: '9020' } },
  ];
  expect(cjt188.checkProfile({ ...base, points }).map(({ path, message }) => [path[1], message])).toEqual([
    [0, 'expected a unit of flow for flow, got "m3"'],
    [1, 'expected a string point for valve, got number'],
    [2, 'expected 901F for settlement-total, got D120'],
    [4, 'expected 901F, or D120 to D12B, got "9020"'],
  ]);
});

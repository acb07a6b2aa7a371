import { describe, expect, it } from 'vitest';
import { hex } from '../../../agent/core/bytes.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Profile } from '../../../agent/core/profile.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import modbus from '../../../drivers/modbus/index.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { fakeModbus, float32, put } from './fake-modbus.ts';
import { device, profile } from './load.ts';

const serial: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/null',
  timeout: 300,
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
};
const tcp: LineConfig = {
  id: 'line',
  kind: 'tcp',
  host: 'h',
  port: 502,
  framing: 'modbus-tcp',
  timeout: 300,
};
const never = new AbortController().signal;

function open(of: Profile, line: LineConfig = serial, options: Record<string, unknown> = {}) {
  return modbus.open({ device: device(of, { options }), clock: new VirtualClock(), log: silent }, line);
}

/** A profile with one table, for what no real map of ours has. */
function table(points: readonly Record<string, unknown>[], options: Record<string, unknown> = {}): Profile {
  return {
    ...profile('eastron-sdm120'),
    options: { function: 3, ...options },
    points: points.map(({ id, unit, type, access, decimals, range, wireType, ...wire }) => ({
      id: String(id),
      title: { en: String(id) },
      type: (type as 'number' | undefined) ?? 'number',
      unit: (unit as '1' | undefined) ?? '1',
      access: (access as 'read' | undefined) ?? 'read',
      aggregation: 'mean',
      lane: 'telemetry',
      ...(decimals === undefined ? {} : { decimals: Number(decimals) }),
      ...(range === undefined ? {} : { range: range as [number, number] }),
      wire: { ...wire, ...(wireType === undefined ? {} : { type: wireType }) },
    })) as Profile['points'],
  };
}

describe('reading', () => {
  it.each(['rtu', 'tcp', 'ascii'] as const)('reads an SDM630 over %s', async (framing) => {
    const fake = fakeModbus({ framing });
    put(fake, 0, float32(230.2));
    put(fake, 12, float32(-431.25));
    put(fake, 70, float32(49.98));
    put(fake, 72, float32(1234.567));
    const options = framing === 'ascii' ? { framing } : {};
    const session = open(profile('eastron-sdm630'), framing === 'tcp' ? tcp : serial, options);
    const readings = (
      await Promise.all(session.polls.map((poll) => poll.execute(fake.exchange, never)))
    ).flat();
    const value = (point: string) => readings.find((reading) => reading.point === point)?.value;
    expect(value('voltage-l1')).toBe(230.2);
    expect(value('power-active-l1')).toBe(-431.3);
    expect(value('frequency')).toBe(49.98);
    expect(value('energy-import')).toBe(1234.567);
    expect(readings.map((reading) => reading.point).sort()).toEqual(
      profile('eastron-sdm630')
        .points.map((point) => point.id)
        .sort(),
    );
    expect(fake.requests.length).toBe(session.polls.length);
    expect(session.polls.length).toBeLessThan(8);
  });

  it('gives scale, sign, null and range their meaning (Renke 500)', async () => {
    const fake = fakeModbus();
    const put16 = (address: number, value: number) => fake.registers.set(address, value & 0xffff);
    for (const [i, value] of [14, 1, 2, 110, 451, -101, 518, 0x7fff, 15, 1019].entries())
      put16(500 + i, value);
    put16(511, 50);
    const session = open(profile('renke-500-series'));
    expect(session.polls).toHaveLength(1);
    const readings = (await session.polls[0]?.execute(fake.exchange, never)) ?? [];
    const by = Object.fromEntries(
      readings.map((reading) => [reading.point, reading.value ?? reading.reason]),
    );
    expect(by).toMatchObject({
      'wind-speed': 0.14,
      'wind-direction': 110,
      humidity: 45.1,
      temperature: -10.1,
      noise: 51.8,
      'pm2-5': 'sensor-fault',
      pm10: 15,
      pressure: 101.9,
      illuminance: 50,
    });
  });

  it('reads every type in every order', async () => {
    const fake = fakeModbus();
    const orders = { ABCD: '47F12000', DCBA: '0020F147', BADC: 'F1470020', CDAB: '200047F1' };
    const points = Object.keys(orders).map((order, i) => ({
      id: order,
      address: 10 * i,
      wireType: 'float32',
      order,
    }));
    Object.values(orders).forEach((hex, i) => {
      put(fake, 10 * i, Uint8Array.from(Buffer.from(hex, 'hex')));
    });
    put(fake, 100, Uint8Array.from(Buffer.from('FFFFFFFFFFFFFFFE', 'hex')));
    put(fake, 110, Uint8Array.from(Buffer.from('KS-01\0 x', 'latin1')));
    put(fake, 120, Uint8Array.from([0b1011_0000, 0b0000_0100]));
    const session = open(
      table([
        ...points,
        { id: 'i64', address: 100, wireType: 'int64' },
        { id: 'text', address: 110, wireType: 'string', words: 4, type: 'string' },
        { id: 'bit', address: 120, bit: 2, type: 'boolean' },
        { id: 'bits', address: 120, bits: [12, 15] },
        { id: 'high', address: 120, range: [0, 100] },
        { id: 'none', address: 120, notAvailable: ['B004'] },
      ]),
    );
    const readings = (
      await Promise.all(session.polls.map((poll) => poll.execute(fake.exchange, never)))
    ).flat();
    const by = Object.fromEntries(
      readings.map((reading) => [reading.point, reading.value ?? reading.reason]),
    );
    expect(by).toEqual({
      ABCD: 123456,
      DCBA: 123456,
      BADC: 123456,
      CDAB: 123456,
      i64: -2,
      text: 'KS-01',
      bit: true,
      bits: 11,
      high: 'over-range',
      none: 'not-available',
    });
  });

  it.each([
    [1, { id: 'relay', type: 'boolean' }, '01 01 00 15 00 01', true],
    [2, { id: 'contact', type: 'boolean' }, '01 02 00 15 00 01', true],
    [3, { id: 'holding', wireType: 'uint16' }, '01 03 00 15 00 01', 0x1234],
    [4, { id: 'input', wireType: 'uint16' }, '01 04 00 15 00 01', 0x1234],
  ])('asks with function %d for a point that wants it', async (code, point, question, value) => {
    const fake = fakeModbus();
    fake.coils.set(0x15, true);
    fake.registers.set(0x15, 0x1234);
    const session = open(table([{ ...point, function: code, address: 0x15 }]));
    const readings = await session.polls[0]?.execute(fake.exchange, never);
    expect(readings).toMatchObject([{ value, quality: 'good' }]);
    expect(fake.requests.map(hex)).toEqual([question]);
  });

  it('reads bits that lie apart in one go, each its own', async () => {
    const fake = fakeModbus();
    for (const at of [3, 9, 20]) fake.coils.set(at, true);
    const points = [3, 4, 9, 12, 20].map((address) => ({
      id: `c${address}`,
      address,
      function: 2,
      type: 'boolean',
    }));
    const session = open(table(points));
    expect(session.polls).toHaveLength(1);
    const readings = (await session.polls[0]?.execute(fake.exchange, never)) ?? [];
    expect(readings.map(({ value }) => value)).toEqual([true, false, true, false, true]);
  });

  it('takes bit fields out of registers and pairs of them, in any order', async () => {
    const fake = fakeModbus();
    put(fake, 0, Uint8Array.from(Buffer.from('80F0000156780000', 'hex')));
    const session = open(
      table([
        { id: 'top', address: 0, bit: 15, type: 'boolean' },
        { id: 'middle', address: 0, bits: [4, 7] },
        { id: 'pair', address: 0, wireType: 'uint32', bits: [12, 23] },
        { id: 'swapped', address: 2, wireType: 'uint32', order: 'CDAB', bits: [0, 15] },
        { id: 'scaled', address: 2, bits: [8, 15], scale: 0.1, offset: -1, decimals: 1 },
      ]),
    );
    const readings = (
      await Promise.all(session.polls.map((poll) => poll.execute(fake.exchange, never)))
    ).flat();
    expect(Object.fromEntries(readings.map(({ point, value }) => [point, value]))).toEqual({
      top: true,
      middle: 15,
      pair: 0xf00,
      swapped: 0x5678,
      scaled: 7.6,
    });
  });

  it('survives noise and foreign frames before the answer', async () => {
    const foreign = [9, 3, 2, 0, 1, 0x58, 0x45];
    const fake = fakeModbus({ noise: () => Uint8Array.from([0x00, 0xff, 1, 3, ...foreign]) });
    fake.registers.set(0, 86);
    const session = open(profile('renke-rs-fsjt-n01'));
    const readings = await session.polls[0]?.execute(fake.exchange, never);
    expect(readings?.[0]).toMatchObject({ value: 8.6, quality: 'good' });
  });
});

describe('holes', () => {
  it('finds a hole in a merged gap once and plans around it', async () => {
    const fake = fakeModbus({ hole: (address) => address === 6 });
    const session = open(table([0, 1, 2, 9, 10].map((address) => ({ id: `r${address}`, address }))));
    expect(session.polls).toHaveLength(1);
    const readings = (await session.polls[0]?.execute(fake.exchange, never)) ?? [];
    expect(readings.map((reading) => reading.quality)).toEqual(['good', 'good', 'good', 'good', 'good']);
    expect(fake.requests).toHaveLength(3);
    expect(session.polls).toHaveLength(2);
    for (const poll of session.polls) await poll.execute(fake.exchange, never);
    expect(fake.requests).toHaveLength(5);
  });

  it('says of a point the device lacks that it is not available, and stops asking for it', async () => {
    const fake = fakeModbus({ hole: (address) => address === 2 });
    const session = open(table([0, 1, 2, 3, 4].map((address) => ({ id: `r${address}`, address }))));
    for (let round = 0; round < 3; round++) {
      const readings = (
        await Promise.all(session.polls.map((poll) => poll.execute(fake.exchange, never)))
      ).flat();
      expect(readings.map((reading) => reading.point).sort()).toEqual(['r0', 'r1', 'r2', 'r3', 'r4']);
      if (round > 0) {
        expect(
          readings.filter((reading) => reading.quality === 'bad').map((reading) => reading.point),
        ).toEqual(['r2']);
      }
    }
    const before = fake.requests.length;
    for (const poll of session.polls) await poll.execute(fake.exchange, never);
    expect(fake.requests.length - before).toBe(2);
  });

  it('learns that a device gives fewer registers than its profile says', async () => {
    const fake = fakeModbus({ most: 8 });
    const session = open(table(Array.from({ length: 32 }, (_, i) => ({ id: `r${i}`, address: i }))));
    let last: readonly string[] = [];
    for (let round = 0; round < 4; round++) {
      const readings = (
        await Promise.all(session.polls.map((poll) => poll.execute(fake.exchange, never)))
      ).flat();
      expect(readings).toHaveLength(32);
      last = readings.filter((reading) => reading.quality === 'bad').map((reading) => reading.point);
    }
    expect(last).toEqual([]);
  });
});

describe('writing', () => {
  const points = [
    { id: 'coil', address: 3, function: 1, type: 'boolean', access: 'read-write' },
    { id: 'coil15', address: 4, function: 1, type: 'boolean', access: 'read-write', write: { function: 15 } },
    { id: 'one', address: 10, access: 'read-write', scale: 0.1, decimals: 1, range: [0, 100] },
    {
      id: 'many',
      address: 20,
      access: 'read-write',
      wireType: 'float32',
      order: 'CDAB',
      write: { function: 16 },
    },
    { id: 'mask', address: 30, access: 'read-write', bits: [4, 7], write: { function: 22 } },
    { id: 'both', address: 40, access: 'read-write', wireType: 'uint32', write: { function: 23 } },
    { id: 'fixed', address: 50 },
  ];
  it.each([
    ['coil', true, 5],
    ['coil15', true, 15],
    ['one', 12.3, 6],
    ['many', 1.5, 16],
    ['mask', 9, 22],
    ['both', 70000, 23],
  ])('writes %s and reads it back', async (point, value, code) => {
    const fake = fakeModbus();
    fake.registers.set(30, 0x1234);
    const outcome = await open(table(points)).write({ point, value }, fake.exchange, never);
    expect(outcome).toMatchObject({ kind: 'done', readback: { point, value, quality: 'good' } });
    expect(fake.requests[0]?.[1]).toBe(code);
    if (point === 'mask') expect(fake.registers.get(30)).toBe(0x1294);
  });

  it('says no where the device did not keep the value, refused it, or it does not fit', async () => {
    const forgetful = fakeModbus({ forgetful: true });
    const write = (fake: typeof forgetful, point: string, value: number | string) =>
      open(table(points)).write({ point, value }, fake.exchange, never);
    expect(await write(forgetful, 'one', 5)).toMatchObject({ kind: 'rejected', reason: /read-back.*5.*0/ });
    const refusing = fakeModbus({ hole: () => true });
    expect(await write(refusing, 'one', 5)).toMatchObject({ kind: 'rejected', reason: /exception 2/ });
    expect(await write(refusing, 'one', 500)).toMatchObject({ kind: 'rejected', reason: /0 to 100/ });
    expect(await write(refusing, 'one', 'x')).toMatchObject({ kind: 'rejected' });
    expect(await write(refusing, 'fixed', 5)).toMatchObject({ kind: 'rejected' });
    expect(refusing.requests).toHaveLength(1);
  });
});

describe('SunSpec', () => {
  it('walks the chain and applies scale factors', async () => {
    const fake = fakeModbus({ framing: 'tcp', hole: (address) => address < 50000 });
    const words = (address: number, ...values: number[]) =>
      values.forEach((value, i) => {
        fake.registers.set(address + i, value & 0xffff);
      });
    words(50000, 0x5375, 0x6e53, 1, 66);
    words(50070, 203, 105);
    words(50070 + 8, 2301, 2302, 0x8000);
    words(50070 + 15, -1);
    words(50070 + 18, -150);
    words(50070 + 22, 1);
    words(50070 + 46, 0x0001, 0x86a0);
    words(50070 + 54, 0);
    words(50070 + 107, 0xffff, 0);
    const session = open(profile('sunspec-meter'), tcp);
    const first = (await Promise.all(session.polls.map((poll) => poll.execute(fake.exchange, never)))).flat();
    const by = Object.fromEntries(first.map((reading) => [reading.point, reading.value ?? reading.reason]));
    expect(by).toMatchObject({
      'voltage-l1': 230.1,
      'voltage-l2': 230.2,
      'voltage-l3': 'not-available',
      'power-active-total': -1500,
      'energy-import': 100,
    });
    const before = fake.requests.length;
    for (const poll of session.polls) await poll.execute(fake.exchange, never);
    expect(fake.requests.length - before).toBe(session.polls.length);
  });
});

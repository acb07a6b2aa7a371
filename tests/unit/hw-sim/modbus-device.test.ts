import { describe, expect, test } from 'vitest';
import { crc16, encodeNumber, reorder, rtuFrame, rtuValid } from '../../../hw-sim/devices/modbus-codec.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { encodeRegister, type ModbusModel, register } from '../../../hw-sim/devices/modbus-model.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import { renke500Series } from '../../../hw-sim/devices/renke-500-series.ts';
import { sunspecMeter } from '../../../hw-sim/devices/sunspec-meter.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { hex, hexOf, play, START } from './play.ts';

const world = createWorld({ seed: 5, place: { lat: 31.2304, lon: 121.4737 }, utcOffset: 8, start: START });
const clock = worldClock(START, 1, () => 0);
const bytes = (text: string) => Uint8Array.from(Buffer.from(hex(text), 'hex'));

/** A device whose registers hold given values. */
function holding(values: Readonly<Record<string, number>>, model: ModbusModel, unit = 1): ModbusDevice {
  const value: ModbusModel['value'] = (point, ...rest) => values[point] ?? model.value(point, ...rest);
  const registers = model.registers.map((one) => ({ ...one }));
  return new ModbusDevice({ model: { ...model, registers, value }, unit, world, clock });
}

const ask = (device: ModbusDevice, request: string) =>
  hexOf(rtuFrame(device.unit, device.answer(bytes(request).subarray(1, -2)).pdu));

describe('frames of independent sources', () => {
  test.each([
    // hupengwu/fox-edge-server-protocol, channel simulator
    '01 03 14 00 65 00 14 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 BE A7',
    // stephane/libmodbus unit-test.h
    '11 01 05 CD 6B B2 0E 1B 45 E6',
    '11 03 06 02 2B 00 01 00 64 99 7A',
    // pymodbus-dev/pymodbus test/framer
    '00 83 02 91 31',
    'FF 03 04 00 8D 00 8E F5 B3',
  ])('the CRC of %s', (frame) => {
    expect(rtuValid(bytes(frame))).toBe(true);
    const damaged = bytes(frame);
    damaged[2] = (damaged[2] ?? 0) ^ 1;
    expect(rtuValid(damaged)).toBe(false);
  });

  test('the CRC of the standard: 02 07 gives 41 12', () => {
    // Modbus over serial line V1.02 §6.2.2, table of the example
    expect(crc16([0x02, 0x07])).toBe(0x1241);
  });

  test('an Eastron meter shows 230.2 V as in the maker’s document', () => {
    const meter = MODBUS_MODELS.get('eastron-sdm120');
    if (meter === undefined) throw new Error('no such model');
    // 43 66 33 34 is printed there: the float next above 230.2, which a device's arithmetic gave.
    const device = holding(
      { 'voltage-l1': 230.20001220703125 },
      {
        ...meter,
        registers: [register('voltage-l1', 0, 'float32', 'V', { decimals: 9 })],
      },
    );
    expect(ask(device, '01 04 00 00 00 02 71 CB')).toBe(hex('01 04 04 43 66 33 34 1B 38'));
  });

  test('a weather station answers as captured: 45.1 %RH, 24.6 °C, 51.8 dB', () => {
    // A real capture of a DFRobot SEN0658
    const station = holding({ humidity: 45.1, temperature: 24.6, noise: 51.8 }, renke500Series);
    expect(ask(station, '01 03 01 F8 00 03 85 C6')).toBe(hex('01 03 06 01 C3 00 F6 02 06 05 E5'));
  });

  test('frost is a signed word', () => {
    const model = MODBUS_MODELS.get('renke-rs-ws');
    if (model === undefined) throw new Error('no such model');
    // Renke and JXBS manuals
    const cold = holding({ humidity: 65.8, temperature: -10.1 }, model);
    expect(ask(cold, '01 03 00 00 00 02 C4 0B')).toBe(hex('01 03 04 02 92 FF 9B 5A 3D'));
    const second = holding({ humidity: 65.8, temperature: -10.1 }, model, 2);
    expect(ask(second, '02 03 00 00 00 02 C4 38')).toBe(hex('02 03 04 02 92 FF 9B 69 3D'));
  });

  test.each([
    ['ABCD', '47 F1 20 00'],
    ['DCBA', '00 20 F1 47'],
    ['BADC', 'F1 47 00 20'],
    ['CDAB', '20 00 47 F1'],
  ] as const)('123456.0 in the order %s', (order, expected) => {
    // stephane/libmodbus unit-test UT_REAL
    const sent = reorder(encodeNumber('float32', 123456), order);
    expect(hexOf(sent)).toBe(hex(expected));
    expect(hexOf(reorder(sent, order))).toBe(hex('47 F1 20 00'));
  });
});

const relays: ModbusModel = {
  stem: 'relays',
  functions: [3],
  value: () => 7,
  registers: [
    register('speed', 10, 'uint16', '1', { access: 'read-write', scale: 0.1 }),
    register('limit', 11, 'float32', 'A', { access: 'write', decimals: 2 }),
    register('shown', 13, 'float32', 'A', { decimals: 2, value: (_w, _t, set) => set.get('limit') ?? 1.5 }),
    register('name', 20, 'string', '1', { words: 3, value: () => 'relay' }),
  ],
  coils: [0, 1, 2].map((address) => ({
    point: `coil-${address}`,
    address,
    access: 'read-write' as const,
    value: () => address === 1,
  })),
  discretes: [{ point: 'door', address: 4, value: (now) => now.hands.doorOpen }],
};

describe('functions and exceptions', () => {
  const device = () => new ModbusDevice({ model: relays, world, clock });
  const pdu = (one: ModbusDevice, request: string) => hexOf(one.answer(bytes(request)).pdu);

  test('1 and 2 read bits, lowest first', () => {
    expect(pdu(device(), '01 0000 0003')).toBe('010102');
    expect(pdu(device(), '02 0004 0001')).toBe('020100');
    expect(pdu(device(), '02 0003 0001')).toBe('8202');
    expect(pdu(device(), '01 0000 07d1')).toBe('8103');
  });

  test('5 and 15 write coils, all or nothing', () => {
    const one = device();
    expect(pdu(one, '05 0000 ff00')).toBe('050000ff00');
    expect(pdu(one, '01 0000 0003')).toBe('010103');
    expect(pdu(one, '0f 0000 0003 01 04')).toBe('0f00000003');
    expect(pdu(one, '01 0000 0003')).toBe('010104');
    expect(pdu(one, '05 0000 1234')).toBe('8503');
    expect(pdu(one, '0f 0002 0002 01 03')).toBe('8f02');
    expect(pdu(one, '01 0000 0003')).toBe('010104');
  });

  test('6 and 16 write registers that may be written', () => {
    const one = device();
    expect(pdu(one, '06 000a 0019')).toBe('06000a0019');
    expect(one.settings.get('speed')).toBe(2.5);
    expect(pdu(one, '03 000a 0001')).toBe('03020019');
    expect(pdu(one, '10 000b 0002 04 40200000')).toBe('10000b0002');
    expect(pdu(one, '03 000d 0002')).toBe('030440200000');
    // Half a float, a read-only register, a wrong byte count
    expect(pdu(one, '06 000b 0001')).toBe('8602');
    expect(pdu(one, '06 000d 0001')).toBe('8602');
    expect(pdu(one, '10 000b 0002 03 402000')).toBe('9003');
  });

  test('3 refuses holes, write-only registers and other functions', () => {
    const one = device();
    expect(pdu(one, '03 0000 0001')).toBe('8302');
    expect(pdu(one, '03 000a 0002')).toBe('8302');
    expect(pdu(one, '03 000a 0000')).toBe('8303');
    expect(pdu(one, '03 000a 007e')).toBe('8303');
    expect(pdu(one, '04 000a 0001')).toBe('8401');
    expect(pdu(one, '2b 0e 01 00')).toBe('ab01');
    expect(pdu(one, '03 0014 0003')).toBe(`0306${Buffer.from('relay\0').toString('hex')}`);
  });

  test('half a value is given and not called served', () => {
    const one = device();
    const answer = one.answer(bytes('03 000e 0001'));
    expect(hexOf(answer.pdu)).toBe('03020000');
    expect(answer.served).toEqual([]);
  });

  test('Eastron meters refuse odd starts and more than 80 registers, and fill holes with zero', () => {
    const model = MODBUS_MODELS.get('eastron-sdm630');
    if (model === undefined) throw new Error('no such model');
    const meter = new ModbusDevice({ model, world, clock });
    expect(pdu(meter, '04 0001 0002')).toBe('8402');
    expect(pdu(meter, '04 0000 0051')).toBe('8403');
    expect(pdu(meter, '04 0024 0002')).toBe('040400000000');
    expect(pdu(meter, '04 1000 0002')).toBe('8402');
  });

  test('a SunSpec meter is found by its marker and its chain of models', () => {
    const meter = new ModbusDevice({ model: sunspecMeter, world, clock });
    const word = (address: number) => {
      const { pdu: answer } = meter.answer(Uint8Array.of(3, address >> 8, address & 255, 0, 1));
      return ((answer[2] ?? 0) << 8) | (answer[3] ?? 0);
    };
    expect([word(40_000), word(40_001)]).toEqual([0x5375, 0x6e53]);
    const models: number[] = [];
    for (let at = 40_002; word(at) !== 0xffff; at += 2 + word(at + 1)) models.push(word(at));
    expect(models).toEqual([1, 203]);
  });

  test('no value: NaN, all ones, the highest or the lowest', () => {
    const encode = (model: ModbusModel, type: 'float32' | 'uint16' | 'int16') =>
      hexOf(encodeRegister(model, register('x', 0, type, '1'), null).bytes);
    expect(encode(relays, 'float32')).toBe('7fc00000');
    expect(encode(relays, 'uint16')).toBe('ffff');
    expect(encode(relays, 'int16')).toBe('7fff');
    expect(encode(sunspecMeter, 'int16')).toBe('8000');
  });
});

describe('on a line', () => {
  test('a broadcast is carried out and not answered; other units and damaged frames are not heard', async () => {
    let made: ModbusDevice | undefined;
    const line = play({ baud: 9600 }, (parts) => {
      made = new ModbusDevice({ model: relays, unit: 9, ...parts });
      return [made];
    });
    expect(await line.ask(hexOf(rtuFrame(0, [6, 0, 10, 0, 33])))).toBe('');
    expect(made?.settings.get('speed')).toBe(3.3);
    expect(await line.ask(hexOf(rtuFrame(8, [3, 0, 10, 0, 1])))).toBe('');
    expect(await line.ask('090300 0a0001 0000')).toBe('');
    expect(await line.ask(hexOf(rtuFrame(9, [3, 0, 10, 0, 1])))).toBe(hexOf(rtuFrame(9, [3, 2, 0, 33])));
  });
});

import { describe, expect, it } from 'vitest';
import type { LineConfig } from '../../../agent/core/site.ts';
import firmata from '../../../drivers/firmata/index.ts';
import modbus from '../../../drivers/modbus/index.ts';
import { device, profile } from './load.ts';

const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
};
const meter = profile('eastron-sdm630');

/** The first thing wrong with a point's wire. */
function wrong(wire: unknown, more: Record<string, unknown> = {}, options: unknown = meter.options) {
  const [first] = meter.points;
  if (first === undefined) throw new Error('no point');
  const found = modbus.checkProfile({ ...meter, options, points: [{ ...first, ...more, wire }] });
  return found.map(
    (issue) => `${issue.path.join('.')}: ${issue.message}${issue.fix === undefined ? '' : `; ${issue.fix}`}`,
  );
}

describe('a Modbus profile', () => {
  it.each([
    [{ adress: 3 }, 'points.0.modbus.adress: expected a known key, got "adress"; write address'],
    [
      {},
      'points.0.modbus.address: expected a register address, got nothing; write address: 0-based, as in the PDU',
    ],
    [{ address: '3' }, 'points.0.modbus.address: expected a number, got "3"'],
    [{ address: 70000 }, 'points.0.modbus.address: expected at most 65535, got 70000'],
    [{ address: 0, type: 'float' }, /^points\.0\.modbus\.type: expected one of "bit", .*, got "float"$/],
    [
      { address: 0, type: 'bit' },
      'points.0.modbus.type: expected a register type, which functions 3 and 4 read, got bit',
    ],
    [
      { address: 0, type: 'float32', notAvailable: ['FFFF'] },
      'points.0.modbus.notAvailable: expected 8 hex digits for float32, got "FFFF"',
    ],
    [
      { address: 0, type: 'uint16', bits: [3, 16] },
      'points.0.modbus.bits: expected bits below 16 for uint16, got 16',
    ],
    [
      { address: 0, type: 'uint16', scaleRegister: 1, decimalsRegister: 2 },
      'points.0.modbus.decimalsRegister: expected scaleRegister or decimalsRegister, got both',
    ],
    [{ address: 0, sunspec: 'Volt' }, /^points\.0\.modbus\.sunspec: expected one of A, /],
    [
      { address: 0, write: { function: 6 } },
      'points.0.modbus.write: expected access write or read-write, got read',
    ],
  ])('%j', (wire, message) => {
    expect(wrong(wire)[0]).toMatch(
      typeof message === 'string'
        ? new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)
        : message,
    );
  });

  it('wants the function code that can write the type', () => {
    const wire = { address: 0, type: 'float32', write: { function: 6 } };
    expect(wrong(wire, { access: 'read-write' })).toEqual([
      'points.0.modbus.write.function: expected 16 for float32, got 6; write function: 16',
    ]);
    expect(wrong({ address: 0, type: 'uint16', bit: 3 }, { access: 'write' })[0]).toMatch(
      /expected 22 for bits/,
    );
  });

  it.each([
    [3027, 3028],
    [3027, 3027],
    [0, 30001],
    [99, 40100],
    [70, '0046H'],
    [4126, '0x101E'],
    [40000, 40001],
    [65, 400066],
  ])('takes PDU address %d for what a manual prints as %j', (address, printed) => {
    expect(wrong({ address, printed, type: 'float32' })).toEqual([]);
  });

  it.each([
    [3028, 3027],
    [1, 30001],
    [70, '0047'],
    [70, 'input 71'],
  ])('does not take PDU address %d for what a manual prints as %j', (address, printed) => {
    expect(wrong({ address, printed, type: 'float32' })[0]).toMatch(
      /^points\.0\.modbus\.printed: expected the manual's number of PDU address \d+, got /,
    );
  });

  it('wants durations and limits in their ranges', () => {
    expect(wrong({ address: 0 }, {}, { maxBlock: 126 })[0]).toBe(
      'modbus.maxBlock: expected at most 125, got 126',
    );
    expect(wrong({ address: 0 }, {}, { minInterval: 'soon' })[0]).toMatch(
      /^modbus\.minInterval: expected .*duration such as 300ms, got "soon"$/,
    );
  });
});

describe('a device', () => {
  it('needs a unit id that its line can carry', () => {
    const at = (address: number | string | undefined, on: LineConfig) => {
      const { address: _address, ...rest } = device(meter);
      return modbus
        .checkDevice(address === undefined ? rest : { ...rest, address }, on)
        .map((issue) => issue.message);
    };
    expect(at(undefined, line)).toEqual(['expected a unit id from 1 to 247, got nothing']);
    expect(at(248, line)).toEqual(['expected a unit id from 1 to 247, got 248']);
    expect(at('7', line)).toEqual(['expected a unit id from 1 to 247, got "7"']);
    const tcp: LineConfig = {
      id: 'line',
      kind: 'tcp',
      host: 'h',
      port: 502,
      framing: 'modbus-tcp',
      timeout: 300,
    };
    expect(at(255, tcp)).toEqual([]);
    expect(at(undefined, tcp)).toEqual([]);
  });

  it('of a board gets a free pin for each point it has', () => {
    const { address: _address, ...board } = device(profile('arduino-firmata'));
    const at = (pins: Record<string, unknown>) =>
      firmata
        .checkDevice({ ...board, options: { pins } }, line)
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    expect(at({ 'lamp-level': 10, photocell: 'A1' })).toEqual([]);
    expect(at({ 'lamp-level': 3 })).toEqual([
      'options.pins.sos-button: expected a free pin, got 3, which is lamp-level',
    ]);
    expect(at({ lamp: 3 })[0]).toMatch(/^options\.pins\.lamp: expected one of lamp-level, photocell/);
    expect(at({ 'lamp-level': 'B3' })[0]).toMatch(
      /^options\.pins\.lamp-level: expected .*A0 … A15, got "B3"$/,
    );
  });
});

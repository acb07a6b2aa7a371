/**
 * Inverters and batteries: three SunSpec devices over TCP with the common model before their own, and one with a map of its
 * maker. SunSpec Alliance information models 1, 103, 124 and 802; esphome components/growatt_solar (RTU2).
 */
import type { World } from '../world/world.ts';
import { type ModbusModel, type Register, type RegisterValue, register } from './modbus-model.ts';
import { counted, wandering } from './wandering.ts';

const BASE = 40_000;
/** Behind the marker and the common model of 66 registers with its two of head. */
const MODEL = BASE + 2 + 2 + 66;
const NONE = 0x8000;

/** ASCII padded with zeros. */
function text(value: string, registers: number): number[] {
  return Array.from(
    { length: registers },
    (_, i) => ((value.charCodeAt(i * 2) || 0) << 8) | (value.charCodeAt(i * 2 + 1) || 0),
  );
}

type Words = readonly (readonly [address: number, words: readonly number[]])[];

/** Marker, common model, the device's own model with its factors, end. Offsets count from the model's id. */
function chain(model: number, length: number, factors: Readonly<Record<number, number>>): Words {
  return [
    [BASE, [0x5375, 0x6e53]],
    [BASE + 2, [1, 66, ...text('Kerbside', 16), ...text('Simulated', 16), ...text('', 8), ...text('1.0', 8)]],
    [BASE + 2 + 2 + 48, [...text('0002', 16), 1, NONE]],
    [MODEL, [model, length]],
    ...Object.entries(factors).map(([offset, power]) => [MODEL + Number(offset), [power & 0xffff]] as const),
    [MODEL + 2 + length, [0xffff, 0]],
  ];
}

/** Watts of 8 kW of modules under the simulated sky, 120 lx to a W/m². */
function sunPower(world: World, time: number): number {
  return (8000 * Math.min(1000, world.weather(time).lux / 120)) / 1000;
}

function solar(point: string, world: World, time: number): RegisterValue {
  const dc = sunPower(world, time);
  const ac = dc * 0.965;
  switch (point) {
    case 'power-active-total':
      return ac;
    case 'power-apparent-total':
      return ac * 1.002;
    case 'power-reactive-total':
      return ac * 0.06;
    case 'voltage-l1':
    case 'voltage-l2':
    case 'voltage-l3':
      return 231.4 + Number(point.at(-1)) * 0.3;
    case 'current-l1':
    case 'current-l2':
    case 'current-l3':
      return ac / 3 / 231.8;
    case 'frequency':
      return 50.01;
    case 'energy-export':
      return counted(18_233.4, 1.1, world, time);
    case 'dc-power':
      return dc;
    case 'dc-voltage':
      return 612.5;
    case 'dc-current':
      return dc / 612.5;
    case 'temperature':
      return world.weather(time).temperature + 14;
    default:
      throw new Error(`simulated inverter: no quantity for the point "${point}"`);
  }
}

const scaled = (
  point: string,
  offset: number,
  type: 'int16' | 'uint16',
  uom: string,
  scale: number,
): Register => register(point, MODEL + offset, type, uom, { scale });

const inverter: ModbusModel = {
  stem: 'sunspec-inverter',
  functions: [3],
  missing: 'lowest',
  value: solar,
  registers: [
    scaled('current-l1', 3, 'uint16', 'A', 0.01),
    scaled('current-l2', 4, 'uint16', 'A', 0.01),
    scaled('current-l3', 5, 'uint16', 'A', 0.01),
    scaled('voltage-l1', 10, 'uint16', 'V', 0.1),
    scaled('voltage-l2', 11, 'uint16', 'V', 0.1),
    scaled('voltage-l3', 12, 'uint16', 'V', 0.1),
    scaled('power-active-total', 14, 'int16', 'W', 1),
    scaled('frequency', 16, 'uint16', 'Hz', 0.01),
    scaled('power-apparent-total', 18, 'int16', 'V.A', 1),
    scaled('power-reactive-total', 20, 'int16', 'var', 1),
    // Wh, factor 0.
    register('energy-export', MODEL + 24, 'uint32', 'kW.h', { scale: 0.001 }),
    scaled('dc-current', 27, 'uint16', 'A', 0.01),
    scaled('dc-voltage', 29, 'uint16', 'V', 0.1),
    scaled('dc-power', 31, 'int16', 'W', 1),
    scaled('temperature', 33, 'int16', 'Cel', 0.1),
    register('inverter-state', MODEL + 38, 'uint16', '1', {
      value: (world, time) => (sunPower(world, time) > 50 ? 4 : 2),
    }),
  ],
  constants: chain(103, 50, {
    6: -2,
    13: -1,
    15: 0,
    17: -2,
    19: 0,
    21: 0,
    23: -1,
    26: 0,
    28: -2,
    30: -1,
    32: 0,
    37: -1,
  }),
  filled: [[MODEL + 2, MODEL + 52, NONE]],
};

const BATTERY = wandering({
  'state-of-charge': [62.4, 20],
  'state-of-health': [97.2, 0],
  'charge-available': [118, 30],
  'battery-voltage': [51.8, 1.2],
  'battery-current': [4.2, 12],
  'battery-power': [218, 600],
  'cell-voltage-max': [3.312, 0.01],
  'cell-voltage-min': [3.287, 0.01],
});

const storage: ModbusModel = {
  stem: 'sunspec-storage',
  functions: [3],
  missing: 'lowest',
  value: BATTERY,
  registers: [
    register('charge-power-limit', MODEL + 2, 'uint16', 'W', { value: () => 3300 }),
    scaled('state-of-charge', 8, 'uint16', '%', 0.01),
    scaled('charge-available', 9, 'uint16', 'A.h', 0.1),
    scaled('battery-voltage', 10, 'uint16', 'V', 0.1),
    register('charge-state', MODEL + 11, 'uint16', '1', { value: () => 4 }),
  ],
  constants: chain(124, 24, { 18: 0, 19: 0, 20: 0, 21: 0, 22: -2, 23: -1, 24: -1, 25: -2 }),
  filled: [[MODEL + 2, MODEL + 26, NONE]],
};

const battery: ModbusModel = {
  stem: 'sunspec-battery',
  functions: [3],
  missing: 'lowest',
  value: BATTERY,
  registers: [
    scaled('state-of-charge', 11, 'uint16', '%', 0.1),
    scaled('state-of-health', 13, 'uint16', '%', 0.1),
    register('cycles', MODEL + 14, 'uint32', '1', { value: () => 311 }),
    register('charge-state', MODEL + 16, 'uint16', '1', { value: () => 4 }),
    scaled('battery-voltage', 34, 'uint16', 'V', 0.1),
    scaled('cell-voltage-max', 37, 'uint16', 'V', 0.001),
    scaled('cell-voltage-min', 40, 'uint16', 'V', 0.001),
    scaled('battery-current', 44, 'int16', 'A', 0.1),
    scaled('battery-power', 47, 'int16', 'W', 1),
  ],
  constants: chain(802, 62, {
    52: 0,
    53: 0,
    54: 0,
    55: 0,
    56: -1,
    57: -1,
    58: -1,
    59: -1,
    60: -3,
    61: -1,
    62: -1,
    63: 0,
  }),
  filled: [[MODEL + 2, MODEL + 64, NONE]],
};

const growatt: ModbusModel = {
  stem: 'growatt-rtu2',
  functions: [4],
  serial: { baud: 9600, format: '8N1' },
  most: 95,
  value: solar,
  registers: [
    register('inverter-state', 0, 'uint16', '1', {
      value: (world, time) => (sunPower(world, time) > 50 ? 1 : 0),
    }),
    register('dc-power', 1, 'uint32', 'W', { scale: 0.1 }),
    register('dc-voltage', 3, 'uint16', 'V', { scale: 0.1 }),
    register('dc-current', 4, 'uint16', 'A', { scale: 0.1 }),
    register('power-active-total', 35, 'uint32', 'W', { scale: 0.1 }),
    register('frequency', 37, 'uint16', 'Hz', { scale: 0.01 }),
    register('voltage-l1', 38, 'uint16', 'V', { scale: 0.1 }),
    register('current-l1', 39, 'uint16', 'A', { scale: 0.1 }),
    register('energy-export', 55, 'uint32', 'kW.h', { scale: 0.1 }),
    register('temperature', 93, 'uint16', 'Cel', { scale: 0.1 }),
  ],
  filled: [[0, 125, 0]],
};

export const SOLAR_DEVICES: readonly ModbusModel[] = [inverter, storage, battery, growatt];

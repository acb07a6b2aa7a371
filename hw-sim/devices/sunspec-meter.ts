/**
 * A SunSpec meter over TCP: marker, common model 1, three-phase meter model 203 (whole numbers with scale factors), end.
 * SunSpec Alliance information models 1 and 203; base address 40000.
 */
import { type ModbusModel, register } from './modbus-model.ts';
import { electricity } from './quantities.ts';

const BASE = 40_000;
/** Id and length, then 66 registers of the common model. */
const COMMON = BASE + 2;
/** Id and length, then 105 registers of model 203; offsets below count from the id, as the model's table does. */
const METER = COMMON + 2 + 66;
const END = METER + 2 + 105;

/** A scale factor is a signed power of ten. */
const factor = (power: number): number[] => [power & 0xffff];

/** ASCII padded with zeros. */
function text(value: string, registers: number): number[] {
  return Array.from(
    { length: registers },
    (_, i) => ((value.charCodeAt(i * 2) || 0) << 8) | (value.charCodeAt(i * 2 + 1) || 0),
  );
}

export const sunspecMeter: ModbusModel = {
  stem: 'sunspec-meter',
  functions: [3],
  missing: 'lowest',
  value: (point, world, time) => {
    const value = electricity(point, world.load('feeder', time));
    // SunSpec's power factor is in percent.
    return point === 'power-factor-total' ? value * 100 : value;
  },
  registers: [
    register('current-l1', METER + 3, 'int16', 'A', { scale: 0.01 }),
    register('current-l2', METER + 4, 'int16', 'A', { scale: 0.01 }),
    register('current-l3', METER + 5, 'int16', 'A', { scale: 0.01 }),
    register('voltage-l1', METER + 8, 'int16', 'V', { scale: 0.1 }),
    register('voltage-l2', METER + 9, 'int16', 'V', { scale: 0.1 }),
    register('voltage-l3', METER + 10, 'int16', 'V', { scale: 0.1 }),
    register('frequency', METER + 16, 'int16', 'Hz', { scale: 0.01 }),
    register('power-active-total', METER + 18, 'int16', 'W', { scale: 0.1 }),
    register('power-active-l1', METER + 19, 'int16', 'W', { scale: 0.1 }),
    register('power-active-l2', METER + 20, 'int16', 'W', { scale: 0.1 }),
    register('power-active-l3', METER + 21, 'int16', 'W', { scale: 0.1 }),
    register('power-apparent-total', METER + 23, 'int16', 'V.A', { scale: 0.1 }),
    register('power-reactive-total', METER + 28, 'int16', 'var', { scale: 0.1 }),
    register('power-factor-total', METER + 33, 'int16', '%', { scale: 0.1 }),
    // Counters are Wh with scale factor 0.
    register('energy-export', METER + 38, 'uint32', 'kW.h', { scale: 0.001 }),
    register('energy-import', METER + 46, 'uint32', 'kW.h', { scale: 0.001 }),
  ],
  constants: [
    [BASE, [0x5375, 0x6e53]],
    [
      COMMON,
      [
        1,
        66,
        ...text('Kerbside', 16),
        ...text('Simulated meter', 16),
        ...text('', 8),
        ...text('1.0', 8),
        ...text('0001', 16),
        1,
        0x8000,
      ],
    ],
    [METER, [203, 105]],
    [METER + 6, factor(-2)],
    [METER + 15, factor(-1)],
    [METER + 17, factor(-2)],
    [METER + 22, factor(-1)],
    [METER + 27, factor(-1)],
    [METER + 32, factor(-1)],
    [METER + 37, factor(-1)],
    [METER + 54, factor(0)],
    [METER + 105, [0, 0]],
    [END, [0xffff, 0]],
  ],
  // What this meter does not implement, by type: accumulators 0, the rest 0x8000.
  filled: [
    [METER + 38, METER + 54, 0],
    [METER + 55, METER + 71, 0],
    [METER + 72, METER + 104, 0],
    [METER + 2, METER + 105, 0x8000],
  ],
};

/** Acrel ADL400 and T317, float block (primary side). Register map: a field-tested reader of the meter. */
import { type ModbusModel, register } from './modbus-model.ts';
import { meterOn } from './quantities.ts';

export const acrelAdl400Float: ModbusModel = {
  stem: 'acrel-adl400-float',
  functions: [3],
  serial: { baud: 9600, format: '8E1' },
  value: meterOn('feeder'),
  registers: [
    register('voltage-l1', 0x0800, 'float32', 'V', { decimals: 2 }),
    register('voltage-l2', 0x0802, 'float32', 'V', { decimals: 2 }),
    register('voltage-l3', 0x0804, 'float32', 'V', { decimals: 2 }),
    register('current-l1', 0x080c, 'float32', 'A', { decimals: 3 }),
    register('current-l2', 0x080e, 'float32', 'A', { decimals: 3 }),
    register('current-l3', 0x0810, 'float32', 'A', { decimals: 3 }),
    register('power-active-l1', 0x0814, 'float32', 'W', { scale: 1000, decimals: 1 }),
    register('power-active-l2', 0x0816, 'float32', 'W', { scale: 1000, decimals: 1 }),
    register('power-active-l3-or-total', 0x0818, 'float32', 'W', { scale: 1000, decimals: 1 }),
    register('power-factor-total', 0x0832, 'float32', '1', { decimals: 3 }),
    register('frequency', 0x0834, 'float32', 'Hz', { decimals: 2 }),
    register('energy-total', 0x0842, 'uint32', 'kW.h', { scale: 0.1 }),
    register('energy-import', 0x084c, 'uint32', 'kW.h', { scale: 0.1 }),
    register('energy-export', 0x0856, 'uint32', 'kW.h', { scale: 0.1 }),
  ],
};

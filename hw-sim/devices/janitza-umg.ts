/** Janitza UMG/B23. Register map: volkszaehler/mbmd meters/rs485/janitza.go. */
import { type ModbusModel, register } from './modbus-model.ts';
import { meterOn } from './quantities.ts';

export const janitzaUmg: ModbusModel = {
  stem: 'janitza-umg',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: meterOn('feeder'),
  registers: [
    register('voltage-l1', 0x4a38, 'float32', 'V', { decimals: 2 }),
    register('voltage-l2', 0x4a3a, 'float32', 'V', { decimals: 2 }),
    register('voltage-l3', 0x4a3c, 'float32', 'V', { decimals: 2 }),
    register('current-l1', 0x4a44, 'float32', 'A', { decimals: 3 }),
    register('current-l2', 0x4a46, 'float32', 'A', { decimals: 3 }),
    register('current-l3', 0x4a48, 'float32', 'A', { decimals: 3 }),
    register('power-active-l1', 0x4a4c, 'float32', 'W', { decimals: 1 }),
    register('power-active-l2', 0x4a4e, 'float32', 'W', { decimals: 1 }),
    register('power-active-l3', 0x4a50, 'float32', 'W', { decimals: 1 }),
    register('power-active-total', 0x4a52, 'float32', 'W', { decimals: 1 }),
    register('power-factor-l1', 0x4a64, 'float32', '1', { decimals: 3 }),
    register('power-factor-l2', 0x4a66, 'float32', '1', { decimals: 3 }),
    register('power-factor-l3', 0x4a68, 'float32', '1', { decimals: 3 }),
    register('frequency', 0x4a6a, 'float32', 'Hz', { decimals: 2 }),
    register('energy-import-l1', 0x4a76, 'float32', 'kW.h', { decimals: 3 }),
    register('energy-import-l2', 0x4a78, 'float32', 'kW.h', { decimals: 3 }),
    register('energy-import-l3', 0x4a7a, 'float32', 'kW.h', { decimals: 3 }),
    register('energy-import', 0x4a7c, 'float32', 'kW.h', { decimals: 3 }),
    register('energy-export-l1', 0x4a7e, 'float32', 'kW.h', { decimals: 3 }),
    register('energy-export-l2', 0x4a80, 'float32', 'kW.h', { decimals: 3 }),
    register('energy-export-l3', 0x4a82, 'float32', 'kW.h', { decimals: 3 }),
    register('energy-export', 0x4a84, 'float32', 'kW.h', { decimals: 3 }),
  ],
};

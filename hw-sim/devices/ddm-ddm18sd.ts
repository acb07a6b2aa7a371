/** DDM DDM18SD. Register map: volkszaehler/mbmd meters/rs485/ddm18sd.go. */
import { type ModbusModel, register } from './modbus-model.ts';
import { meterOn } from './quantities.ts';

export const ddmDdm18sd: ModbusModel = {
  stem: 'ddm-ddm18sd',
  functions: [4],
  serial: { baud: 9600, format: '8N1' },
  value: meterOn('lamp'),
  registers: [
    register('voltage-l1', 0x0000, 'float32', 'V', { decimals: 2 }),
    register('current-l1', 0x0008, 'float32', 'A', { decimals: 3 }),
    register('power-active-total', 0x0012, 'float32', 'W', { decimals: 1 }),
    register('power-reactive-total', 0x001a, 'float32', 'var', { decimals: 1 }),
    register('power-factor-total', 0x002a, 'float32', '1', { decimals: 3 }),
    register('frequency', 0x0036, 'float32', 'Hz', { decimals: 2 }),
    register('energy-total', 0x0100, 'float32', 'kW.h', { decimals: 3 }),
    register('energy-reactive-total', 0x0400, 'float32', 'kvar.h', { decimals: 3 }),
  ],
};

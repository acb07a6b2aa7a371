/** CHINT DTSU666 and DSSU666: floats that hold scaled whole numbers. Register map: volkszaehler/mbmd meters/rs485/dtsu666.go. */
import { type ModbusModel, register } from './modbus-model.ts';
import { meterOn } from './quantities.ts';

export const chintDtsu666: ModbusModel = {
  stem: 'chint-dtsu666',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: meterOn('sign'),
  registers: [
    register('energy-import', 0x101e, 'float32', 'kW.h', { decimals: 2 }),
    register('energy-import-l1', 0x1020, 'float32', 'kW.h', { decimals: 2 }),
    register('energy-import-l2', 0x1022, 'float32', 'kW.h', { decimals: 2 }),
    register('energy-import-l3', 0x1024, 'float32', 'kW.h', { decimals: 2 }),
    register('energy-export', 0x1028, 'float32', 'kW.h', { decimals: 2 }),
    register('energy-export-l1', 0x102a, 'float32', 'kW.h', { decimals: 2 }),
    register('energy-export-l2', 0x102c, 'float32', 'kW.h', { decimals: 2 }),
    register('energy-export-l3', 0x102e, 'float32', 'kW.h', { decimals: 2 }),
    register('voltage-l1', 0x2006, 'float32', 'V', { scale: 0.1 }),
    register('voltage-l2', 0x2008, 'float32', 'V', { scale: 0.1 }),
    register('voltage-l3', 0x200a, 'float32', 'V', { scale: 0.1 }),
    register('current-l1', 0x200c, 'float32', 'A', { scale: 0.001 }),
    register('current-l2', 0x200e, 'float32', 'A', { scale: 0.001 }),
    register('current-l3', 0x2010, 'float32', 'A', { scale: 0.001 }),
    register('power-active-total', 0x2012, 'float32', 'W', { scale: 0.1 }),
    register('power-active-l1', 0x2014, 'float32', 'W', { scale: 0.1 }),
    register('power-active-l2', 0x2016, 'float32', 'W', { scale: 0.1 }),
    register('power-active-l3', 0x2018, 'float32', 'W', { scale: 0.1 }),
    register('power-reactive-total', 0x201a, 'float32', 'var', { scale: 0.1 }),
    register('power-reactive-l1', 0x201c, 'float32', 'var', { scale: 0.1 }),
    register('power-reactive-l2', 0x201e, 'float32', 'var', { scale: 0.1 }),
    register('power-reactive-l3', 0x2020, 'float32', 'var', { scale: 0.1 }),
    register('power-factor-total', 0x202a, 'float32', '1', { scale: 0.001 }),
    register('power-factor-l1', 0x202c, 'float32', '1', { scale: 0.001 }),
    register('power-factor-l2', 0x202e, 'float32', '1', { scale: 0.001 }),
    register('power-factor-l3', 0x2030, 'float32', '1', { scale: 0.001 }),
    register('frequency', 0x2044, 'float32', 'Hz', { scale: 0.01 }),
  ],
};

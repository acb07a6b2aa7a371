/** Schneider iEM3155/3255/3355 (iEM3000). Register map: volkszaehler/mbmd meters/rs485/iem3000.go. */
import { type ModbusModel, register } from './modbus-model.ts';
import { meterOn } from './quantities.ts';

export const schneiderIem3155: ModbusModel = {
  stem: 'schneider-iem3155',
  functions: [3],
  serial: { baud: 19200, format: '8E1' },
  value: meterOn('feeder'),
  registers: [
    register('current-l1', 0x0bb7, 'float32', 'A', { decimals: 3 }),
    register('current-l2', 0x0bb9, 'float32', 'A', { decimals: 3 }),
    register('current-l3', 0x0bbb, 'float32', 'A', { decimals: 3 }),
    register('current-average', 0x0bc1, 'float32', 'A', { decimals: 3 }),
    register('voltage-l1', 0x0bd3, 'float32', 'V', { decimals: 2 }),
    register('voltage-l2', 0x0bd5, 'float32', 'V', { decimals: 2 }),
    register('voltage-l3', 0x0bd7, 'float32', 'V', { decimals: 2 }),
    register('voltage-average', 0x0bdb, 'float32', 'V', { decimals: 2 }),
    register('power-active-l1', 0x0bed, 'float32', 'W', { scale: 1000, decimals: 1 }),
    register('power-active-l2', 0x0bef, 'float32', 'W', { scale: 1000, decimals: 1 }),
    register('power-active-l3', 0x0bf1, 'float32', 'W', { scale: 1000, decimals: 1 }),
    register('power-active-total', 0x0bf3, 'float32', 'W', { scale: 1000, decimals: 1 }),
    register('power-reactive-total', 0x0bfb, 'float32', 'var', { scale: 1000, decimals: 1 }),
    register('power-apparent-total', 0x0c03, 'float32', 'V.A', { scale: 1000, decimals: 1 }),
    register('frequency', 0x0c25, 'float32', 'Hz', { decimals: 2 }),
    register('energy-import', 0x0c83, 'int64', 'kW.h', { scale: 0.001 }),
    register('energy-export', 0x0c87, 'int64', 'kW.h', { scale: 0.001 }),
    register('energy-reactive-import', 0x0c93, 'int64', 'kvar.h', { scale: 0.001 }),
    register('energy-reactive-export', 0x0c97, 'int64', 'kvar.h', { scale: 0.001 }),
    register('energy-import-l1', 0x0dbd, 'int64', 'kW.h', { scale: 0.001 }),
    register('energy-import-l2', 0x0dc1, 'int64', 'kW.h', { scale: 0.001 }),
    register('energy-import-l3', 0x0dc5, 'int64', 'kW.h', { scale: 0.001 }),
  ],
};

/** ABB B21/B23/B24. Register map: volkszaehler/mbmd meters/rs485/abb.go. */
import { type ModbusModel, register } from './modbus-model.ts';
import { meterOn } from './quantities.ts';

export const abbB23: ModbusModel = {
  stem: 'abb-b23',
  functions: [3],
  serial: { baud: 9600, format: '8E1' },
  value: meterOn('feeder'),
  registers: [
    register('energy-import', 0x5000, 'uint64', 'kW.h', { scale: 0.01 }),
    register('energy-export', 0x5004, 'uint64', 'kW.h', { scale: 0.01 }),
    register('energy-import-l1', 0x5460, 'uint64', 'kW.h', { scale: 0.01 }),
    register('energy-import-l2', 0x5464, 'uint64', 'kW.h', { scale: 0.01 }),
    register('energy-import-l3', 0x5468, 'uint64', 'kW.h', { scale: 0.01 }),
    register('energy-export-l1', 0x546c, 'uint64', 'kW.h', { scale: 0.01 }),
    register('energy-export-l2', 0x5470, 'uint64', 'kW.h', { scale: 0.01 }),
    register('energy-export-l3', 0x5474, 'uint64', 'kW.h', { scale: 0.01 }),
    register('voltage-l1', 0x5b00, 'uint32', 'V', { scale: 0.1 }),
    register('voltage-l2', 0x5b02, 'uint32', 'V', { scale: 0.1 }),
    register('voltage-l3', 0x5b04, 'uint32', 'V', { scale: 0.1 }),
    register('current-l1', 0x5b0c, 'uint32', 'A', { scale: 0.01 }),
    register('current-l2', 0x5b0e, 'uint32', 'A', { scale: 0.01 }),
    register('current-l3', 0x5b10, 'uint32', 'A', { scale: 0.01 }),
    register('power-active-total', 0x5b14, 'int32', 'W', { scale: 0.01 }),
    register('power-active-l1', 0x5b16, 'int32', 'W', { scale: 0.01 }),
    register('power-active-l2', 0x5b18, 'int32', 'W', { scale: 0.01 }),
    register('power-active-l3', 0x5b1a, 'int32', 'W', { scale: 0.01 }),
    register('frequency', 0x5b2c, 'uint16', 'Hz', { scale: 0.01 }),
    register('power-factor-total', 0x5b3a, 'int16', '1', { scale: 0.001 }),
    register('power-factor-l1', 0x5b3b, 'int16', '1', { scale: 0.001 }),
    register('power-factor-l2', 0x5b3c, 'int16', '1', { scale: 0.001 }),
    register('power-factor-l3', 0x5b3d, 'int16', '1', { scale: 0.001 }),
  ],
};

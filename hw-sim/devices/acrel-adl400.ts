/** Acrel ADL400, primary map, 16 and 32 bits mixed. Register map: SmartEVSE tests against the ADL400-D data sheet. */
import { type ModbusModel, register } from './modbus-model.ts';
import { meterOn } from './quantities.ts';

export const acrelAdl400: ModbusModel = {
  stem: 'acrel-adl400',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: meterOn('feeder'),
  registers: [
    register('energy-import', 0x0000, 'uint32', 'kW.h', { scale: 0.01 }),
    register('current-l1', 0x0064, 'int16', 'A', { scale: 0.01 }),
    register('current-l2', 0x0065, 'int16', 'A', { scale: 0.01 }),
    register('current-l3', 0x0066, 'int16', 'A', { scale: 0.01 }),
    register('energy-total-l2', 0x0089, 'uint32', 'kW.h', { scale: 0.01 }),
    register('power-active-l1', 0x0164, 'int32', 'W'),
    register('power-active-l2', 0x0166, 'int32', 'W'),
    register('power-active-l3', 0x0168, 'int32', 'W'),
    register('power-active-total', 0x016a, 'int32', 'W'),
  ],
};

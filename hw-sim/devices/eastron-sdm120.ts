/** Eastron SDM120-Modbus. Register map: volkszaehler/mbmd meters/rs485/sdm120.go; evcc eastron-sdm120.yaml agrees. */
import { type ModbusModel, register } from './modbus-model.ts';
import { meterOn } from './quantities.ts';

export const eastronSdm120: ModbusModel = {
  stem: 'eastron-sdm120',
  functions: [4],
  serial: { baud: 2400, format: '8N1' },
  most: 40,
  // Odd start addresses are refused; unused registers of the first blocks read as zero.
  align: 2,
  filled: [[0, 0x180, 0]],
  value: meterOn('lamp'),
  registers: [
    register('voltage-l1', 0x0000, 'float32', 'V', { decimals: 2 }),
    register('current-l1', 0x0006, 'float32', 'A', { decimals: 3 }),
    register('power-active-total', 0x000c, 'float32', 'W', { decimals: 1 }),
    register('power-apparent-total', 0x0012, 'float32', 'V.A', { decimals: 1 }),
    register('power-reactive-total', 0x0018, 'float32', 'var', { decimals: 1 }),
    register('power-factor-total', 0x001e, 'float32', '1', { decimals: 3 }),
    register('frequency', 0x0046, 'float32', 'Hz', { decimals: 2 }),
    register('energy-import', 0x0048, 'float32', 'kW.h', { decimals: 3 }),
    register('energy-export', 0x004a, 'float32', 'kW.h', { decimals: 3 }),
    register('energy-reactive-import', 0x004c, 'float32', 'kvar.h', { decimals: 3 }),
    register('energy-reactive-export', 0x004e, 'float32', 'kvar.h', { decimals: 3 }),
    register('energy-total', 0x0156, 'float32', 'kW.h', { decimals: 3 }),
    register('energy-reactive-total', 0x0158, 'float32', 'kvar.h', { decimals: 3 }),
  ],
};

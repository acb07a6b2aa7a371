/** ORNO WE-514/515. Register map: volkszaehler/mbmd meters/rs485/orno1p.go. */
import { type ModbusModel, register } from './modbus-model.ts';
import { meterOn } from './quantities.ts';

export const ornoWe514: ModbusModel = {
  stem: 'orno-we-514',
  functions: [3],
  serial: { baud: 9600, format: '8E1' },
  value: meterOn('lamp'),
  registers: [
    register('frequency', 0x0130, 'uint16', 'Hz', { scale: 0.01 }),
    register('voltage-l1', 0x0131, 'uint16', 'V', { scale: 0.01 }),
    register('current-l1', 0x0139, 'uint32', 'A', { scale: 0.001 }),
    register('power-active-total', 0x0140, 'uint32', 'W'),
    register('power-reactive-total', 0x0148, 'uint32', 'var'),
    register('power-apparent-total', 0x0150, 'uint32', 'V.A'),
    register('power-factor-total', 0x0158, 'uint16', '1', { scale: 0.001 }),
    register('energy-total', 0xa000, 'uint32', 'kW.h', { scale: 0.01 }),
    register('energy-total-t1', 0xa002, 'uint32', 'kW.h', { scale: 0.01 }),
    register('energy-total-t2', 0xa004, 'uint32', 'kW.h', { scale: 0.01 }),
    register('energy-reactive-total', 0xa01e, 'uint32', 'kvar.h', { scale: 0.01 }),
    register('energy-reactive-total-t1', 0xa020, 'uint32', 'kvar.h', { scale: 0.01 }),
    register('energy-reactive-total-t2', 0xa022, 'uint32', 'kvar.h', { scale: 0.01 }),
  ],
};

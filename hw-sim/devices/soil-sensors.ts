/** Further soil sensors, seen by the ground of `vms-3001-tr`. Sources: Isuromu (JXCT), sunrise-labs/farmers-iot-toolkit (CWT). */
import { type ModbusModel, register } from './modbus-model.ts';
import { vms3001Tr } from './vms-3001-tr.ts';

const ground = vms3001Tr.value;

export const SOIL_SENSORS: readonly ModbusModel[] = [
  {
    stem: 'jxct-jxbs-3001-soil',
    functions: [3],
    serial: { baud: 9600, format: '8N1' },
    value: ground,
    registers: [
      register('ph', 0x06, 'uint16', '[pH]', { scale: 0.01 }),
      register('moisture', 0x12, 'uint16', '%', { scale: 0.1 }),
      register('temperature', 0x13, 'int16', 'Cel', { scale: 0.1 }),
      register('conductivity', 0x15, 'uint16', 'uS/cm'),
      register('nitrogen', 0x1e, 'uint16', 'mg/kg'),
      register('phosphorus', 0x1f, 'uint16', 'mg/kg'),
      register('potassium', 0x20, 'uint16', 'mg/kg'),
    ],
    filled: [[0x14, 0x15, 0]],
  },
  {
    stem: 'cwt-soil-thc-s',
    functions: [3],
    serial: { baud: 4800, format: '8N1' },
    value: ground,
    registers: [
      register('moisture', 0, 'uint16', '%', { scale: 0.1 }),
      register('temperature', 1, 'int16', 'Cel', { scale: 0.1 }),
      register('conductivity', 2, 'uint16', 'uS/cm'),
    ],
    // Salinity and dissolved solids.
    filled: [[3, 5, 231]],
  },
];

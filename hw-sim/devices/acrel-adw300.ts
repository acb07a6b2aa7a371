/** Acrel ADW300. Register map: evcc-io/evcc templates/definition/meter/acrel-adw300.yaml. */
import { type ModbusModel, register } from './modbus-model.ts';
import { meterOn } from './quantities.ts';

export const acrelAdw300: ModbusModel = {
  stem: 'acrel-adw300',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: meterOn('feeder'),
  registers: [
    register('voltage-l1', 0x0014, 'uint16', 'V', { scale: 0.1 }),
    register('voltage-l2', 0x0015, 'uint16', 'V', { scale: 0.1 }),
    register('voltage-l3', 0x0016, 'uint16', 'V', { scale: 0.1 }),
    register('current-l1', 0x001a, 'uint16', 'A', { scale: 0.01 }),
    register('current-l2', 0x001b, 'uint16', 'A', { scale: 0.01 }),
    register('current-l3', 0x001c, 'uint16', 'A', { scale: 0.01 }),
    register('power-active-l1', 0x001e, 'int32', 'W'),
    register('power-active-l2', 0x0020, 'int32', 'W'),
    register('power-active-l3', 0x0022, 'int32', 'W'),
    register('power-active-total', 0x0024, 'int32', 'W'),
    register('energy-import', 0x003e, 'uint32', 'kW.h', { scale: 0.01 }),
    register('energy-export', 0x0040, 'uint32', 'kW.h', { scale: 0.01 }),
  ],
};

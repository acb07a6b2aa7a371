/** KEBA P30 charger over TCP, unit 255, one value a request. Register map: evcc-io/evcc charger/keba-modbus.go. */
import { type ModbusModel, register } from './modbus-model.ts';
import { charger, charging } from './quantities.ts';

export const kebaP30: ModbusModel = {
  stem: 'keba-p30',
  functions: [3],
  unit: 255,
  most: 2,
  value: charger,
  registers: [
    register('charge-state', 1000, 'uint32', '1', {
      value: (world, time, settings) => (settings.get('enable') === 0 ? 5 : charging(world, time) ? 3 : 1),
    }),
    register('cable-state', 1004, 'uint32', '1', { value: (world, time) => (charging(world, time) ? 7 : 3) }),
    register('current-l1', 1008, 'uint32', 'A', { scale: 0.001 }),
    register('current-l2', 1010, 'uint32', 'A', { scale: 0.001 }),
    register('current-l3', 1012, 'uint32', 'A', { scale: 0.001 }),
    register('power-active-total', 1020, 'uint32', 'W', { scale: 0.001 }),
    register('energy-import', 1036, 'uint32', 'kW.h', { scale: 0.0001 }),
    register('voltage-l1', 1040, 'uint32', 'V'),
    register('voltage-l2', 1042, 'uint32', 'V'),
    register('voltage-l3', 1044, 'uint32', 'V'),
    register('energy-session', 1502, 'uint32', 'kW.h', { scale: 0.0001 }),
    register('current-limit-set', 5004, 'uint16', 'A', { scale: 0.001, access: 'write' }),
    register('enable', 5014, 'uint16', '1', { access: 'write' }),
  ],
};

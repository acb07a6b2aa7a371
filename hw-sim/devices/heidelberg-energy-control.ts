/** Heidelberg Energy Control charger. Register map: evcc-io/evcc charger/heidelberg-ec.go. */
import { type ModbusModel, register } from './modbus-model.ts';
import { charger, charging } from './quantities.ts';

export const heidelbergEnergyControl: ModbusModel = {
  stem: 'heidelberg-energy-control',
  functions: [4],
  serial: { baud: 19_200, format: '8E1' },
  value: charger,
  registers: [
    register('charge-state', 5, 'uint16', '1', { value: (world, time) => (charging(world, time) ? 7 : 3) }),
    register('current-l1', 6, 'uint16', 'A', { scale: 0.1 }),
    register('current-l2', 7, 'uint16', 'A', { scale: 0.1 }),
    register('current-l3', 8, 'uint16', 'A', { scale: 0.1 }),
    register('temperature', 9, 'int16', 'Cel', { scale: 0.1 }),
    register('voltage-l1', 10, 'uint16', 'V'),
    register('voltage-l2', 11, 'uint16', 'V'),
    register('voltage-l3', 12, 'uint16', 'V'),
    register('power-apparent-total', 14, 'uint16', 'V.A'),
    register('energy-import', 17, 'uint32', 'kW.h', { scale: 0.001 }),
  ],
};

/** Alfen NG910 and NG920 chargers over TCP. Register map: evcc-io/evcc charger/alfen.go. */
import { type ModbusModel, register } from './modbus-model.ts';
import { charger, charging } from './quantities.ts';

export const alfenNg910: ModbusModel = {
  stem: 'alfen-ng910',
  functions: [3],
  value: charger,
  registers: [
    register('voltage-l1', 306, 'float32', 'V', { decimals: 2 }),
    register('voltage-l2', 308, 'float32', 'V', { decimals: 2 }),
    register('voltage-l3', 310, 'float32', 'V', { decimals: 2 }),
    register('current-l1', 320, 'float32', 'A', { decimals: 3 }),
    register('current-l2', 322, 'float32', 'A', { decimals: 3 }),
    register('current-l3', 324, 'float32', 'A', { decimals: 3 }),
    register('power-active-total', 344, 'float32', 'W', { decimals: 1 }),
    register('energy-import', 374, 'float64', 'kW.h', { scale: 0.001 }),
    register('charge-state', 1201, 'string', '1', {
      words: 5,
      value: (world, time) => (charging(world, time) ? 'C2' : 'A'),
    }),
    register('current-limit-set', 1210, 'float32', 'A', {
      decimals: 3,
      access: 'read-write',
      value: () => 16,
    }),
  ],
};

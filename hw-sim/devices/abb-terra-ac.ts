/** ABB Terra AC charger over TCP. Register map: evcc-io/evcc charger/abb.go. */
import { type ModbusModel, register } from './modbus-model.ts';
import { charger, charging } from './quantities.ts';

export const abbTerraAc: ModbusModel = {
  stem: 'abb-terra-ac',
  functions: [3],
  value: charger,
  registers: [
    register('serial-number', 0x4000, 'uint64', '1', { value: () => '4912345678901' }),
    register('error-code', 0x4008, 'uint32', '1', { value: () => 0 }),
    // The state stands in bits 8 to 14: 0 is IEC 61851's A, 4 is C2.
    register('charge-state', 0x400c, 'uint32', '1', {
      bits: [8, 14],
      value: (world, time) => (charging(world, time) ? 4 : 0),
    }),
    register('current-limit', 0x400e, 'uint32', 'A', {
      scale: 0.001,
      value: (_world, _time, settings) => settings.get('current-limit-set') ?? 16,
    }),
    register('current-l1', 0x4010, 'uint32', 'A', { scale: 0.001 }),
    register('current-l2', 0x4012, 'uint32', 'A', { scale: 0.001 }),
    register('current-l3', 0x4014, 'uint32', 'A', { scale: 0.001 }),
    register('voltage-l1', 0x4016, 'uint32', 'V', { scale: 0.1 }),
    register('voltage-l2', 0x4018, 'uint32', 'V', { scale: 0.1 }),
    register('voltage-l3', 0x401a, 'uint32', 'V', { scale: 0.1 }),
    register('power-active-total', 0x401c, 'uint32', 'W'),
    register('energy-session', 0x401e, 'uint32', 'kW.h', { scale: 0.001 }),
    register('current-limit-set', 0x4100, 'uint32', 'A', { scale: 0.001, access: 'write' }),
  ],
};

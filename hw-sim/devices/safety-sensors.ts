/**
 * Gas and smoke detectors, residual current and cable temperature, tilt. Sources: Enapter/marketplace gas_sensors (Crowcon, IGD),
 * Schneider VigiPacT RHU user guide, Circutor RGU manual §8.3, wb-mqtt-serial config-wp3066adam; the rest are the
 * documented generic ones.
 */
import { type BitField, type Coil, type ModbusModel, type Register, register } from './modbus-model.ts';
import { isOn, type Means, switching, wandering } from './wandering.ts';

const LEVELS: Means = {
  'gas-level': [4.6, 2.5],
  'oxygen-volume': [20.8, 0.1],
  'co-level': [3, 2],
  h2s: [0.6, 0.4],
  'smoke-density': [0.21, 0.1],
  'tilt-x': [0.12, 0.06],
  'tilt-y': [-0.21, 0.09],
  tilt: [0.25, 0.1],
  settlement: [1.4, 0.6],
  temperature: [24, 4],
  'residual-current': [41, 12],
  'residual-current-max': [96, 0],
  'residual-part': [14, 4],
  'trip-current': [312, 0],
  ...Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [`cable-temperature-${i + 1}`, [38 + i, 4] as const]),
  ),
};
const RARE = 0.04;
const ALARMS = [
  ...[
    'gas-alarm-low',
    'gas-alarm-high',
    'sensor-fault',
    'alarm-1',
    'alarm-2',
    'alarm-3',
    'fault',
    'range-under',
  ],
  ...['range-over', 'smoke-alarm', 'chamber-dirty', 'residual-alarm', 'residual-prealarm'],
  ...[1, 2, 3, 4].map((cable) => `cable-alarm-${cable}`),
];
const value = switching(
  { ...Object.fromEntries(ALARMS.map((alarm) => [alarm, RARE])), toroid: 0.95 },
  wandering(LEVELS),
);

const flags = (...points: readonly (readonly [string, number])[]): readonly BitField[] =>
  points.map(([point, bit]) => ({ point, bits: [bit, bit], flag: true }));
const contact = (point: string, address: number): Coil => ({
  point,
  address,
  value: (world, time) => isOn(point, RARE, world, time),
});

interface Parts {
  readonly functions?: readonly (3 | 4)[];
  readonly serial?: { readonly baud: number; readonly format: string };
  readonly registers: readonly Register[];
  readonly more?: Partial<ModbusModel>;
}

function detector(stem: string, { functions = [3], serial, registers, more }: Parts): ModbusModel {
  return { stem, functions, serial: serial ?? { baud: 9600, format: '8N1' }, value, registers, ...more };
}

export const SAFETY_SENSORS: readonly ModbusModel[] = [
  detector('crowcon-xgard-bright', {
    serial: { baud: 9600, format: '8N2' },
    registers: [register('gas-level', 1000, 'float32', '%', { decimals: 1 })],
  }),
  detector('crowcon-xgardiq', {
    serial: { baud: 38400, format: '8N2' },
    registers: [
      register('sensor-state', 99, 'uint16', '1', { value: () => 3 }),
      register('gas-level', 301, 'float32', '%', { decimals: 1 }),
      register('detector-state', 303, 'uint16', '1', { value: () => 0 }),
      register('gas-alarm-low', 304, 'uint16', '1', { flag: true }),
      register('gas-alarm-high', 305, 'uint16', '1', { flag: true }),
    ],
  }),
  detector('igd-toc-635', {
    functions: [4],
    serial: { baud: 19200, format: '8N1' },
    registers: [register('gas-level', 30001, 'uint16', '%', { scale: 0.1, zero: -10 })],
    more: {
      status: [
        {
          address: 33001,
          fields: flags(
            ['alarm-1', 0],
            ['alarm-2', 1],
            ['alarm-3', 2],
            ['fault', 3],
            ['sensor-fault', 5],
            ['range-under', 6],
            ['range-over', 7],
          ),
        },
      ],
    },
  }),
  detector('generic-combustible-gas', {
    registers: [register('gas-level', 0, 'uint16', '%', { scale: 0.1 })],
    more: {
      status: [
        { address: 1, fields: flags(['gas-alarm-low', 0], ['gas-alarm-high', 1], ['sensor-fault', 2]) },
      ],
    },
  }),
  detector('generic-toxic-gas', {
    registers: [
      register('gas-level', 0, 'uint16', '%', { scale: 0.1 }),
      register('oxygen-volume', 1, 'uint16', '%', { scale: 0.1 }),
      register('co-level', 2, 'uint16', '10*-6'),
      register('h2s', 3, 'uint16', '10*-6', { scale: 0.1 }),
    ],
    more: {
      status: [
        { address: 4, fields: flags(['gas-alarm-low', 0], ['gas-alarm-high', 1], ['sensor-fault', 2]) },
      ],
    },
  }),
  detector('generic-smoke-detector', {
    registers: [
      register('smoke-density', 1, 'uint16', '%', { scale: 0.01 }),
      register('temperature', 2, 'int16', 'Cel', { scale: 0.1 }),
    ],
    more: {
      status: [{ address: 0, fields: flags(['smoke-alarm', 0], ['sensor-fault', 1], ['chamber-dirty', 2]) }],
    },
  }),
  detector('schneider-vigirex-rhu', {
    serial: { baud: 19200, format: '8E1' },
    registers: [
      register('residual-current', 0x0190, 'uint16', 'mA'),
      register('residual-current-max', 0x01a4, 'uint16', 'mA'),
      register('residual-part', 0x01b8, 'uint16', '%'),
    ],
    more: {
      // Each status is preceded by the register that says which of its bits are valid.
      constants: [
        [0x00c8, [1]],
        [0x00ca, [1]],
        [0x00cc, [1]],
        [0x00ce, [1]],
      ],
      status: [
        { address: 0x00c9, fields: flags(['residual-alarm', 0]) },
        { address: 0x00cb, fields: flags(['residual-prealarm', 0]) },
        { address: 0x00cf, fields: flags(['toroid', 0]) },
      ],
    },
  }),
  detector('circutor-rgu', {
    functions: [4],
    registers: [
      register('residual-current', 0x0fa0, 'uint16', 'mA'),
      register('trip-current', 0x0fc8, 'uint16', 'mA'),
    ],
    more: {
      discretes: [
        contact('residual-prealarm', 1),
        contact('tripped', 2),
        contact('tripped-residual', 3),
        ...[4, 5, 6, 7].map((address) => ({ point: `spare-${address}`, address, value: () => false })),
      ],
    },
  }),
  detector('generic-electrical-fire-detector', {
    registers: [
      register('residual-current', 0, 'uint16', 'mA'),
      ...[1, 2, 3, 4].map((cable) =>
        register(`cable-temperature-${cable}`, cable, 'int16', 'Cel', { scale: 0.1 }),
      ),
    ],
    more: {
      filled: [[5, 8, 0]],
      status: [
        {
          address: 8,
          fields: flags(
            ['residual-alarm', 0],
            ['cable-alarm-1', 1],
            ['cable-alarm-2', 2],
            ['cable-alarm-3', 3],
            ['cable-alarm-4', 4],
          ),
        },
      ],
    },
  }),
  detector('generic-inclinometer', {
    registers: [
      register('tilt-x', 0, 'int16', 'deg', { scale: 0.01 }),
      register('tilt-y', 1, 'int16', 'deg', { scale: 0.01 }),
      register('tilt', 2, 'uint16', 'deg', { scale: 0.01 }),
      register('settlement', 3, 'int16', 'mm', { scale: 0.1 }),
    ],
    more: { status: [{ address: 4, fields: flags(['sensor-fault', 0]) }] },
  }),
  detector('wellpro-wp3066adam', {
    registers: Array.from({ length: 8 }, (_, i) =>
      register(`cable-temperature-${i + 1}`, i, 'int16', 'Cel', { scale: 0.1 }),
    ),
  }),
];

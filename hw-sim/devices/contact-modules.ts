/**
 * Input and output modules, loop detectors and bay sensors. Sources: wb-mqtt-serial (WP8026ADAM, WP8028ADAM, WB-MCM8),
 * Waveshare wiki, Procon LD120 manual §6.1, DFRobot URM14; lift, toilet and bay sensor are the documented generic ones.
 */
import { type Coil, type ModbusModel, register } from './modbus-model.ts';
import { counted, isOn, switching, wandering } from './wandering.ts';

const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);
const inputs = (points: readonly string[], part = 0.3): Coil[] =>
  points.map((point, address) => ({
    point,
    address,
    value: (world, time) => isOn(point, part, world, time),
  }));
const outputs = (count: number): Coil[] =>
  numbered('output', count).map((point, address) => ({
    point,
    address,
    access: 'read-write',
    value: () => false,
  }));

function bits(stem: string, discretes: readonly Coil[], coils: readonly Coil[] = []): ModbusModel {
  return {
    stem,
    functions: [],
    serial: { baud: 9600, format: '8N1' },
    value: () => 0,
    registers: [],
    ...(discretes.length > 0 ? { discretes } : {}),
    ...(coils.length > 0 ? { coils } : {}),
  };
}

const LIFT = [
  'running',
  'door-open',
  'level',
  'trapped',
  'alarm-button',
  'lift-fault',
  'maintenance',
  'power',
];
const TOILET = [
  'cabin-1',
  'cabin-2',
  'cabin-3',
  'cabin-4',
  'accessible-cabin',
  'sos',
  'entrance-door',
  'water-leak',
];

const mcm8: ModbusModel = {
  ...bits('wirenboard-wb-mcm8', inputs(numbered('input', 8))),
  functions: [4],
  serial: { baud: 9600, format: '8N2' },
  registers: numbered('count', 8).map((point, i) =>
    register(point, 60 + 2 * i, 'uint32', '1', {
      value: (world, time) => counted(1000 * i, 12, world, time),
    }),
  ),
};

const ld120: ModbusModel = {
  stem: 'procon-ld120',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: () => 0,
  registers: [
    register('vehicles', 10 - 1, 'uint32', '1', {
      value: (world, time) => counted(70_112, 240, world, time),
    }),
  ],
  // 10001 to 10008.
  discretes: inputs(
    ['loop-fault', 'detect', 'spare-3', 'spare-4', 'loop-open', 'loop-short', 'spare-7', 'spare-8'],
    0.2,
  ),
};

const bay: ModbusModel = {
  stem: 'generic-parking-bay',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: switching({ occupied: 0.6, 'sensor-fault': 0.02 }, wandering({ distance: [1460, 900] })),
  registers: [register('distance', 1, 'uint16', 'mm')],
  status: [
    {
      address: 0,
      fields: [
        { point: 'occupied', bits: [0, 0], flag: true },
        { point: 'sensor-fault', bits: [1, 1], flag: true },
      ],
    },
  ],
};

const urm14: ModbusModel = {
  stem: 'dfrobot-urm14',
  functions: [3],
  serial: { baud: 19200, format: '8N1' },
  unit: 12,
  value: wandering({ distance: [780, 500] }),
  registers: [
    register('distance', 5, 'uint16', 'mm', { scale: 0.1 }),
    register('temperature', 6, 'int16', 'Cel', { scale: 0.1 }),
  ],
};

export const CONTACT_MODULES: readonly ModbusModel[] = [
  bits('wellpro-wp8026adam', inputs(numbered('input', 16))),
  bits('wellpro-wp8028adam', inputs(numbered('input', 8)), outputs(8)),
  bits('waveshare-modbus-rtu-io-8ch', inputs(numbered('input', 8)), outputs(8)),
  bits('waveshare-modbus-rtu-relay', [], outputs(8)),
  bits('generic-lift-contacts', inputs(LIFT)),
  bits('generic-toilet-contacts', inputs(TOILET)),
  mcm8,
  ld120,
  bay,
  urm14,
];

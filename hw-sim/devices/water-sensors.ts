/**
 * Levels, flow, pressure and water quality. Sources: EnviroDIY/YosemitechModbus, esphome components/kuntze, TUF-2000M
 * register table (arivin29/note-rencana), QDY30A (reQDY30A.cpp), gist of the XKC-Y25, Isuromu (JXCT).
 */

import { drift, keyOf } from '../world/random.ts';
import { type ModbusModel, type Register, register } from './modbus-model.ts';
import { counting, type Means, switching, wandering } from './wandering.ts';

const WATER: Means = {
  'water-temperature': [15.2, 2],
  'return-temperature': [13.9, 2],
  ph: [7.42, 0.2],
  turbidity: [12.6, 6],
  conductivity: [486, 40],
  oxygen: [8.31, 0.7],
  'oxygen-saturation': [83.4, 6],
  chlorine: [0.42, 0.1],
  cod: [18.7, 5],
  ammonium: [0.63, 0.2],
  redox: [412, 40],
  chlorophyll: [6.4, 2],
  electrode: [-24.3, 8],
  level: [1240, 160],
  'water-pressure': [312.4, 25],
  battery: [12.6, 0.3],
  capacitance: [1830, 200],
  flow: [18.442, 6],
  'flow-velocity': [0.612, 0.2],
  'signal-quality': [88, 4],
};
const value = wandering(WATER);

/** A probe of Yosemitech: floats with the lowest byte first. */
function probe(stem: string, ...registers: readonly Register[]): ModbusModel {
  return { stem, functions: [3], serial: { baud: 9600, format: '8N1' }, order: 'DCBA', value, registers };
}
const float = (point: string, address: number, uom: string, decimals: number, scale = 1): Register =>
  register(point, address, 'float32', uom, { decimals, ...(scale === 1 ? {} : { scale }) });
const celsius = (address: number): Register => float('water-temperature', address, 'Cel', 2);

const qdy30a: ModbusModel = {
  stem: 'qdy-30a',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: wandering({ level: [124.03, 16] }),
  registers: [
    register('level-unit', 2, 'uint16', '1', { value: () => 1 }),
    register('level', 4, 'int16', 'cm', { scale: 0.01 }),
  ],
  // Address, baud rate, decimals; zero and full scale.
  constants: [
    [0, [1, 3]],
    [3, [2]],
    [5, [0, 500]],
  ],
};

const pressure: ModbusModel = {
  stem: 'generic-pressure-transmitter',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value,
  registers: [register('water-pressure', 4, 'int16', 'kPa', { scale: 0.1 })],
  constants: [[2, [4, 1]]],
};

const xkcY25: ModbusModel = {
  stem: 'xkc-y25-rs485',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  most: 1,
  value: switching({ water: 0.1 }, value),
  registers: [register('water', 1, 'uint16', '1', { flag: true }), register('capacitance', 2, 'uint16', '1')],
};

/** Depth at which an underpass is closed, and some more, mm. */
const FLOOD = 340;
/** Depth at which its electrodes close, mm. */
const WET = 150;
const gauged = switching({ 'electrode-fault': 0 }, wandering({ ...WATER, level: [40, 38] }));

const floodGauge: ModbusModel = {
  stem: 'generic-flood-gauge',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: (point, world, time, settings) => {
    if (world.hands.flooded && point === 'level')
      return FLOOD + 20 * drift(world.seed, keyOf('flood'), time, 60_000);
    const water = world.water(time);
    if (point === 'flood-alarm') return Number(world.hands.flooded || water >= WET);
    if (point === 'level' && water > 0) return Number(gauged(point, world, time, settings)) + water;
    return gauged(point, world, time, settings);
  },
  registers: [register('level', 0, 'uint16', 'mm'), register('battery', 2, 'uint16', 'V', { scale: 0.1 })],
  status: [
    {
      address: 1,
      fields: [
        { point: 'flood-alarm', bits: [0, 0], flag: true },
        { point: 'electrode-fault', bits: [1, 1], flag: true },
      ],
    },
  ],
};

/** Registers are numbered from 1 in its manual; low word first. */
const tuf2000m: ModbusModel = {
  stem: 'tuf-2000m',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  order: 'CDAB',
  value: counting(
    { 'volume-forward': [48211, 18], 'volume-reverse': [12, 0], 'volume-net': [48199, 18] },
    value,
  ),
  registers: [
    float('flow', 1 - 1, 'm3/h', 3),
    float('flow-velocity', 5 - 1, 'm/s', 3),
    register('volume-forward', 9 - 1, 'int32', 'm3'),
    register('volume-reverse', 13 - 1, 'int32', 'm3'),
    register('volume-net', 25 - 1, 'int32', 'm3'),
    celsius(33 - 1),
    float('return-temperature', 35 - 1, 'Cel', 2),
    register('error-code', 72 - 1, 'uint16', '1', { value: () => 0 }),
    register('signal-quality', 92 - 1, 'uint16', '%'),
  ],
  filled: [[0, 104, 0]],
};

/** One value in a request: contents, and in the next register how many decimals they have. */
const kuntze: ModbusModel = {
  stem: 'kuntze-neon',
  functions: [3],
  serial: { baud: 19200, format: '8E1' },
  most: 2,
  value,
  registers: [
    register('ph', 4136, 'uint16', '[pH]', { scale: 0.01 }),
    register('water-temperature', 4160, 'uint16', 'Cel', { scale: 0.1 }),
    register('chlorine', 4680, 'uint16', 'mg/L', { scale: 0.01 }),
    register('redox', 4688, 'uint16', 'mV'),
  ],
  constants: [
    [4137, [2]],
    [4161, [1]],
    [4681, [2]],
    [4689, [0]],
  ],
};

export const WATER_SENSORS: readonly ModbusModel[] = [
  qdy30a,
  pressure,
  xkcY25,
  floodGauge,
  tuf2000m,
  kuntze,
  probe(
    'yosemitech-y504',
    celsius(0x2600),
    float('oxygen-saturation', 0x2602, '%', 1, 100),
    float('oxygen', 0x2604, 'mg/L', 2),
  ),
  probe('yosemitech-y511', celsius(0x2600), float('turbidity', 0x2602, '[NTU]', 2)),
  probe('yosemitech-y520', celsius(0x2600), float('conductivity', 0x2602, 'uS/cm', 1, 1000)),
  probe(
    'yosemitech-y532',
    float('ph', 0x2800, '[pH]', 2),
    celsius(0x2400),
    float('electrode', 0x1200, 'mV', 1),
  ),
  probe(
    'yosemitech-y551',
    celsius(0x2600),
    float('cod', 0x2602, 'mg/L', 1),
    float('turbidity', 0x1200, '[NTU]', 2),
  ),
  probe(
    'yosemitech-y560',
    float('ammonium', 0x2800, 'mg/L', 2),
    celsius(0x2400),
    float('ph', 0x2602, '[pH]', 2),
  ),
  probe('yosemitech-y700', float('level', 0x2602, 'mm', 1), celsius(0x2400)),
  probe(
    'yosemitech-y4000',
    float('oxygen', 0x2601, 'mg/L', 2),
    float('turbidity', 0x2603, '[NTU]', 2),
    float('conductivity', 0x2605, 'uS/cm', 1, 1000),
    float('ph', 0x2607, '[pH]', 2),
    celsius(0x2609),
    float('redox', 0x260b, 'mV', 1),
    float('chlorophyll', 0x260d, 'ug/L', 2),
  ),
  {
    stem: 'jxct-jxbs-3001-ph',
    functions: [3],
    serial: { baud: 9600, format: '8N1' },
    value,
    registers: [
      register('water-temperature', 1, 'int16', 'Cel', { scale: 0.1 }),
      register('ph', 2, 'uint16', '[pH]', { scale: 0.01 }),
    ],
  },
  {
    stem: 'zw-rcl101',
    functions: [3],
    serial: { baud: 9600, format: '8N1' },
    value,
    registers: [float('chlorine', 0x40, 'mg/L', 2)],
  },
];

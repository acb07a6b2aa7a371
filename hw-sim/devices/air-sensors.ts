/**
 * Dust, gases and oil fume. Sources: Isuromu/Telemetry-Weather-station-system docs/protocols (JXCT), Vaisala GMP252 user
 * guide, greenioiot/CPN_weather_NBIOT REG_CONFIG.h; the dust and oil fume monitors are the documented generic ones.
 */
import { type ModbusModel, type Register, register } from './modbus-model.ts';
import { type Means, switching, wandering } from './wandering.ts';

const AIR: Means = {
  tsp: [96, 30],
  'sample-flow': [2.02, 0.02],
  co: [0.8, 0.4],
  o3: [0.03, 0.02],
  no2: [21, 12],
  so2: [6, 3],
  nh3: [1.2, 0.6],
  tvoc: [130, 70],
  co2: [432, 20],
  'oil-fume': [0.62, 0.4],
  particulates: [2.4, 1.2],
  nmhc: [3.1, 1.5],
  'purifier-current': [1.84, 0.1],
};
const jxct = { functions: [3], serial: { baud: 9600, format: '8N1' }, value: wandering(AIR) } as const;
const humidity = register('humidity', 0, 'uint16', '%', { scale: 0.1 });
const temperature = register('temperature', 1, 'int16', 'Cel', { scale: 0.1 });

/** A JXCT transmitter: what it measures at register 6, some with humidity and temperature at 0 and 1. */
function transmitter(stem: string, ...registers: readonly Register[]): ModbusModel {
  return { ...jxct, stem, registers };
}

const dust: ModbusModel = {
  stem: 'generic-dust-monitor',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: switching({ heater: 0.4, 'dust-fault': 0 }, wandering(AIR)),
  registers: [
    register('tsp', 0, 'uint16', 'ug/m3'),
    register('pm10', 1, 'uint16', 'ug/m3'),
    register('pm2-5', 2, 'uint16', 'ug/m3'),
    register('temperature', 3, 'int16', 'Cel', { scale: 0.1 }),
    register('humidity', 4, 'uint16', '%', { scale: 0.1 }),
    register('sample-flow', 5, 'uint16', 'L/min', { scale: 0.01 }),
  ],
  status: [
    {
      address: 6,
      fields: [
        { point: 'heater', bits: [0, 0], flag: true },
        { point: 'dust-fault', bits: [1, 1], flag: true },
      ],
    },
  ],
};

const station: ModbusModel = {
  stem: 'generic-air-quality-station',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: wandering({ ...AIR, o3: [31, 14] }),
  registers: [
    register('so2', 3, 'uint16', '10*-9'),
    register('no2', 4, 'uint16', '10*-9'),
    register('co', 5, 'uint16', '10*-6', { scale: 0.01 }),
    register('o3', 6, 'uint16', '10*-9'),
    register('pm2-5', 7, 'uint16', 'ug/m3'),
    register('pm10', 8, 'uint16', 'ug/m3'),
    // Counts from -40 °C.
    register('temperature', 9, 'uint16', 'Cel', { scale: 0.01, zero: -40 }),
    register('humidity', 10, 'uint16', '%', { scale: 0.01 }),
  ],
};

const gmp252: ModbusModel = {
  stem: 'vaisala-gmp252',
  functions: [4],
  serial: { baud: 19200, format: '8N2' },
  unit: 240,
  value: wandering(AIR),
  registers: [register('co2', 256, 'int16', '10*-6')],
};

const oilFume: ModbusModel = {
  stem: 'generic-oil-fume-monitor',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: switching({ fan: 0.7, purifier: 0.7 }, wandering(AIR)),
  registers: [
    register('oil-fume', 0, 'uint16', 'mg/m3', { scale: 0.01 }),
    register('particulates', 1, 'uint16', 'mg/m3', { scale: 0.01 }),
    register('nmhc', 2, 'uint16', 'mg/m3', { scale: 0.01 }),
    register('temperature', 3, 'int16', 'Cel', { scale: 0.1 }),
    register('humidity', 4, 'uint16', '%', { scale: 0.1 }),
    register('purifier-current', 6, 'uint16', 'A', { scale: 0.01 }),
  ],
  status: [
    {
      address: 5,
      fields: [
        { point: 'fan', bits: [0, 0], flag: true },
        { point: 'purifier', bits: [1, 1], flag: true },
      ],
    },
  ],
};

export const AIR_SENSORS: readonly ModbusModel[] = [
  transmitter(
    'jxct-jxbs-3001-pm',
    register('pm2-5', 4, 'uint16', 'ug/m3'),
    register('pm10', 9, 'uint16', 'ug/m3'),
  ),
  transmitter('jxct-jxbs-3001-co', register('co', 6, 'uint16', '10*-6', { scale: 0.1 })),
  transmitter(
    'jxct-jxbs-3001-o3',
    register('o3', 6, 'uint16', '10*-6', { scale: 0.01 }),
    humidity,
    temperature,
  ),
  transmitter(
    'jxct-jxbs-3001-nh3',
    register('nh3', 6, 'uint16', '10*-6', { scale: 0.1 }),
    humidity,
    temperature,
  ),
  transmitter(
    'jxct-tvoc',
    humidity,
    temperature,
    register('pm2-5', 4, 'uint16', 'ug/m3'),
    register('co2', 5, 'uint16', '10*-6'),
    register('tvoc', 6, 'uint16', '10*-9'),
    register('pm10', 9, 'uint16', 'ug/m3'),
  ),
  dust,
  station,
  gmp252,
  oilFume,
];

/**
 * Weather transmitters with one or two quantities, and small stations. Sources: Isuromu/Telemetry-Weather-station-system
 * docs/protocols (JXCT), DFRobot/DFRobot_RainfallSensor, help.campbellsci.com metsens-series, wb-mqtt-serial
 * config-sokol-m, gist of the XY-MD02.
 */
import { type ModbusModel, type Register, register } from './modbus-model.ts';
import { counting, wandering } from './wandering.ts';

const WEATHER = wandering({
  'uv-irradiance': [18, 12],
  'wind-speed-mean': [2.3, 0.8],
  'wind-gust': [4.9, 1.5],
  'rain-interval': [0.4, 0.3],
  irradiance: [380, 300],
});

function jxct(stem: string, ...registers: readonly Register[]): ModbusModel {
  return { stem, functions: [3], serial: { baud: 9600, format: '8N1' }, value: WEATHER, registers };
}
const humidity = register('humidity', 0, 'uint16', '%', { scale: 0.1 });
const temperature = register('temperature', 1, 'int16', 'Cel', { scale: 0.1 });

const xyMd02: ModbusModel = {
  stem: 'xy-md02',
  functions: [4],
  serial: { baud: 9600, format: '8N1' },
  most: 2,
  value: WEATHER,
  registers: [
    register('temperature', 1, 'int16', 'Cel', { scale: 0.1 }),
    register('humidity', 2, 'uint16', '%', { scale: 0.1 }),
  ],
};

const sen0575: ModbusModel = {
  stem: 'dfrobot-sen0575',
  functions: [4],
  serial: { baud: 9600, format: '8N1' },
  unit: 0xc0,
  order: 'CDAB',
  value: counting({ rain: [12.4126, 0.5588], tips: [44, 2] }, WEATHER),
  registers: [register('rain', 8, 'uint32', 'mm', { scale: 0.0001 }), register('tips', 10, 'uint32', '1')],
  constants: [
    [0, [0xc0, 0x3343, 0xc0, 3, 1, 0x1000]],
    [6, [0, 0]],
    [12, [77]],
  ],
};

const metsens200: ModbusModel = {
  stem: 'campbell-metsens200',
  functions: [3],
  serial: { baud: 19200, format: '8N1' },
  value: WEATHER,
  registers: [
    register('wind-direction', 0, 'float32', 'deg', { decimals: 1 }),
    register('wind-speed', 2, 'float32', 'm/s', { decimals: 2 }),
    register('wind-speed-mean', 10, 'float32', 'm/s', { decimals: 2 }),
    register('wind-gust', 14, 'float32', 'm/s', { decimals: 2 }),
  ],
  // Compass, supply, directions of mean and gust, status.
  filled: [[0, 18, 0]],
};

const metsens300: ModbusModel = {
  stem: 'campbell-metsens300',
  functions: [3],
  serial: { baud: 19200, format: '8N1' },
  value: wandering({ pressure: [1014.2, 6], 'dew-point': [9.3, 3] }, WEATHER),
  registers: [
    register('pressure', 0, 'float32', 'hPa', { decimals: 1 }),
    register('humidity', 2, 'float32', '%', { decimals: 1 }),
    register('temperature', 4, 'float32', 'Cel', { decimals: 2 }),
    register('dew-point', 6, 'float32', 'Cel', { decimals: 2 }),
  ],
};

const sokolM: ModbusModel = {
  stem: 'sokol-m',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: WEATHER,
  registers: [
    register('temperature', 3, 'int16', 'Cel', { scale: 0.01 }),
    register('humidity', 5, 'uint16', '%'),
    register('wind-speed', 6, 'uint16', 'm/s', { scale: 0.01 }),
    register('wind-direction', 7, 'uint16', 'deg'),
    register('rain-interval', 8, 'uint16', 'mm', { scale: 0.1 }),
  ],
  filled: [[0, 14, 0]],
};

export const WEATHER_SENSORS: readonly ModbusModel[] = [
  xyMd02,
  jxct('jxct-shelter', humidity, temperature, register('illuminance', 7, 'uint32', 'lx')),
  jxct('jxct-wind-speed', register('wind-speed', 0x16, 'uint16', 'm/s', { scale: 0.1 })),
  jxct('jxct-wind-direction', register('wind-direction', 0, 'uint16', 'deg')),
  jxct('jxct-optical-rain', register('rain', 3, 'uint16', 'mm', { scale: 0.1 })),
  jxct('jxct-solar-radiation', register('irradiance', 0, 'uint16', 'W/m2')),
  jxct('jxct-uv', humidity, temperature, register('uv-irradiance', 8, 'uint16', 'W/m2', { scale: 0.1 })),
  sen0575,
  metsens200,
  metsens300,
  sokolM,
];

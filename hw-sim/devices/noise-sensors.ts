/** Sound level meters and the multi-sensor that hears. Sources: sconklin/taidacent-decibel-meter, wb-mqtt-serial config-wb-msw_v3; the octave monitor is the documented generic one. */
import { type ModbusModel, register } from './modbus-model.ts';
import { switching, wandering } from './wandering.ts';

const level = { scale: 0.1 };
/** Octave bands of traffic noise, dB below its level. */
const SPECTRUM: readonly (readonly [band: string, below: number])[] = [
  ['31-5', -6],
  ['63', -2],
  ['125', 1],
  ['250', 4],
  ['500', 5],
  ['1000', 3],
  ['2000', 7],
  ['4000', 13],
  ['8000', 21],
  ['16000', 32],
];

const taidacent: ModbusModel = {
  stem: 'taidacent-decibel-meter',
  functions: [3],
  serial: { baud: 4800, format: '8N1' },
  value: wandering({}),
  registers: [register('noise', 0, 'uint16', 'dB(A)', level)],
};

const octaves: ModbusModel = {
  stem: 'generic-octave-noise-monitor',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  most: 40,
  value: switching(
    { overload: 0, 'under-range': 0 },
    wandering({
      'noise-fast': [56.4, 3],
      'noise-max': [71.2, 4],
      'noise-min': [48.9, 2],
      'noise-l10': [60.3, 2],
      'noise-l50': [55.1, 2],
      'noise-l90': [50.2, 1],
      ...Object.fromEntries(SPECTRUM.map(([band, below]) => [`octave-${band}`, [58 - below, 3] as const])),
    }),
  ),
  registers: [
    register('noise', 0, 'uint16', 'dB(A)', level),
    register('noise-fast', 1, 'uint16', 'dB(A)', level),
    register('noise-max', 2, 'uint16', 'dB(A)', level),
    register('noise-min', 3, 'uint16', 'dB(A)', level),
    register('noise-l10', 4, 'uint16', 'dB(A)', level),
    register('noise-l50', 5, 'uint16', 'dB(A)', level),
    register('noise-l90', 6, 'uint16', 'dB(A)', level),
    ...SPECTRUM.map(([band], i) => register(`octave-${band}`, 16 + i, 'int16', 'dB(Z)', level)),
  ],
  status: [
    {
      address: 32,
      fields: [
        { point: 'overload', bits: [0, 0], flag: true },
        { point: 'under-range', bits: [1, 1], flag: true },
      ],
    },
  ],
  filled: [[0, 33, 0]],
};

const multiSensor: ModbusModel = {
  stem: 'wirenboard-wb-msw',
  functions: [4],
  serial: { baud: 9600, format: '8N2' },
  value: wandering({ co2: [455, 30], tvoc: [120, 60], motion: [80, 60] }),
  registers: [
    register('noise', 3, 'uint16', 'dB(A)', { scale: 0.01 }),
    register('temperature', 4, 'int16', 'Cel', { scale: 0.01 }),
    register('humidity', 5, 'uint16', '%', { scale: 0.01 }),
    register('co2', 8, 'uint16', '10*-6'),
    register('illuminance', 9, 'uint32', 'lx', { scale: 0.01 }),
    register('tvoc', 11, 'uint16', '10*-9'),
    register('motion', 283, 'uint16', '1'),
  ],
  filled: [[0, 16, 0]],
};

export const NOISE_SENSORS: readonly ModbusModel[] = [taidacent, octaves, multiSensor];

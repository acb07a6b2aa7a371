/** VMS-3001-TR and SN-3001-TR soil sensors, seven in one. */
import { drift, keyOf } from '../world/random.ts';
import type { World } from '../world/world.ts';
import { type ModbusModel, register } from './modbus-model.ts';

/** Mean and swing of each quantity in the soil of a tree pit; soil is slow. */
const SOIL: Readonly<Record<string, readonly [mean: number, swing: number]>> = {
  moisture: [31, 6],
  conductivity: [420, 60],
  ph: [6.8, 0.2],
  nitrogen: [54, 5],
  phosphorus: [23, 3],
  potassium: [148, 9],
};

function soil(point: string, world: World, time: number): number {
  const day = 86_400_000;
  // A third of the day's swing reaches the roots, six hours late.
  if (point === 'temperature') return 10 + world.weather(time - day / 4).temperature / 3;
  const [mean, swing] = SOIL[point] ?? [0, 0];
  return mean + swing * drift(world.seed, keyOf(`soil-${point}`), time, day);
}

export const vms3001Tr: ModbusModel = {
  stem: 'vms-3001-tr',
  functions: [3],
  serial: { baud: 4800, format: '8N1' },
  value: soil,
  registers: [
    register('moisture', 0, 'uint16', '%', { scale: 0.1 }),
    register('temperature', 1, 'int16', 'Cel', { scale: 0.1 }),
    register('conductivity', 2, 'uint16', 'uS/cm'),
    register('ph', 3, 'uint16', '[pH]', { scale: 0.1 }),
    register('nitrogen', 4, 'uint16', 'mg/kg'),
    register('phosphorus', 5, 'uint16', 'mg/kg'),
    register('potassium', 6, 'uint16', 'mg/kg'),
  ],
};

/** Devices with BACnet/IP. Object types and properties: ASHRAE 135 §21. */
import type { World } from '../world/world.ts';
import type { BacnetModel, BacnetObject } from './bacnet-device.ts';
import { counted, isOn, wandering } from './wandering.ts';

const PRESENT_VALUE = 85;

function object(
  point: string,
  type: number,
  instance: number,
  as: BacnetObject['as'],
  uom: string,
  value: BacnetObject['value'],
  extra: { readonly decimals?: number; readonly property?: number } = {},
): BacnetObject {
  const { property = PRESENT_VALUE, ...rest } = extra;
  return { point, at: [type, instance, property], as, uom, value, ...rest };
}

function about(point: string, mean: number, swing: number): BacnetObject['value'] {
  const value = wandering({ [point]: [mean, swing] });
  return (world, time) => Number(value(point, world, time, new Map()));
}

const on =
  (name: string, part: number): BacnetObject['value'] =>
  (world: World, time: number) =>
    isOn(name, part, world, time);

const controller: BacnetModel = {
  stem: 'generic-bacnet-controller',
  objects: [
    object('name', 8, 117, 'text', '1', () => 'Substation 3 – 配电室', { property: 77 }),
    object('model', 8, 117, 'text', '1', () => 'Simulated controller', { property: 70 }),
    object('temperature', 0, 1, 'real', 'Cel', about('room', 2, 8), { decimals: 2 }),
    object('humidity', 0, 2, 'real', '%', about('damp', 55, 12), { decimals: 1 }),
    object('input-3', 0, 3, 'real', '1', about('third', 4.2, 9), { decimals: 3 }),
    object('setpoint', 2, 1, 'real', 'Cel', () => 21.5, { decimals: 2 }),
    object('contact-1', 3, 1, 'enumerated', '1', on('bacnet-door', 0.3)),
    object('contact-2', 3, 2, 'enumerated', '1', on('bacnet-pump', 0.7)),
    object('relay-1', 4, 1, 'enumerated', '1', on('bacnet-relay', 0.5)),
    object('mode', 19, 1, 'unsigned', '1', (world, time) =>
      isOn('bacnet-mode', 0.5, world, time) ? 2 : 300,
    ),
    object('pulses', 23, 1, 'unsigned', '1', (world, time) => counted(16_777_200, 90, world, time)),
    object('energy', 46, 1, 'double', 'kW.h', (world, time) => counted(123_456.789, 3.2, world, time), {
      decimals: 4,
    }),
  ],
};

/** By the stem of the profile. */
export const BACNET_MODELS: ReadonlyMap<string, BacnetModel> = new Map([[controller.stem, controller]]);

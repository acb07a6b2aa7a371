/**
 * Lamp controllers, DALI gateways and the meter of a lamp circuit. Sources: wb-mqtt-serial (Arlight DALI-LOGIC-LITE, ECOdim
 * DALI GW2, WB-MDM3, PZEM-016), esphome pzemac; the lamp controller is the documented generic one.
 */
import { type Coil, type ModbusModel, type Register, register, type Settings } from './modbus-model.ts';
import { meterOn } from './quantities.ts';
import { counted, isOn, switching, wandering } from './wandering.ts';

const lampMeter = meterOn('lamp');
/** The level of the street's lamp in per cent, until a master sets another. */
const levelOf = (set: number | undefined, level: number): number => set ?? Math.round(100 * level);
const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7] as const;

const controller: ModbusModel = {
  stem: 'generic-lamp-controller',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: switching({ 'lamp-fault': 0.02, 'leakage-alarm': 0.02 }, lampMeter),
  registers: [
    register('lamp-level', 0, 'uint16', '%', {
      access: 'read-write',
      value: (world, time, settings) => levelOf(settings.get('lamp-level'), world.lampLevel(time)),
    }),
    register('voltage-l1', 1, 'uint16', 'V', { scale: 0.1 }),
    register('current-l1', 2, 'uint16', 'A', { scale: 0.001 }),
    register('power-active-total', 3, 'uint16', 'W', { scale: 0.1 }),
    register('power-factor-total', 4, 'uint16', '1', { scale: 0.001 }),
    register('energy-import', 5, 'uint32', 'kW.h', { scale: 0.01 }),
    register('lamp-hours', 7, 'uint32', 'h', { value: (world, time) => counted(4120, 0.45, world, time) }),
    register('temperature-case', 9, 'int16', 'Cel', {
      scale: 0.1,
      value: (world, time) => world.weather(time).temperature + 12,
    }),
  ],
  status: [
    {
      address: 10,
      fields: [
        { point: 'lamp-fault', bits: [0, 0], flag: true },
        { point: 'leakage-alarm', bits: [1, 1], flag: true },
      ],
    },
  ],
};

const pzem: ModbusModel = {
  stem: 'peacefair-pzem-016',
  functions: [4],
  serial: { baud: 9600, format: '8N1' },
  most: 10,
  order: 'CDAB',
  value: lampMeter,
  registers: [
    register('voltage-l1', 0, 'uint16', 'V', { scale: 0.1 }),
    register('current-l1', 1, 'uint32', 'A', { scale: 0.001 }),
    register('power-active-total', 3, 'uint32', 'W', { scale: 0.1 }),
    register('energy-import', 5, 'uint32', 'kW.h', { scale: 0.001 }),
    register('frequency', 7, 'uint16', 'Hz', { scale: 0.1 }),
    register('power-factor-total', 8, 'uint16', '1', { scale: 0.01 }),
  ],
  // Alarm state.
  constants: [[9, [0]]],
};

/** DALI arc power of a gear: what was set, else by the lamp of the street. */
const arcPower = (point: string): Pick<Register, 'access' | 'value'> => ({
  access: 'read-write',
  value: (world, time, settings: Settings) => settings.get(point) ?? Math.round(254 * world.lampLevel(time)),
});
/** Control gear present and powered, as IEC 62386-102 has it: bit 2 says that the lamp is on. */
const gearStatus: Register['value'] = (world, time) => (world.lampLevel(time) > 0 ? 0b100 : 0);

const arlight: ModbusModel = {
  stem: 'arlight-dali-logic-lite',
  functions: [3],
  value: () => 0,
  registers: [
    ...EIGHT.map((gear) =>
      register(`gear-${gear}-status`, gear, 'uint16', '1', { value: gearStatus ?? (() => 0) }),
    ),
    ...EIGHT.map((gear) =>
      register(`gear-${gear}-level`, 2560 + gear, 'uint16', '1', {
        ...arcPower(`gear-${gear}-level`),
        writeAddress: 256 + gear,
      }),
    ),
    ...EIGHT.slice(0, 4).map((group) =>
      register(`group-${group}-level`, 2688 + group, 'uint16', '1', {
        ...arcPower(`group-${group}-level`),
        writeAddress: 384 + group,
      }),
    ),
  ],
};

const ecodim: ModbusModel = {
  stem: 'ecodim-dali-gw2',
  functions: [3],
  serial: { baud: 9600, format: '8N1' },
  value: wandering({ 'bus-load': [7, 4] }),
  registers: [
    register('bus-fault', 29, 'uint16', '1', { flag: true, value: () => 0 }),
    register('gears', 31, 'uint16', '1', { value: () => 8 }),
    register('bus-load', 55, 'uint16', '%'),
    ...EIGHT.map((gear) =>
      register(`gear-${gear}-level`, 3004 + 5 * gear, 'uint16', '1', {
        ...arcPower(`gear-${gear}-level`),
        writeAddress: 3000 + 5 * gear,
      }),
    ),
  ],
  filled: [
    [24, 56, 0],
    [3000, 3320, 0],
  ],
};

const relay = (channel: number): Coil => ({
  point: `lamp-${channel}`,
  address: channel - 1,
  access: 'read-write',
  value: (world, time) => isOn(`dimmer-${channel}`, 0.5, world, time),
});

const mdm3: ModbusModel = {
  stem: 'wirenboard-wb-mdm3',
  functions: [3],
  serial: { baud: 9600, format: '8N2' },
  value: wandering({ 'lamp-1-level': [60, 20], 'lamp-2-level': [50, 20], 'lamp-3-level': [40, 20] }),
  registers: [1, 2, 3].map((channel) =>
    register(`lamp-${channel}-level`, channel - 1, 'uint16', '%', { access: 'read-write' }),
  ),
  coils: [1, 2, 3].map(relay),
};

export const LAMP_CONTROLLERS: readonly ModbusModel[] = [controller, pzem, arlight, ecodim, mdm3];

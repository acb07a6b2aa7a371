/** Chargers. Register maps: evcc-io/evcc charger/mennekes-compact.go, phoenix-charx.go, schneider-v3.go, em2go.go. */
import { type ModbusModel, type Register, register } from './modbus-model.ts';
import { charger, charging } from './quantities.ts';

type Extra = Parameters<typeof register>[4];

/** A quantity of the three phases, each two registers behind the one before. */
function phases(
  quantity: string,
  from: number,
  type: Register['type'],
  uom: string,
  extra: Extra,
): Register[] {
  return [1, 2, 3].map((phase) =>
    register(`${quantity}-l${phase}`, from + 2 * (phase - 1), type, uom, extra),
  );
}
/** State of the charger with a vehicle from 19:00 to 23:00: one number while it charges, one without it. */
const state = (address: number, busy: number, idle: number): Register =>
  register('charge-state', address, 'uint16', '1', {
    value: (world, time) => (charging(world, time) ? busy : idle),
  });

const mennekes: ModbusModel = {
  stem: 'mennekes-compact',
  functions: [3],
  serial: { baud: 57600, format: '8N2' },
  unit: 50,
  value: charger,
  registers: [
    state(0x0100, 5, 1),
    ...phases('current', 0x0500, 'float32', 'A', { decimals: 3 }),
    ...phases('voltage', 0x0506, 'float32', 'V', { decimals: 1 }),
    register('power-active-total', 0x0512, 'float32', 'W', { decimals: 1 }),
    register('energy-session', 0x0b02, 'float32', 'kW.h', { decimals: 3 }),
    register('energy-import', 0x1000, 'float32', 'kW.h', { decimals: 3 }),
  ],
  filled: [[0x050c, 0x0512, 0]],
};

/** The first charging point: 1000 and the offset. */
const POINT = 1000;
const charx: ModbusModel = {
  stem: 'phoenix-charx',
  functions: [3],
  value: charger,
  registers: [
    ...phases('voltage', POINT + 232, 'int32', 'V', { scale: 0.001 }),
    ...phases('current', POINT + 238, 'int32', 'A', { scale: 0.001 }),
    register('power-active-total', POINT + 244, 'int32', 'W', { scale: 0.001 }),
    register('energy-import', POINT + 250, 'int64', 'kW.h', { scale: 0.001 }),
    register('energy-session', POINT + 289, 'uint32', 'kW.h', { scale: 0.001 }),
  ],
  filled: [[POINT + 200, POINT + 310, 0]],
};

const evlink: ModbusModel = {
  stem: 'schneider-evlink-pro-ac',
  functions: [3],
  unit: 255,
  order: 'CDAB',
  value: charger,
  registers: [
    state(1, 8, 1),
    ...phases('current', 2999, 'float32', 'A', { decimals: 3 }),
    ...phases('voltage', 3027, 'float32', 'V', { decimals: 1 }),
    // kW with four decimals.
    register('power-active-total', 3059, 'float32', 'W', { decimals: 1, scale: 1000 }),
    register('energy-import', 3203, 'uint64', 'kW.h', { scale: 0.001 }),
    register('current-limit-set', 4004, 'uint16', 'A', {
      access: 'read-write',
      value: (_w, _t, set) => set.get('current-limit-set') ?? 16,
    }),
  ],
};

const em2go: ModbusModel = {
  stem: 'em2go-home',
  functions: [3],
  unit: 255,
  most: 2,
  value: charger,
  registers: [
    state(0, 4, 1),
    ...phases('current', 6, 'uint16', 'A', { scale: 0.1 }),
    register('power-active-total', 12, 'uint32', 'W'),
    register('energy-import', 28, 'uint32', 'kW.h', { scale: 0.1 }),
    ...phases('voltage', 109, 'uint16', 'V', { scale: 0.1 }),
    register('current-limit-set', 91, 'uint16', 'A', {
      scale: 0.1,
      access: 'read-write',
      value: (_world, _time, settings) => settings.get('current-limit-set') ?? 16,
    }),
  ],
};

export const FURTHER_CHARGERS: readonly ModbusModel[] = [mennekes, charx, evlink, em2go];

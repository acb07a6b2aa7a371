/** Electricity meters. Register maps: volkszaehler/mbmd meters/rs485 (the file is named at each). */
import { type ModbusModel, type Register, register } from './modbus-model.ts';
import { meterOn } from './quantities.ts';

const feeder = meterOn('feeder');
const lamp = meterOn('lamp');
const at9600 = { baud: 9600, format: '8N1' } as const;

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

/** pac2200.go: floats, energies in Wh as 64-bit floats. */
const pac2200: ModbusModel = {
  stem: 'siemens-pac2200',
  functions: [4],
  serial: at9600,
  value: feeder,
  registers: [
    ...phases('voltage', 1, 'float32', 'V', { decimals: 1 }),
    ...phases('current', 13, 'float32', 'A', { decimals: 3 }),
    ...phases('power-active', 25, 'float32', 'W', { decimals: 1 }),
    register('power-apparent-total', 63, 'float32', 'V.A', { decimals: 1 }),
    register('power-active-total', 65, 'float32', 'W', { decimals: 1 }),
    register('power-reactive-total', 67, 'float32', 'var', { decimals: 1 }),
    register('power-factor-total', 69, 'float32', '1', { decimals: 3 }),
    register('energy-import', 801, 'float64', 'kW.h', { scale: 0.001 }),
    register('energy-export', 809, 'float64', 'kW.h', { scale: 0.001 }),
  ],
  filled: [
    [1, 73, 0],
    [801, 820, 0],
  ],
};

/** carlogavazzi-em24.go: low word first, eleven registers at most. */
const em24: ModbusModel = {
  stem: 'carlo-gavazzi-em24',
  functions: [4],
  serial: at9600,
  most: 11,
  order: 'CDAB',
  value: feeder,
  registers: [
    ...phases('voltage', 0x00, 'int32', 'V', { scale: 0.1 }),
    ...phases('current', 0x0c, 'int32', 'A', { scale: 0.001 }),
    ...phases('power-active', 0x12, 'int32', 'W', { scale: 0.1 }),
    register('power-active-total', 0x28, 'int32', 'W', { scale: 0.1 }),
    register('power-factor-total', 0x35, 'int16', '1', { scale: 0.001 }),
    register('frequency', 0x37, 'int16', 'Hz', { scale: 0.1 }),
    register('energy-import', 0x42, 'int32', 'kW.h', { scale: 0.1 }),
    ...phases('energy-import', 0x46, 'int32', 'kW.h', { scale: 0.1 }),
    register('energy-export', 0x5c, 'int32', 'kW.h', { scale: 0.1 }),
  ],
};

/** wago87930.go: powers in kW. */
const wago: ModbusModel = {
  stem: 'wago-879-30',
  functions: [3],
  serial: { baud: 9600, format: '8E1' },
  value: feeder,
  registers: [
    ...phases('voltage', 0x5002, 'float32', 'V', { decimals: 1 }),
    register('frequency', 0x5008, 'float32', 'Hz', { decimals: 2 }),
    ...phases('current', 0x500c, 'float32', 'A', { decimals: 3 }),
    register('power-active-total', 0x5012, 'float32', 'W', { decimals: 1, scale: 1000 }),
    ...phases('power-active', 0x5014, 'float32', 'W', { decimals: 1, scale: 1000 }),
    register('power-factor-total', 0x502a, 'float32', '1', { decimals: 3 }),
    register('energy-import', 0x600c, 'float32', 'kW.h', { decimals: 2 }),
    register('energy-export', 0x6018, 'float32', 'kW.h', { decimals: 2 }),
  ],
  filled: [
    [0x5000, 0x5032, 0],
    [0x6000, 0x6030, 0],
  ],
};

/** finder7m24.go: energies in Wh. */
const finder: ModbusModel = {
  stem: 'finder-7m24',
  functions: [4],
  serial: { baud: 19200, format: '8N1' },
  value: lamp,
  registers: [
    register('voltage-l1', 2500, 'float32', 'V', { decimals: 1 }),
    register('current-l1', 2516, 'float32', 'A', { decimals: 3 }),
    register('power-active-total', 2536, 'float32', 'W', { decimals: 1 }),
    register('power-reactive-total', 2544, 'float32', 'var', { decimals: 1 }),
    register('power-apparent-total', 2552, 'float32', 'V.A', { decimals: 1 }),
    register('power-factor-total', 2560, 'float32', '1', { decimals: 3 }),
    register('frequency', 2584, 'float32', 'Hz', { decimals: 2 }),
    register('energy-import', 2752, 'float32', 'kW.h', { scale: 0.001 }),
    register('energy-reactive-import', 2754, 'float32', 'kvar.h', { scale: 0.001 }),
    register('energy-export', 2756, 'float32', 'kW.h', { scale: 0.001 }),
  ],
};

/** mpm3pm.go */
const mpm3pm: ModbusModel = {
  stem: 'bernecker-mpm3pm',
  functions: [3],
  serial: at9600,
  value: feeder,
  registers: [
    register('energy-import', 0x02, 'uint32', 'kW.h', { scale: 0.01 }),
    register('energy-export', 0x04, 'uint32', 'kW.h', { scale: 0.01 }),
    ...phases('voltage', 0x08, 'uint32', 'V', { scale: 0.1 }),
    ...phases('current', 0x0e, 'uint32', 'A', { scale: 0.01 }),
    ...phases('power-active', 0x14, 'int32', 'W', { scale: 0.01 }),
    register('power-active-total', 0x26, 'int32', 'W', { scale: 0.01 }),
    register('power-reactive-total', 0x28, 'int32', 'var', { scale: 0.01 }),
    register('power-factor-total', 0x2a, 'uint32', '1', { scale: 0.001 }),
    register('frequency', 0x2c, 'uint32', 'Hz', { scale: 0.01 }),
  ],
  filled: [[0, 0x2e, 0]],
};

/** orno1p504.go */
const we504: ModbusModel = {
  stem: 'orno-we-504',
  functions: [3],
  serial: at9600,
  value: lamp,
  registers: [
    register('voltage-l1', 0, 'uint16', 'V', { scale: 0.1 }),
    register('current-l1', 1, 'uint16', 'A', { scale: 0.1 }),
    register('frequency', 2, 'uint16', 'Hz', { scale: 0.1 }),
    register('power-active-total', 3, 'uint16', 'W'),
    register('power-reactive-total', 4, 'uint16', 'var'),
    register('power-apparent-total', 5, 'uint16', 'V.A'),
    register('power-factor-total', 6, 'uint16', '1', { scale: 0.001 }),
    register('energy-total', 7, 'uint32', 'kW.h', { scale: 0.001 }),
    register('energy-reactive-total', 9, 'uint32', 'kvar.h', { scale: 0.001 }),
  ],
};

/** sdm72.go */
const sdm72: ModbusModel = {
  stem: 'eastron-sdm72',
  functions: [4],
  serial: at9600,
  most: 40,
  align: 2,
  value: feeder,
  registers: [
    register('power-active-total', 0x34, 'float32', 'W', { decimals: 1 }),
    register('energy-import', 0x48, 'float32', 'kW.h', { decimals: 2 }),
    register('energy-export', 0x4a, 'float32', 'kW.h', { decimals: 2 }),
    register('energy-total', 0x0156, 'float32', 'kW.h', { decimals: 2 }),
  ],
  filled: [[0, 0x180, 0]],
};

export const FURTHER_METERS: readonly ModbusModel[] = [pac2200, em24, wago, finder, mpm3pm, we504, sdm72];

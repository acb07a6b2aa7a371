/**
 * Data identifiers of DL/T 645-2007 (Annex A) and what stands behind them: energy, demand, momentary values, parameters,
 * freezes, counts of events. An identifier is eight hex digits, DI3 first.
 */
import type { Unit } from '../../agent/core/unit.ts';
import { eventFormat } from './events.ts';
import { type Format, type Layout, number } from './format.ts';

interface Quantity {
  readonly name: string;
  readonly unit: string;
  readonly ucum: Unit;
  readonly signed?: boolean;
}

const KWH = { unit: 'kWh', ucum: 'kW.h' } as const;
const KVARH = { unit: 'kvarh', ucum: 'kvar.h' } as const;
const KVAH = { unit: 'kVAh', ucum: 'kV.A.h' } as const;

/** DI2 of energies (DI3 = 00) and demands (DI3 = 01). Table A.1, A.2 */
const ENERGIES: Readonly<Record<number, Quantity>> = {
  0: { name: 'combined active energy', ...KWH, signed: true },
  1: { name: 'forward active energy', ...KWH },
  2: { name: 'reverse active energy', ...KWH },
  3: { name: 'combined reactive 1 energy', ...KVARH, signed: true },
  4: { name: 'combined reactive 2 energy', ...KVARH, signed: true },
  5: { name: 'quadrant I reactive energy', ...KVARH },
  6: { name: 'quadrant II reactive energy', ...KVARH },
  7: { name: 'quadrant III reactive energy', ...KVARH },
  8: { name: 'quadrant IV reactive energy', ...KVARH },
  9: { name: 'forward apparent energy', ...KVAH },
  10: { name: 'reverse apparent energy', ...KVAH },
  128: { name: 'linked total energy', ...KWH },
  129: { name: 'forward active fundamental energy', ...KWH },
  130: { name: 'reverse active fundamental energy', ...KWH },
  131: { name: 'forward active harmonic energy', ...KWH },
  132: { name: 'reverse active harmonic energy', ...KWH },
  133: { name: 'copper loss energy', ...KWH, signed: true },
  134: { name: 'iron loss energy', ...KWH, signed: true },
};
/** DI2 of what phase A, B and C have: 15H, 29H and 3DH beyond the total's. */
const PHASES: readonly (readonly [base: number, name: string])[] = [
  [0x3d, 'phase C'],
  [0x29, 'phase B'],
  [0x15, 'phase A'],
];

function energyQuantity(type: number): Quantity | undefined {
  const own = ENERGIES[type];
  if (own !== undefined) return own;
  for (const [base, phase] of PHASES) {
    // Phases begin with the forward active one: they have no combined active energy.
    const of = type >= base && type <= base + 9 ? ENERGIES[type - base + 1] : undefined;
    if (of !== undefined) return { ...of, name: `${phase} ${of.name}` };
  }
  return undefined;
}

const ENERGY = number(4, 2);
const DEMAND: Layout = { kind: 'demand', bytes: 8, decimals: 4 };
const TARIFFS = ['total', 'tariff 1', 'tariff 2', 'tariff 3', 'tariff 4'] as const;
const ABC = ['A', 'B', 'C'] as const;
const TOTAL_ABC = ['total', ...ABC] as const;
const BLOCK = 0xff;

type Row = readonly [name: string, layout: Layout, unit?: string, ucum?: Unit];

/** DI2 of momentary values (DI3 = 02). Table A.3 */
const VARIABLES: Readonly<Record<number, readonly [...Row, slots: readonly string[]]>> = {
  1: ['voltage', number(2, 1), 'V', 'V', ABC],
  2: ['current', number(3, 3, true), 'A', 'A', ABC],
  3: ['active power', number(3, 4, true), 'kW', 'kW', TOTAL_ABC],
  4: ['reactive power', number(3, 4, true), 'kvar', 'kvar', TOTAL_ABC],
  5: ['apparent power', number(3, 4, true), 'kVA', 'kV.A', TOTAL_ABC],
  6: ['power factor', number(2, 3, true), '', '1', TOTAL_ABC],
  7: ['phase angle', number(2, 1), 'deg', 'deg', ABC],
  8: ['voltage distortion', number(2, 2), '%', '%', ABC],
  9: ['current distortion', number(2, 2), '%', '%', ABC],
};

/** Single values by their whole identifier. Table A.3 to A.5 */
const SINGLE: Readonly<Record<string, Row>> = {
  '00900100': ['remaining energy (prepay)', number(4, 2), 'kWh', 'kW.h'],
  '00900101': ['overdrawn energy (prepay)', number(4, 2), 'kWh', 'kW.h'],
  '00900200': ['remaining amount (prepay)', number(4, 2), 'CNY'],
  '00900201': ['overdrawn amount (prepay)', number(4, 2), 'CNY'],
  '02800001': ['neutral current', number(3, 3, true), 'A', 'A'],
  '02800002': ['grid frequency', number(2, 2), 'Hz', 'Hz'],
  '02800003': ['one-minute mean active power', number(3, 4, true), 'kW', 'kW'],
  '02800004': ['current active demand', number(3, 4, true), 'kW', 'kW'],
  '02800005': ['current reactive demand', number(3, 4, true), 'kvar', 'kvar'],
  '02800006': ['current apparent demand', number(3, 4, true), 'kVA', 'kV.A'],
  '02800007': ['meter internal temperature', number(2, 1, true), 'degC', 'Cel'],
  '02800008': ['clock battery voltage', number(2, 2), 'V', 'V'],
  '02800009': ['reading battery voltage', number(2, 2), 'V', 'V'],
  '0280000A': ['battery working time', number(4, 0), 'min', 'min'],
  '0280000B': ['current step price', number(4, 4), 'CNY/kWh'],
  '04000101': ['date and weekday (0=Sunday)', { kind: 'date', bytes: 4 }],
  '04000102': ['time', { kind: 'time', bytes: 3 }],
  '04000103': ['demand period', number(1, 0), 'min', 'min'],
  '04000104': ['sliding time', number(1, 0), 'min', 'min'],
  '04000306': ['current transformer ratio', number(3, 0), '', '1'],
  '04000307': ['voltage transformer ratio', number(3, 0), '', '1'],
  '04000401': ['communication address', { kind: 'digits', bytes: 6 }],
  '04000402': ['meter number', { kind: 'digits', bytes: 6 }],
  '04000403': ['asset code', { kind: 'text', bytes: 32 }],
  '04000404': ['rated voltage', { kind: 'text', bytes: 6 }],
  '04000405': ['rated current', { kind: 'text', bytes: 6 }],
  '04000406': ['maximum current', { kind: 'text', bytes: 6 }],
  '04000407': ['active accuracy class', { kind: 'text', bytes: 4 }],
  '04000408': ['reactive accuracy class', { kind: 'text', bytes: 4 }],
  '04000409': ['active pulse constant', number(3, 0), 'imp/kWh'],
  '0400040A': ['reactive pulse constant', number(3, 0), 'imp/kvarh'],
  '0400040B': ['meter model', { kind: 'text', bytes: 10 }],
  '0400040C': ['production date', { kind: 'text', bytes: 10 }],
  '0400040D': ['protocol version', { kind: 'text', bytes: 16 }],
  '0400040E': ['customer number', { kind: 'digits', bytes: 6 }],
  '04000801': ['weekend days', { kind: 'bits', bytes: 1 }],
};

/** DI1 of the counts of operations (DI3 DI2 = 03 30). Table A.4 */
const COUNTS: Readonly<Record<number, string>> = {
  0: 'programming count',
  1: 'meter clear count',
  2: 'demand clear count',
  3: 'event clear count',
  4: 'clock set count',
  5: 'day period programming count',
  6: 'time zone programming count',
  7: 'weekend programming count',
  8: 'holiday programming count',
  9: 'active combination programming count',
  10: 'reactive combination 1 programming count',
  11: 'reactive combination 2 programming count',
  12: 'settlement day programming count',
  13: 'cover-open count',
  14: 'terminal cover-open count',
};

/** DI2 of freezes (DI3 = 05). Table A.6 */
const FREEZES: Readonly<Record<number, string>> = {
  0: 'timed',
  1: 'instant',
  2: 'time zone change',
  3: 'day period change',
  4: 'hourly',
  5: 'tariff change',
  6: 'daily',
};

/** The format behind an identifier; undefined for what is not listed. */
export function format2007(di: string): Format | undefined {
  const single = SINGLE[di];
  if (single !== undefined) return fromRow(single);
  const [di3 = 0, di2 = 0, di1 = 0, di0 = 0] = [0, 2, 4, 6].map((at) =>
    Number.parseInt(di.slice(at, at + 2), 16),
  );
  switch (di3) {
    case 0x00:
      return energy(di2, di1, di0);
    case 0x01:
      return demand(di2, di1, di0);
    case 0x02:
      return variable(di2, di1, di0);
    case 0x03:
      return count(di2, di1, di0) ?? eventFormat(di2, di1, di0);
    case 0x04:
      return di2 === 0 && di1 === 5 ? status(di0) : undefined;
    default:
      return di3 === 0x05 ? freeze(di2, di1, di0) : undefined;
  }
}

function fromRow([name, layout, unit, ucum]: Row): Format {
  return { name, layout, ...(unit === undefined ? {} : { unit }), ...(ucum === undefined ? {} : { ucum }) };
}

function slotsOf(tariff: number, period: number): { readonly slots?: readonly string[] } {
  if (tariff === BLOCK) return { slots: TARIFFS };
  return period === BLOCK
    ? { slots: ['now', ...Array.from({ length: 12 }, (_, i) => `settlement ${i + 1}`)] }
    : {};
}

function energy(type: number, tariff: number, period: number): Format | undefined {
  const of = energyQuantity(type);
  if (of === undefined) return undefined;
  const { name, unit, ucum, signed = false } = of;
  return { name, unit, ucum, layout: signed ? number(4, 2, true) : ENERGY, ...slotsOf(tariff, period) };
}

function demand(type: number, tariff: number, period: number): Format | undefined {
  const of = energyQuantity(type);
  if (of === undefined) return undefined;
  const [unit, ucum] =
    of.unit === 'kWh'
      ? (['kW', 'kW'] as const)
      : of.unit === 'kvarh'
        ? (['kvar', 'kvar'] as const)
        : (['kVA', 'kV.A'] as const);
  const name = `${of.name.replace(/ energy$/, '')} maximum demand`;
  return { name, unit, ucum, layout: DEMAND, ...slotsOf(tariff, period) };
}

function variable(type: number, phase: number, rest: number): Format | undefined {
  const row = VARIABLES[type];
  if (row === undefined || rest !== 0) return undefined;
  const [name, layout, unit = '', ucum = '1', slots] = row;
  return { name, layout, unit, ucum, ...(phase === BLOCK ? { slots } : {}) };
}

function count(type: number, which: number, rest: number): Format | undefined {
  if (type === 0x11 && which === 0 && rest === 0)
    return fromRow(['power-down count', number(3, 0), 'times', '1']);
  const name = type === 0x30 && rest === 0 ? COUNTS[which] : undefined;
  return name === undefined ? undefined : fromRow([name, number(3, 0), 'times', '1']);
}

function status(word: number): Format | undefined {
  const layout = { kind: 'bits', bytes: 2 } as const;
  if (word === BLOCK) {
    return {
      name: 'status words',
      layout,
      slots: Array.from({ length: 7 }, (_, i) => `status word ${i + 1}`),
    };
  }
  return word >= 1 && word <= 7 ? { name: `status word ${word}`, layout } : undefined;
}

/** The last ones of DI0: 01 the last, 02 the one before … */
function freeze(kind: number, what: number, nth: number): Format | undefined {
  const of = FREEZES[kind];
  if (of === undefined || nth === 0 || nth === BLOCK) return undefined;
  if (what === 0) return { name: `${of} freeze time`, layout: { kind: 'moment', bytes: 5 } };
  // The hourly freeze has totals only.
  const slots = kind === 0x04 ? {} : { slots: TARIFFS };
  if (what >= 1 && what <= 8) {
    const quantity = energyQuantity(what);
    if (quantity === undefined) return undefined;
    const { name, unit, ucum, signed = false } = quantity;
    return {
      name: `${of} freeze ${name}`,
      unit,
      ucum,
      layout: signed ? number(4, 2, true) : ENERGY,
      ...slots,
    };
  }
  if (what === 0x09 || what === 0x0a) {
    const way = what === 0x09 ? 'forward' : 'reverse';
    return {
      name: `${of} freeze ${way} active maximum demand`,
      unit: 'kW',
      ucum: 'kW',
      layout: DEMAND,
      ...slots,
    };
  }
  if (what === 0x10) {
    const slots = [...TOTAL_ABC.map((one) => `active ${one}`), ...TOTAL_ABC.map((one) => `reactive ${one}`)];
    // Four active powers and four reactive ones, in kW and kvar: one figure, two units.
    return { name: `${of} freeze powers`, unit: 'kW', ucum: 'kW', layout: number(3, 4, true), slots };
  }
  return undefined;
}

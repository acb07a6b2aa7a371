/** Data identifiers of DL/T 645-1997 (Annex A): four hex digits, DI1 first. */
import type { Unit } from '../../agent/core/unit.ts';
import { type Format, type Layout, number } from './format.ts';

type Row = readonly [name: string, layout: Layout, unit?: string, ucum?: Unit];

/** Quantities of 9xyz and of demands Axyz: x has the period in its two upper bits and active or reactive in its lowest, y says which. */
const ENERGIES: Readonly<Record<string, readonly [name: string, unit: string, ucum: Unit]>> = {
  '01': ['forward active energy', 'kWh', 'kW.h'],
  '02': ['reverse active energy', 'kWh', 'kW.h'],
  '11': ['forward reactive energy', 'kvarh', 'kvar.h'],
  '12': ['reverse reactive energy', 'kvarh', 'kvar.h'],
  '13': ['quadrant I reactive energy', 'kvarh', 'kvar.h'],
  '14': ['quadrant IV reactive energy', 'kvarh', 'kvar.h'],
  '15': ['quadrant II reactive energy', 'kvarh', 'kvar.h'],
  '16': ['quadrant III reactive energy', 'kvarh', 'kvar.h'],
};
const PERIODS = ['', 'last month ', 'month before last '] as const;
const TARIFFS = ['total', 'tariff 1', 'tariff 2', 'tariff 3', 'tariff 4'] as const;
const ABC = ['A', 'B', 'C'] as const;
const TOTAL_ABC = ['total', ...ABC] as const;

/** B6yz: momentary values; y the quantity, z the phase, F a block. Voltages have whole volts here. */
const VARIABLES: Readonly<Record<string, readonly [...Row, slots: readonly string[]]>> = {
  '1': ['voltage', number(2, 0), 'V', 'V', ABC],
  '2': ['current', number(2, 2), 'A', 'A', ABC],
  '3': ['active power', number(3, 4), 'kW', 'kW', TOTAL_ABC],
  '4': ['reactive power', number(2, 2), 'kvar', 'kvar', TOTAL_ABC],
  '5': ['power factor', number(2, 3), '', '1', TOTAL_ABC],
};

const SINGLE: Readonly<Record<string, Row>> = {
  B210: ['last programming time', { kind: 'month-moment', bytes: 4 }],
  B211: ['last demand clear time', { kind: 'month-moment', bytes: 4 }],
  B212: ['programming count', number(2, 0), 'times', '1'],
  B213: ['demand clear count', number(2, 0), 'times', '1'],
  B214: ['battery working time', number(3, 0), 'min', 'min'],
  B310: ['phase failure count', number(2, 0), 'times', '1'],
  C010: ['date and weekday (0=Sunday)', { kind: 'date', bytes: 4 }],
  C011: ['time', { kind: 'time', bytes: 3 }],
  C020: ['meter status word', { kind: 'bits', bytes: 1 }],
  C021: ['grid status word', { kind: 'bits', bytes: 1 }],
  C030: ['active pulse constant', number(3, 0), 'imp/kWh'],
  C031: ['reactive pulse constant', number(3, 0), 'imp/kvarh'],
  C032: ['meter number', { kind: 'digits', bytes: 6 }],
  C033: ['user number', { kind: 'digits', bytes: 6 }],
  C034: ['device number', { kind: 'digits', bytes: 6 }],
  C111: ['demand period', number(1, 0), 'min', 'min'],
  C112: ['sliding time', number(1, 0), 'min', 'min'],
};

/** The format behind an identifier; undefined for what is not listed. */
export function format1997(di: string): Format | undefined {
  const single = SINGLE[di];
  if (single !== undefined) {
    const [name, layout, unit, ucum] = single;
    return { name, layout, ...(unit === undefined ? {} : { unit }), ...(ucum === undefined ? {} : { ucum }) };
  }
  const [group, x = '0', y = '', z = '0'] = di;
  if (group === 'B' && x === '6') return variable(y, z);
  if (group !== '9' && group !== 'A' && group !== 'B') return undefined;
  const digit = Number.parseInt(x, 16);
  const period = PERIODS[digit >> 2];
  const of = ENERGIES[`${digit & 3}${y}`];
  if (of === undefined || period === undefined) return undefined;
  const [name, unit, ucum] = of;
  const slots = z === 'F' ? { slots: TARIFFS } : {};
  if (group === '9') return { name: period + name, unit, ucum, layout: number(4, 2), ...slots };
  const peak = `${period}${name.replace(/ energy$/, '')} maximum demand`;
  if (group === 'B') return { name: `${peak} time`, layout: { kind: 'month-moment', bytes: 4 }, ...slots };
  const [power, code] = unit === 'kWh' ? (['kW', 'kW'] as const) : (['kvar', 'kvar'] as const);
  return { name: peak, unit: power, ucum: code, layout: number(3, 4), ...slots };
}

function variable(quantity: string, phase: string): Format | undefined {
  const row = VARIABLES[quantity];
  if (row === undefined) return undefined;
  const [name, layout, unit = '', ucum = '1', slots] = row;
  return { name, layout, unit, ucum, ...(phase === 'F' ? { slots } : {}) };
}

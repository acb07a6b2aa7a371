/**
 * What the answers of modems mean: fields by name, null where the modem has none. Standard answers are those of 3GPP TS
 * 27.007; those of makers are named after their command.
 */
import type { FieldUnits } from '../own-line.ts';
import type { Told } from '../teller.ts';
import { type Argument, valuesOf } from './lines.ts';

/** Fields a point may name. */
export const FIELDS = {
  operator: '',
  technology: '1',
  registration: '1',
  tac: '',
  cell: '',
  rssi: 'dB[mW]',
  rsrp: 'dB[mW]',
  rsrq: 'dB',
  sinr: 'dB',
  iccid: '',
  imei: '',
  sim: '',
  sent: 'By',
  received: 'By',
  month: 'By',
  drop: '',
} as const satisfies FieldUnits;
export type Field = keyof typeof FIELDS;

/** How the maker writes the SINR: in dB, or in fifths of a dB from −20 on. */
export type SinrScale = 'dB' | 'fifths';

/** Explains the information lines of one answer. */
export type Explain = (lines: readonly string[]) => Told;

/** A decimal number of a value; null for an empty one, a dash, or anything else. */
function number(value: Argument | undefined): number | null {
  return value !== undefined && /^-?\d{1,16}(\.\d+)?$/.test(value.text) ? Number(value.text) : null;
}

function text(value: Argument | undefined): string | null {
  return value === undefined || value.text === '' || value.text === '-' ? null : value.text;
}

/** `from + step × v` for a reported value; null for `unknown` and what lies outside of 0 to `most`. */
function level(value: Argument | undefined, from: number, step: number, most: number): number | null {
  const v = number(value);
  return v === null || v < 0 || v > most ? null : Number((from + step * v).toFixed(1));
}

function first(lines: readonly string[], name: string): readonly Argument[] | undefined {
  for (const line of lines) {
    const values = valuesOf(line, name);
    if (values !== undefined) return values;
  }
  return undefined;
}

/** TS 27.007 §8.5: 0 to 31 are −113 dBm and up in steps of 2, 99 unknown; 100 to 191 are TD-SCDMA. */
export const csq: Explain = (lines) => {
  const [value] = first(lines, '+CSQ') ?? [];
  const v = number(value);
  if (v !== null && v >= 100 && v <= 191) return { rssi: v - 216 };
  return { rssi: level(value, -113, 2, 31) };
};

/** TS 27.007 §8.69: the lower end of each reported step; 255 unknown. 5G values where LTE has none. */
export const cesq: Explain = (lines) => {
  const v = first(lines, '+CESQ') ?? [];
  return {
    rsrq: level(v[4], -20, 0.5, 34) ?? level(v[6], -43.5, 0.5, 126),
    rsrp: level(v[5], -141, 1, 97) ?? level(v[7], -157, 1, 126),
    sinr: level(v[8], -23.5, 0.5, 127),
  };
};

/** TS 27.007 §7.3: mode, format, operator, access technology. */
export const cops: Explain = (lines) => {
  const [, , operator, technology] = first(lines, '+COPS') ?? [];
  return { operator: text(operator), technology: number(technology) };
};

/** TS 27.007 §10.1.22: n, stat, tac, ci. An unsolicited line has no n: its second value is quoted or missing. */
export const cereg: Explain = (lines) => {
  for (const line of lines) {
    const [, stat, tac, cell] = valuesOf(line, '+CEREG') ?? [];
    if (stat === undefined || stat.quoted) continue;
    return { registration: number(stat), tac: hex(tac), cell: hex(cell) };
  }
  return { registration: null, tac: null, cell: null };
};

/** Hex digits without leading zeros of their field, as operators write cells. */
function hex(value: Argument | undefined): string | null {
  const digits = value?.text.replace(/^0x/i, '').toUpperCase() ?? '';
  if (!/^[0-9A-F]{1,9}$/.test(digits)) return null;
  return digits.replace(/^0+(?=.)/, '');
}

/** The 18 to 22 digits of a SIM, whatever stands before and behind. ITU-T E.118 */
export const iccid: Explain = (lines) => ({ iccid: digits(lines, 18, 22) });
/** TS 27.007 §5.4: the number alone on its line. */
export const cgsn: Explain = (lines) => ({ imei: digits(lines, 14, 17) });

function digits(lines: readonly string[], least: number, most: number): string | null {
  for (const line of lines) {
    const found = new RegExp(`(?<![0-9])[0-9]{${least},${most}}(?![0-9])`).exec(line);
    if (found !== null) return found[0];
  }
  return null;
}

/** TS 27.007 §8.3 */
export const cpin: Explain = (lines) => ({ sim: text(first(lines, '+CPIN')?.[0]) });

/** TS 27.007 §6.10: free text, commas and all. */
export const ceer: Explain = (lines) => {
  const line = lines.find((candidate) => candidate.startsWith('+CEER:'));
  const report = line?.slice(6).trim().replace(/^"|"$/g, '') ?? '';
  return { drop: report === '' ? null : report };
};

function sinrOf(value: Argument | undefined, scale: SinrScale): number | null {
  if (scale === 'fifths') return level(value, -20, 0.2, 250);
  const v = number(value);
  return v === null || v < -50 || v > 60 ? null : v;
}

/** Quectel: AT+QENG="servingcell", LTE (also in two lines with 5G beside it) and 5G alone. */
export function qeng(scale: SinrScale): Explain {
  return (lines) => {
    const nothing = { cell: null, tac: null, rsrp: null, rsrq: null, rssi: null, sinr: null };
    for (const line of lines) {
      const all = valuesOf(line, '+QENG');
      if (all === undefined) continue;
      // "servingcell" and the state stand before the technology, or on a line of their own.
      const v = all[0]?.text === 'servingcell' ? all.slice(2) : all;
      if (v[0]?.text === 'LTE') {
        return {
          cell: hex(v[4]),
          tac: hex(v[10]),
          rsrp: number(v[11]),
          rsrq: number(v[12]),
          rssi: number(v[13]),
          sinr: sinrOf(v[14], scale),
        };
      }
      if (v[0]?.text === 'NR5G-SA') {
        const [rsrp, rsrq, sinr] = [number(v[10]), number(v[11]), number(v[12])];
        return { ...nothing, cell: hex(v[4]), tac: hex(v[6]), rsrp, rsrq, sinr };
      }
    }
    return nothing;
  };
}

/** Quectel: AT+QCSQ. */
export function qcsq(scale: SinrScale): Explain {
  return (lines) => {
    const [, rssi, rsrp, sinr, rsrq] = first(lines, '+QCSQ') ?? [];
    return { rssi: number(rssi), rsrp: number(rsrp), sinr: sinrOf(sinr, scale), rsrq: number(rsrq) };
  };
}

/** SIMCom: AT+CPSI?; RSRQ, RSRP and RSSI in tenths, cell in decimal. */
export const cpsi: Explain = (lines) => {
  const v = first(lines, '+CPSI') ?? [];
  const tenth = (value: Argument | undefined): number | null => {
    const n = number(value);
    return n === null ? null : n / 10;
  };
  if (v[0]?.text !== 'LTE') return { cell: null, tac: null, rsrp: null, rsrq: null, rssi: null, sinr: null };
  const cell = number(v[4]);
  return {
    tac: hex(v[3]),
    cell: cell === null ? null : cell.toString(16).toUpperCase(),
    rsrq: tenth(v[10]),
    rsrp: tenth(v[11]),
    rssi: tenth(v[12]),
    sinr: sinrOf(v[13], 'dB'),
  };
};

/** Huawei: AT^HCSQ?; each value counts steps from a floor, 255 unknown. */
export const hcsq: Explain = (lines) => {
  const [technology, rssi, rsrp, sinr, rsrq] = first(lines, '^HCSQ') ?? [];
  if (technology?.text !== 'LTE') return { rssi: null, rsrp: null, sinr: null, rsrq: null };
  return {
    rssi: level(rssi, -121, 1, 96),
    rsrp: level(rsrp, -141, 1, 97),
    sinr: level(sinr, -20.2, 0.2, 251),
    rsrq: level(rsrq, -20, 0.5, 34),
  };
};

/** Quectel: AT+QGDCNT?, bytes sent and received. */
export const qgdcnt: Explain = (lines) => {
  const [sent, received] = first(lines, '+QGDCNT') ?? [];
  return { sent: number(sent), received: number(received) };
};

/** Huawei: AT^DSFLOWQRY, hex: time, sent, received of this connection, then of all. */
export const dsflowqry: Explain = (lines) => {
  const v = first(lines, '^DSFLOWQRY') ?? [];
  const count = (value: Argument | undefined): number | null =>
    value !== undefined && /^[0-9A-F]{1,13}$/i.test(value.text.replace(/^0+(?=.)/, ''))
      ? Number.parseInt(value.text, 16)
      : null;
  return { sent: count(v[4]), received: count(v[5]) };
};

/** Readings as lines of a table for people. */
import type { Reading } from '../core/reading.ts';
import { UNITS } from '../core/unit.ts';

/** `230.1 V`, `—` where there is no value. */
export function valueText({ value, unit }: Pick<Reading, 'value' | 'unit'>, decimals?: number): string {
  if (value === null) return '—';
  const text = typeof value === 'number' && decimals !== undefined ? value.toFixed(decimals) : String(value);
  const { symbol } = UNITS[unit];
  return symbol === '' ? text : `${text} ${symbol}`;
}

/** `good`, `bad: timeout`. */
export function qualityText({ quality, reason }: Reading): string {
  return reason === undefined ? quality : `${quality}: ${reason}`;
}

/** Columns padded to their widest cell; the last is not. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => width(row[i] ?? ''))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - width(cell))))
      .join('  ');
  return rows.map((row) => `${line(row)}\n`).join('');
}

/** Characters of East Asia take two columns of a terminal. */
function width(text: string): number {
  return [...text].reduce(
    (sum, char) =>
      sum +
      (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
        char,
      )
        ? 2
        : 1),
    0,
  );
}

/**
 * Readings of a message as columns (docs/schemas/v1/data.json, «columns»): the same as payload v1 says record by record, in a
 * tenth of the bytes, and in a hundredth once compressed, for neighbours in a column are alike.
 */

import type { LoggedReading, LoggedRecord } from '../core/record.ts';
import { trusted } from '../core/time/clock.ts';

/** Limits of an ECMAScript time value, ms (ECMA-262 §21.4.1.1). */
const LAST_TIME = 8.64e15;

/** About how long a reading is in columns, bytes before compression. */
export const COLUMN_BYTES = 16;

/** True where columns can say all of it: they have none for events. */
export function fitsColumns(records: readonly LoggedRecord[]): records is readonly LoggedReading[] {
  return records.length > 0 && records.every(({ kind }) => kind === 'reading');
}

/** The columns of `records`, whose message accounts for numbers from `first` on. */
export function columnsOf(first: number, records: readonly LoggedReading[]): object {
  const numbers = new Map<string, number>();
  const points: string[][] = [];
  const point: number[] = [];
  const seq: number[] = [];
  const time: number[] = [];
  const value: LoggedReading['value'][] = [];
  const quality: (number | string)[][] = [];
  const clock: (number | string)[][] = [];
  let before = first - 1;
  let at = 0;
  for (const [i, record] of records.entries()) {
    const key = `${record.device}/${record.point}/${record.unit}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = points.length;
      numbers.set(key, number);
      points.push([record.device, record.point, record.unit]);
    }
    point.push(number);
    seq.push(record.seq - before);
    before = record.seq;
    const ms = Math.abs(record.time) <= LAST_TIME ? Math.trunc(record.time) : 0;
    time.push(ms - at);
    at = ms;
    value.push(record.value);
    if (record.quality !== 'good')
      quality.push([i, record.quality, ...(record.reason === undefined ? [] : [record.reason])]);
    if (!trusted(record.rank)) clock.push([i, record.rank]);
  }
  return {
    points,
    point,
    ...(seq.every((step) => step === 1) ? {} : { seq }),
    time,
    value,
    ...(quality.length === 0 ? {} : { quality }),
    ...(clock.length === 0 ? {} : { clock }),
  };
}

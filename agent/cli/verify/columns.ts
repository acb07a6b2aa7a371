/** Reads columns (docs/schemas/v1/data.json, «columns») back into records of payload v1. Written from the schema, apart from the sender. */
import { type Fields, isFields, isNumber } from './fields.ts';

/** ms; beyond it a time is none. */
const LAST_TIME = 8.64e15;

/** The records, or why they cannot be told. Never throws. */
export function recordsOf(columns: unknown, first: number): Fields[] | string {
  if (!isFields(columns)) return 'columns is not an object';
  const { points, point, seq, time, value, quality = [], clock = [] } = columns;
  if (!Array.isArray(points) || !Array.isArray(point) || !Array.isArray(time) || !Array.isArray(value))
    return 'points, point, time or value is not a column';
  const { length } = value;
  if (point.length !== length || time.length !== length) return 'columns of different lengths';
  if (seq !== undefined && !(Array.isArray(seq) && seq.length === length)) return 'seq is not a column';
  const marks = readMarks(quality, length, 3);
  const ranks = readMarks(clock, length, 2);
  if (marks === undefined || ranks === undefined) return 'quality or clock is malformed';
  const records: Fields[] = [];
  let number = first - 1;
  let ms = 0;
  for (let i = 0; i < length; i++) {
    const place: unknown = points[isNumber(point[i], 0) ? Number(point[i]) : -1];
    if (!Array.isArray(place) || place.length !== 3 || place.some((text) => typeof text !== 'string'))
      return `entry ${i} names no point`;
    const step: unknown = seq === undefined ? 1 : seq[i];
    const passed: unknown = time[i];
    if (!isNumber(step, 1)) return `entry ${i} has no number above the one before`;
    if (typeof passed !== 'number' || !Number.isSafeInteger(passed)) return `entry ${i} has no time`;
    number += step;
    ms += passed;
    if (Math.abs(ms) > LAST_TIME) return `entry ${i} has an impossible time`;
    const [device, name, unit] = place;
    const [why = 'good', reason] = marks.get(i) ?? [];
    const [rank] = ranks.get(i) ?? [];
    records.push({
      seq: number,
      device,
      point: name,
      value: value[i],
      unit,
      quality: why,
      ...(reason === undefined ? {} : { reason }),
      time: new Date(ms).toISOString(),
      ...(rank === undefined ? {} : { clock: rank }),
    });
  }
  return records;
}

/** `[index, text, …]` by index; at most `most` parts. */
function readMarks(marks: unknown, length: number, most: number): Map<number, string[]> | undefined {
  if (!Array.isArray(marks)) return undefined;
  const read = new Map<number, string[]>();
  for (const mark of marks) {
    if (!Array.isArray(mark) || mark.length < 2 || mark.length > most) return undefined;
    const [index, ...texts]: unknown[] = mark;
    if (!isNumber(index, 0) || index >= length || texts.some((text) => typeof text !== 'string'))
      return undefined;
    read.set(index, texts as string[]);
  }
  return read;
}
